"""Photos, suggestions, tags, jobs and shares over HTTP; no model runs here."""

import asyncio
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
import random
import sqlite3

from api_helpers import error_of
import pytest

from edge_runtime.api.shapes import photo_dict
from edge_runtime.facts import FactKind
from edge_runtime.store import (
    NewFile,
    NewJob,
    NewPhoto,
    NewSuggestion,
    SourceKind,
    now_ms,
    to_rfc3339,
)

API = "/api/v1"
NOBODY = "0" * 26


@dataclass
class Library:
    """Photos in a store, and the requests that tests make about them."""

    client: object
    folder: Path
    photos: list[str]
    suggestions: list[str]

    async def get(self, path, expected=200, **options):
        return await self.ask("get", path, expected, **options)

    async def ask(self, method, path, expected=200, **options):
        response = await getattr(self.client, method)(f"{API}{path}", **options)
        assert response.status == expected, (path, await response.text())
        if expected == 204:
            return None
        body = await response.json()
        return body["error"]["code"] if expected >= 400 else body


@pytest.fixture
async def library(client, service, tmp_path, astronaut) -> Library:
    folder = tmp_path / "photos"
    folder.mkdir()
    store = service.store
    source = await store.sources.add(SourceKind.LIBRARY, "photos", str(folder))
    found = Library(client, folder, [], [])
    for number in range(3):
        name = f"{number}.jpg"
        (folder / name).write_bytes(astronaut.read_bytes())
        new = NewPhoto(
            source.id,
            f"{number:064x}",
            512,
            512,
            taken_at=1_700_000_000_000 + number,
            latitude=48.1,
            longitude=11.5,
            file=NewFile(name, 1000, 1),
        )
        photo, _ = await store.photos.add(new)
        text = f"A dog number {number} on a beach."
        suggestion = await store.suggestions.add(NewSuggestion(photo.id, "en", text))
        found.photos.append(photo.id)
        found.suggestions.append(suggestion.id)
    return found


async def test_lists_come_in_pages_and_filters(library):
    first = await library.get("/photos", params={"limit": 2})
    assert [p["id"] for p in first["items"]] == library.photos[:0:-1]
    rest = await library.get(
        "/photos", params={"limit": 2, "cursor": first["next_cursor"]}
    )
    assert [p["id"] for p in rest["items"]] == library.photos[:1]
    assert rest["next_cursor"] is None
    assert (await library.get("/photos", params={"pending": "true"}))["items"]
    assert not (await library.get("/photos", params={"has_caption": "1"}))["items"]
    assert not (await library.get("/photos", params={"year": 1999}))["items"]
    for query in ({"limit": 0}, {"limit": 201}, {"cursor": "%%"}, {"year": "x"}):
        assert await library.get("/photos", 400, params=query) in {
            "invalid_request",
            "cursor_invalid",
        }


async def test_search_marks_what_it_found(library):
    await library.ask(
        "put",
        f"/photos/{library.photos[1]}/caption",
        json={"text": "Zoë am Meer #Sommer"},
    )
    hits = (await library.get("/photos", params={"q": "zoe"}))["items"]
    assert [hit["id"] for hit in hits] == [library.photos[1]]
    match = hits[0]["match"]
    begin, end = match["highlights"][0]
    assert (match["field"], match["text"][begin:end]) == ("caption", "Zoë")
    for query in ('"', "a OR b", "NEAR(", "'; DROP TABLE photos", "*", ""):
        await library.get("/photos", params={"q": query})


async def test_a_person_s_caption_its_tags_and_its_undo(library):
    photo = library.photos[0]
    path = f"/photos/{photo}/caption"
    for text in ("Rex am #Strand", "Rex im #Wald"):
        written = await library.ask("put", path, json={"text": text})
        assert (written["text"], written["origin"]) == (text, "person")
    assert (await library.get(f"/photos/{photo}"))["tags"] == ["Wald"]
    assert (await library.get("/tags/strand", 404)) == "tag_not_found"
    undone = await library.ask("post", f"{path}/undo", json={})
    assert undone["caption"]["text"] == "Rex am #Strand"
    tags = (await library.get("/tags", params={"prefix": "str"}))["items"]
    assert tags == [{"name": "strand", "display": "Strand", "photos": 1}]
    assert await library.get("/tags/Strand") == tags[0]
    listed = await library.get("/photos", params={"tag": "strand"})
    assert [p["id"] for p in listed["items"]] == [photo]
    await library.ask("delete", path, 204)
    assert (await library.get(f"/photos/{photo}"))["captions"] == []
    await library.ask("post", f"{path}/undo", json={})
    nobody = f"/photos/{NOBODY}/caption"
    assert await library.ask("put", nobody, 404, json={"text": "x"})
    assert await library.ask("put", path, 400, json={"text": ""}) == "invalid_request"
    assert await library.ask("put", path, 400, json={"text": "x" * 20_001})


async def test_two_people_do_not_overwrite_each_other(library):
    path = f"/photos/{library.photos[0]}/caption"
    mine = {"text": "mine", "replaces": None}
    first = await library.ask("put", path, json=mine)
    assert await library.ask("put", path, 409, json=mine) == "caption_changed"
    again = {"text": "mine, too", "replaces": first["created_at"]}
    await asyncio.sleep(0.002)
    assert (await library.ask("put", path, json=again))["text"] == "mine, too"
    assert await library.ask("put", path, 409, json=again) == "caption_changed"
    await library.ask("put", path, json={"text": "whatever is there"})
    history = (await library.get(f"{path}/history"))["items"]
    before = [c["caption"] and c["caption"]["text"] for c in history]
    assert before == ["mine, too", "mine", None]
    assert await library.get(f"/photos/{NOBODY}/caption/history", 404)


async def test_sources_filter_the_list(library):
    (source,) = (await library.get("/sources"))["items"]
    assert (source["kind"], source["name"]) == ("library", "photos")
    listed = await library.get("/photos", params={"source_id": source["id"]})
    assert len(listed["items"]) == 3
    assert not (await library.get("/photos", params={"source_id": NOBODY}))["items"]


async def test_albums_months_and_places_are_shelves(library, service):
    store, (first, second, third) = service.store, library.photos
    await store.photos.update(
        first,
        taken_at=1_791_849_600_000,  # 13 October 2026
        place={"city": "Torbole", "country": "Italien", "country_code": "IT"},
    )
    await store.photos.update(second, place={"country": "Italien"})
    camera = await store.sources.add(SourceKind.CAMERA, "yard")
    frame = NewPhoto(camera.id, "f" * 64, 9, 9, taken_at=1_791_849_600_000)
    await store.photos.add(frame)
    album = await store.albums.create("Lake")
    await store.albums.add(album.id, [third])

    assert (await library.get("/albums"))["items"] == [
        {"id": album.id, "kind": "user", "name": "Lake", "photos": 1}
    ]
    assert (await library.get("/months"))["items"] == [
        {"month": "2026-10", "photos": 1},
        {"month": "2023-11", "photos": 2},
    ]
    assert (await library.get("/places"))["items"] == [
        {"name": "Italien", "photos": 2},
        {"name": "Torbole", "photos": 1},
    ]

    async def listed(**query):
        page = await library.get("/photos", params=query)
        return {photo["id"] for photo in page["items"]}

    assert await listed(album_id=album.id) == {third}
    assert await listed(month="2023-11") == {second, third}
    assert await listed(month="2023-12") == set()
    assert await listed(place="Torbole") == {first}
    assert await listed(place="Italien", q="beach") == {first, second}
    for month in ("2023", "2023-13", "2023-1"):
        code = await library.get("/photos", 400, params={"month": month})
        assert code == "invalid_request"
    nobodys = await library.get("/photos", 422, params={"month": "0000-01"})
    assert nobodys == "invalid_value"


async def test_lists_say_what_stands_under_a_photo(library, service):
    first, second, third = library.photos
    await library.ask("put", f"/photos/{first}/caption", json={"text": "Rex"})
    german = {"text": "Ein Hund", "language": "de"}
    await library.ask("put", f"/photos/{first}/caption", json=german)
    await library.ask("post", f"/suggestions/{library.suggestions[1]}/reject")
    page = await library.get("/photos")
    words = {photo["id"]: photo["words"] for photo in page["items"]}
    assert words == {
        first: "Rex",  # in the language of the settings
        second: None,
        third: "A dog number 2 on a beach.",
    }
    (hit,) = (await library.get("/photos", params={"q": "hund"}))["items"]
    assert (hit["words"], hit["match"]["text"]) == ("Rex", "Ein Hund")


async def test_tags_by_hand(library):
    photo = library.photos[0]
    added = await library.ask("put", f"/photos/{photo}/tags/Urlaub 2024")
    assert added == {"name": "urlaub 2024", "display": "Urlaub 2024", "photos": 1}
    await library.ask("delete", f"/photos/{photo}/tags/urlaub 2024", 204)
    assert (await library.get(f"/photos/{photo}"))["tags"] == []


async def test_suggestions_are_decided_and_undone(library):
    first, second, third = library.suggestions
    waiting = await library.get("/suggestions", params={"state": "pending"})
    assert [s["id"] for s in waiting["items"]] == [third, second, first]
    accepted = await library.ask("post", f"/suggestions/{first}/accept")
    assert accepted["suggestion"]["state"] == "accepted"
    assert accepted["caption"]["origin"] == "accepted"
    assert await library.ask("post", f"/suggestions/{first}/accept", 409) == (
        "suggestion_decided"
    )
    edited = await library.ask(
        "post", f"/suggestions/{second}/edit", json={"text": "Rex"}
    )
    assert edited["caption"]["text"] == "Rex"
    rejected = await library.ask("post", f"/suggestions/{third}/reject")
    assert rejected["state"] == "rejected"
    undone = await library.ask("post", f"/suggestions/{first}/undo")
    assert (undone["suggestion"]["state"], undone["caption"]) == ("pending", None)
    one = await library.get(f"/suggestions/{first}")
    assert (one["state"], one["photo_id"]) == ("pending", library.photos[0])
    for action in ("accept", "reject", "undo"):
        code = await library.ask("post", f"/suggestions/{NOBODY}/{action}", 404)
        assert code == "suggestion_not_found"


async def test_ratings(library):
    path = f"/photos/{library.photos[0]}/rating"
    body = {"stars": 4, "rater": "me", "suggestion_id": library.suggestions[0]}
    assert (await library.ask("post", path, json=body))["stars"] == 4
    listed = await library.get(f"/photos/{library.photos[0]}/ratings")
    assert [r["rater"] for r in listed["items"]] == ["me"]
    for stars in (0, 6, "four", 2.5):
        assert await library.ask("post", path, 400, json={"stars": stars})
    assert await library.ask("post", f"/photos/{NOBODY}/rating", 404, json={"stars": 1})


async def test_thumbnails_are_made_once_and_known_by_their_etag(library, service):
    path = f"{API}/photos/{library.photos[0]}/thumbnail"
    sizes = {}
    for size in ("320", "1280"):
        response = await library.client.get(path, params={"size": size})
        assert (response.status, response.content_type) == (200, "image/webp")
        assert "max-age" in response.headers["Cache-Control"]
        sizes[size] = (len(await response.read()), response.headers["ETag"])
    assert sizes["320"][0] < sizes["1280"][0]
    assert sizes["320"][1] != sizes["1280"][1]
    known = {"If-None-Match": sizes["320"][1]}
    response = await library.client.get(path, headers=known)
    assert response.status == 304
    assert service.captions._parts.pool.imaging.stats.answers == 1
    (library.folder / "1.jpg").unlink()
    lost = f"/photos/{library.photos[1]}/thumbnail"
    assert await library.get(lost, 409) == "photo_file_missing"
    assert await library.get(f"/photos/{NOBODY}/thumbnail", 404) == "photo_not_found"
    assert await library.get(lost, 400, params={"size": "9000"}) == "invalid_request"


async def test_a_file_that_leads_out_of_its_folder_is_not_followed(
    library, service, tmp_path, astronaut
):
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(astronaut.read_bytes())
    (library.folder / "0.jpg").unlink()
    (library.folder / "0.jpg").symlink_to(secret)
    path = f"/photos/{library.photos[0]}/thumbnail"
    assert await library.get(path, 409) == "photo_file_missing"


async def test_forgetting_leaves_no_word_behind(library, service):
    photo = library.photos[0]
    words = "unmistakable zebra crossing"
    await library.ask("put", f"/photos/{photo}/caption", json={"text": words})
    await library.client.get(f"{API}/photos/{photo}/thumbnail")
    await library.ask("delete", f"/photos/{photo}", 204)
    assert await library.get(f"/photos/{photo}", 404) == "photo_not_found"
    assert await library.ask("delete", f"/photos/{photo}", 404) == "photo_not_found"
    assert not service.store.thumbnails.path(photo, 320).exists()
    assert (library.folder / "0.jpg").exists()
    await service.store.scrub()
    for path in service.settings.home.glob("edge-captions.db*"):
        assert b"unmistakable" not in path.read_bytes(), path


async def test_jobs_are_listed_and_cancelled(library, service):
    async with service.captions._parts.pool.gate.hold(100):
        job = await library.ask(
            "post",
            "/photos/captions",
            202,
            json={"photo_ids": library.photos, "refresh": True},
        )
        assert job["kind"] == "caption_photos"
        one = await library.get(f"/jobs/{job['id']}")
        assert one["caption"] is None
        cancelled = await library.ask("post", f"/jobs/{job['id']}/cancel")
        assert cancelled["state"] == "cancelled"
        assert await library.ask("post", f"/jobs/{job['id']}/cancel", 409)
    listed = await library.get("/jobs", params={"state": "cancelled"})
    assert [j["id"] for j in listed["items"]] == [job["id"]]
    assert not (await library.get("/jobs", params={"kind": "download"}))["items"]
    assert await library.get(f"/jobs/{NOBODY}", 404) == "job_not_found"


async def test_models_and_the_selection(library):
    models = (await library.get("/models"))["items"]
    tiny = next(m for m in models if m["id"] == "tiny-captioner")
    assert (tiny["state"], tiny["fit"]) == ("bundled", "running")
    assert await library.get("/models/tiny-captioner") == tiny
    large = [m for m in models if m["fit"] == "does_not_fit"]
    assert large
    assert all(m["reasons"] for m in large)
    assert await library.get("/models/nope", 404) == "model_unknown"
    code = await library.ask("delete", "/models/tiny-captioner", 409)
    assert code == "model_built_in"
    await library.ask("post", "/models/tiny-captioner/unload", 204)
    code = await library.ask("post", f"/models/{large[0]['id']}/download", 409, json={})
    assert code == "model_does_not_fit"

    body = {"task": "image-to-text", "model": "none"}
    after = await library.ask("put", "/selection", json=body)
    entry = next(t for t in after["tasks"] if t["task"] == "image-to-text")
    assert entry["stage"] == "off"
    response = await library.client.post(
        f"{API}/captions", json={"photo_id": library.photos[0], "refresh": True}
    )
    assert (response.status, await error_of(response)) == (409, "no_model")
    await library.ask("put", "/selection", json={**body, "model": "auto"})
    assert (await library.get("/selection"))["tasks"] != after["tasks"]
    for wrong, status in (("gpt-99", 404), (large[0]["id"], 409)):
        await library.ask("put", "/selection", status, json={**body, "model": wrong})


async def test_a_share_shows_captions_and_nothing_else(library, outside, service):
    photo = library.photos[0]
    text = "Rex <script>alert(1)</script> #strand"
    await library.ask("put", f"/photos/{photo}/caption", json={"text": text})
    album = await service.store.albums.create("Dogs")
    await service.store.albums.add(album.id, [photo])
    for target, target_id in (("photo", photo), ("tag", "Strand"), ("album", album.id)):
        body = {"target": target, "target_id": target_id, "name": "for Anna"}
        share = await library.ask("post", "/shares", 201, json=body)
        response = await outside.get(f"/{share['path']}")
        assert response.status == 200, await response.text()
        browser = await outside.get(
            f"/{share['path']}",
            headers={"Accept": "text/html,*/*"},
            allow_redirects=False,
        )
        assert browser.headers["Location"] == f"../#/shared/{share['secret']}"
        shown = await response.json()
        assert shown["name"] == "for Anna"
        assert [item["id"] for item in shown["items"]] == [photo]
        item = shown["items"][0]
        assert item["captions"] == [{"language": "en", "text": text}]
        assert not {"latitude", "files", "suggestions"} & set(item)
        small = await outside.get(f"/s/{item['thumbnail']}")
        assert small.content_type == "image/webp"
        other = item["thumbnail"].replace(photo, library.photos[1])
        assert (await outside.get(f"/s/{other}")).status == 404
        # a link opens what it shows, and nothing else
        header = {"Authorization": f"Bearer {share['secret']}"}
        assert (await outside.get(f"{API}/photos", headers=header)).status == 401
        await library.ask("delete", f"/shares/{share['id']}")
        assert (await outside.get(f"/{share['path']}")).status == 404
    listed = (await library.get("/shares"))["items"]
    assert [one["revoked_at"] is not None for one in listed] == [True] * 3
    assert "secret" not in listed[0]


async def test_a_place_is_shared_and_captions_can_be_hidden(library, outside, service):
    here, there = library.photos[:2]
    for photo in (here, there):
        await library.ask(
            "put", f"/photos/{photo}/caption", json={"text": "Our secret"}
        )
    await service.store.photos.update(here, place={"city": "Lisbon", "country": "PT"})
    body = {"target": "place", "target_id": "Lisbon", "captions": False}
    share = await library.ask("post", "/shares", 201, json=body)
    assert share["captions"] is False
    response = await outside.get(f"/{share['path']}")
    assert "secret" not in (await response.text()).replace(share["secret"], "")
    (item,) = (await response.json())["items"]
    assert (item["id"], item["captions"]) == (here, [])
    small = f"/s/{item['thumbnail']}"
    assert (await outside.get(small)).status == 200
    assert (await outside.get(small.replace(here, there))).status == 404
    path = f"/shares/{share['id']}"
    changed = await library.ask("patch", path, json={"captions": True})
    assert changed["captions"] is True
    shown = await (await outside.get(f"/{share['path']}")).json()
    assert shown["items"][0]["captions"][0]["text"] == "Our secret"
    nowhere = {"target": "place", "target_id": "Nowhere"}
    await library.ask("post", "/shares", 404, json=nowhere)
    await library.ask("patch", f"/shares/{NOBODY}", 404, json={"captions": True})


async def test_people_are_a_shelf(library, service):
    one, two, _ = library.photos
    await service.store.photos.update(one, people=("Anna", "Ben Ö."))
    await service.store.photos.update(two, people=("Anna",))
    assert (await library.get("/people"))["items"] == [], "names are off"
    facts = (*service.settings.facts, FactKind.PERSON)
    service.settings = replace(service.settings, facts=facts)
    assert (await library.get("/people"))["items"] == [
        {"name": "Anna", "photos": 2},
        {"name": "Ben Ö.", "photos": 1},
    ]
    found = await library.get("/photos", params={"person": "Ben Ö."})
    assert [photo["id"] for photo in found["items"]] == [one]
    both = await library.get("/photos", params={"person": "Anna", "place": "Lisbon"})
    assert both["items"] == []


async def test_shares_end_and_shares_of_nothing(library, outside):
    body = {"target": "photo", "target_id": library.photos[0]}
    soon = {**body, "expires_at": to_rfc3339(now_ms() + 150)}
    share = await library.ask("post", "/shares", 201, json=soon)
    await asyncio.sleep(0.3)
    assert (await outside.get(f"/{share['path']}")).status == 404
    assert (await outside.get("/s/never-was-one")).status == 404
    past = {**body, "expires_at": "2001-01-01T00:00:00Z"}
    assert await library.ask("post", "/shares", 400, json=past) == "invalid_request"
    for target, target_id in (("photo", NOBODY), ("tag", "nope"), ("album", NOBODY)):
        wrong = {"target": target, "target_id": target_id}
        assert await library.ask("post", "/shares", 404, json=wrong)
    share = await library.ask("post", "/shares", 201, json=body)
    await library.ask("delete", f"/photos/{library.photos[0]}", 204)
    assert (await outside.get(f"/{share['path']}")).status == 404


async def test_readers_may_not_write(library, outside, tokens):
    photo = library.photos[0]
    read = tokens["read"]
    assert (await outside.get(f"{API}/photos/{photo}", headers=read)).status == 200
    for method, path in (
        ("delete", f"/photos/{photo}"),
        ("post", f"/suggestions/{library.suggestions[0]}/accept"),
        ("post", "/captions"),
        ("post", "/models/tiny-captioner/unload"),
    ):
        response = await getattr(outside, method)(f"{API}{path}", headers=read)
        assert (response.status, await error_of(response)) == (403, "forbidden"), path
    assert (await outside.get(f"{API}/photos/{photo}")).status == 401


async def test_a_locked_store_answers_503_and_works_again(library, service):
    path = f"/photos/{library.photos[0]}/caption"
    database = service.settings.home / "edge-captions.db"
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        code = await library.ask("put", path, 503, json={"text": "x"})
        assert code == "store_locked"
        assert (await library.get("/photos"))["items"]  # reading goes on
        other.execute("ROLLBACK")
    assert (await library.ask("put", path, json={"text": "x"}))["text"] == "x"


async def test_jobs_of_the_queue_keep_what_they_work_on_to_themselves(library, service):
    params = {"path": "/secret/place.jpg"}
    job = await service.store.jobs.enqueue(NewJob("dream", "nowhere", params=params))
    text = await (await library.client.get(f"{API}/jobs/{job.id}")).text()
    assert "secret" not in text


ODD_TIMES = (
    -62_135_596_800_000,
    -1,
    0,
    1_234_567_890_001,
    1_699_999_999_999,
    253_402_300_799_999,
    None,
)


async def test_the_list_shows_a_photo_as_everything_else_does(library, service):
    source = await service.store.sources.ensure(SourceKind.CAMERA, "a door")
    rng = random.Random(4)  # noqa: S311 - makes odd values
    times = (*ODD_TIMES, *(rng.randrange(-(10**13), 10**14) for _ in range(90)))
    for number, taken_at in enumerate(times):
        name = f"\u202e\"{chr(7)}\\ '\U0001f600 {number}"
        await service.store.photos.add(
            NewPhoto(
                source.id,
                f"{number:064x}",
                number + 1,
                2**31,
                taken_at=taken_at,
                camera=name if number % 3 else None,
                latitude=rng.uniform(-90, 90) if number % 2 else None,
                longitude=-0.0 if number % 4 else 1e-9,
                place={"city": name, "depth": [1.5, None]} if number % 5 else None,
                people=(name, "\u2028") if number % 7 else (),
            )
        )
    items = (await library.get("/photos?limit=200"))["items"]
    assert len(items) == len(times) + 3
    for item in items:
        photo = await service.store.photos.get(item["id"])
        words = await service.store.shelves.words([photo.id], "en")
        listed = {"words": words.get(photo.id), "match": None}
        wanted = {**photo_dict(photo), **listed}
        for name in ("latitude", "longitude"):
            if wanted[name] is not None:
                wanted[name] = pytest.approx(wanted[name], rel=1e-14, abs=0)
        assert item == wanted
        assert list(item) == list(wanted)


async def test_odd_photos_do_not_stop_a_page(library, service):
    source = await service.store.sources.ensure(SourceKind.CAMERA, "\u202edoor")
    new = NewPhoto(source.id, "f" * 64, 1, 1, camera="\u202eevil\u0007")
    await service.store.photos.add(new)
    assert len((await library.get("/photos"))["items"]) == 4
