"""Captions over HTTP: real photos, the embedded model, a real store."""

import asyncio
from dataclasses import replace
import os
from pathlib import Path

from aiohttp import FormData
from api_helpers import error_of
from PIL import Image
import pytest

API = "/api/v1"


@pytest.fixture
def settings(settings, tmp_path, astronaut):
    folder = tmp_path / "allowed"
    folder.mkdir()
    (folder / "astronaut.jpg").write_bytes(astronaut.read_bytes())
    return replace(settings, allowed_folders=(folder,))


@pytest.fixture
def allowed(settings) -> Path:
    return settings.allowed_folders[0]


async def caption(client, body, expected=200, **options):
    if isinstance(body, dict):
        response = await client.post(f"{API}/captions", json=body, **options)
    else:
        headers = {"Content-Type": "image/jpeg", **options.pop("headers", {})}
        response = await client.post(
            f"{API}/captions", data=body, headers=headers, **options
        )
    assert response.status == expected, await response.text()
    return await response.json()


def files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


async def until(condition):
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.01)


async def job_of(client, job_id, state="done"):
    async with asyncio.timeout(20):
        while True:
            job = await (await client.get(f"{API}/jobs/{job_id}")).json()
            if job["state"] in {"done", "failed", "cancelled"}:
                assert job["state"] == state, job
                return job
            await asyncio.sleep(0.05)


async def test_an_upload_is_described_and_known_the_second_time(
    client, service, astronaut
):
    photo = astronaut.read_bytes()
    first = await caption(client, photo)
    assert first["origin"] == "model"
    assert first["caption"].endswith(".")
    assert first["model"] == "tiny-captioner"
    assert first["photo_id"] is None
    assert first["bytes_outside"] == 0
    tagged = photo[:2] + b"\xff\xfe\x00\x07hello" + photo[2:]  # a comment
    second = await caption(client, tagged)
    assert (second["origin"], second["id"]) == ("stored", first["id"])
    third = await caption(client, photo, params={"refresh": "true"})
    assert third["origin"] == "model"
    again = await client.get(f"{API}/captions/{third['id']}")
    assert (await again.json())["caption"] == third["caption"]
    assert service.counters.captions_answered == 2
    assert service.counters.captions_from_store == 1
    assert not files_in(service.settings.home / "uploads")
    assert not files_in(service.settings.home / "work")
    assert (await service.store.counts())["photos"] == 0


async def test_the_same_question_at_once_is_answered_once(client, service, astronaut):
    photo = astronaut.read_bytes()
    answers = await asyncio.gather(*(caption(client, photo) for _ in range(4)))
    assert len({answer["id"] for answer in answers}) == 1
    assert service.counters.captions_answered == 1


async def test_a_form_with_options_stores_the_photo_for_review(client, astronaut):
    form = FormData()
    form.add_field("image", astronaut.read_bytes(), filename="me.jpg")
    form.add_field("store", "true")
    form.add_field("context", '{"place": "Houston"}')
    form.add_field("style", "social")
    response = await client.post(f"{API}/captions", data=form)
    assert response.status == 200, await response.text()
    found = await response.json()
    assert " in Houston" in found["caption"]
    assert "#Houston" in found["caption"]
    photo = await (await client.get(f"{API}/photos/{found['photo_id']}")).json()
    assert photo["pending"] is True
    assert (photo["width"], photo["height"]) == (512, 512)
    assert [s["id"] for s in photo["suggestions"]] == [found["id"]]
    small = await client.get(f"{API}/photos/{found['photo_id']}/thumbnail")
    assert small.status == 200
    assert small.content_type == "image/webp"
    etag = small.headers["ETag"]
    known = await client.get(
        f"{API}/photos/{found['photo_id']}/thumbnail", headers={"If-None-Match": etag}
    )
    assert known.status == 304


async def test_a_path_in_an_allowed_folder(client, allowed):
    found = await caption(client, {"path": str(allowed / "astronaut.jpg")})
    assert found["origin"] == "model"
    by_link = allowed / "link.jpg"
    by_link.symlink_to(allowed / "astronaut.jpg")
    assert (await caption(client, {"path": str(by_link)}))["origin"] == "stored"


async def test_paths_that_lead_nowhere(client, allowed, astronaut):
    secret = allowed.parent / "secret.jpg"
    secret.write_bytes(astronaut.read_bytes())
    (allowed / "out.jpg").symlink_to(secret)
    (allowed / "loop").symlink_to(allowed / "loop")
    (allowed / "folder").mkdir()
    os.mkfifo(allowed / "pipe")
    (allowed / "text.jpg").write_text("hello")
    (allowed / "empty.jpg").touch()
    for path, status, code in [
        ("{}/../secret.jpg", 403, "path_not_allowed"),
        ("{}/out.jpg", 403, "path_not_allowed"),
        ("/etc/passwd", 403, "path_not_allowed"),
        ("/etc/no-such-file", 403, "path_not_allowed"),
        ("astronaut.jpg", 403, "path_not_allowed"),
        ("{}", 403, "path_not_allowed"),
        ("{}/loop", 403, "photo_unreadable"),
        ("{}/missing.jpg", 404, "photo_not_found"),
        ("{}/folder", 422, "photo_is_a_folder"),
        ("{}/pipe", 403, "photo_unreadable"),
        ("{}/text.jpg", 415, "photo_format_unsupported"),
        ("{}/empty.jpg", 422, "photo_empty"),
        ("{}/a\0b.jpg", 400, "invalid_request"),
    ]:
        body = {"path": path.format(allowed)}
        response = await client.post(f"{API}/captions", json=body)
        assert (response.status, await error_of(response)) == (status, code), path


async def test_bad_requests(client):
    one = {"photo_id": "0" * 26}
    for body, status, code in [
        ({}, 400, "invalid_request"),
        ({"path": 5}, 400, "invalid_request"),
        ({"photo_id": "nope"}, 400, "invalid_request"),
        ({**one, "path": "/x"}, 400, "invalid_request"),
        (one, 404, "photo_not_found"),
        ({**one, "source": "door"}, 400, "invalid_request"),
        ({**one, "colour": "red"}, 400, "invalid_request"),
        ({**one, "language": "no such"}, 400, "invalid_request"),
        ({**one, "style": "rude"}, 400, "invalid_request"),
        ({**one, "context": {"a": "x" * 501}}, 400, "invalid_request"),
        ({**one, "context": {str(n): "x" for n in range(21)}}, 400, "invalid_request"),
    ]:
        response = await client.post(f"{API}/captions", json=body)
        assert (response.status, await error_of(response)) == (status, code), body
    answer = await caption(client, b"x", 400, params={"context": "no json"})
    assert answer["error"]["code"] == "invalid_request"


async def test_bad_pictures_are_named_by_their_own_name(client, service, astronaut):
    form = FormData()
    form.add_field("image", b"%PDF-1.4 no picture", filename="report.jpg")
    response = await client.post(f"{API}/captions", data=form)
    assert response.status == 415
    message = (await response.json())["error"]["message"]
    assert message.startswith("report.jpg: is a PDF")
    assert str(service.settings.home) not in message
    cut = astronaut.read_bytes()[:6000]
    response = await client.post(
        f"{API}/captions", data=cut, headers={"Content-Type": "image/jpeg"}
    )
    assert await error_of(response) == "photo_damaged"
    assert service.counters.captions_failed == 2


async def test_unknown_and_missing_models(client, astronaut):
    photo = astronaut.read_bytes()
    unknown = await caption(client, photo, 404, params={"model": "gpt-99"})
    assert unknown["error"]["code"] == "model_unknown"
    models = (await (await client.get(f"{API}/models")).json())["items"]
    missing = next(
        m["id"]
        for m in models
        if m["task"] == "image-to-text" and m["state"] == "missing"
    )
    answer = await caption(client, photo, 409, params={"model": missing})
    assert answer["error"]["code"] in {"model_not_installed", "model_unusable"}


async def test_a_job_describes_later_and_keeps_the_upload_till_then(
    client, service, astronaut
):
    response = await client.post(
        f"{API}/captions",
        data=astronaut.read_bytes(),
        headers={"Content-Type": "image/jpeg", "Prefer": "respond-async"},
    )
    assert response.status == 202
    queued = await response.json()
    assert response.headers["Location"] == f"{API}/jobs/{queued['id']}"
    job = await job_of(client, queued["id"])
    assert job["caption"]["caption"].endswith(".")
    assert job["result"]["caption_id"] == job["caption"]["id"]
    await until(lambda: not files_in(service.settings.home / "work"))


async def test_camera_frames_that_show_the_same_get_the_same_caption(
    client, service, astronaut, tmp_path
):
    with Image.open(astronaut) as image:
        image.load()
    for name, quality in (("a", 90), ("b", 60)):
        image.save(tmp_path / f"{name}.jpg", quality=quality)
    visitor = image.copy()
    visitor.paste((20, 20, 20), (60, 200, 100, 300))
    visitor.save(tmp_path / "c.jpg", quality=90)
    camera = {"source": "front door"}
    frames = [(tmp_path / f"{n}.jpg").read_bytes() for n in "abc"]
    first = await caption(client, frames[0], params=camera)
    same = await caption(client, frames[1], params=camera)
    other = await caption(client, frames[2], params=camera)
    elsewhere = await caption(client, frames[1], params={"source": "garden"})
    assert first["origin"] == other["origin"] == elsewhere["origin"] == "model"
    assert same["origin"] == "near_duplicate"
    assert same["id"] == first["id"]
    assert same["duplicate_of"] == first["photo_id"]
    assert (await service.store.counts())["photos"] == 3
    queue = await (await client.get(f"{API}/suggestions")).json()
    assert queue["items"] == []  # nobody reviews a camera's frames


async def test_a_person_s_words_are_the_answer(client, astronaut):
    photo = astronaut.read_bytes()
    found = await caption(client, photo, params={"store": "true"})
    edited = await client.post(
        f"{API}/suggestions/{found['id']}/edit", json={"text": "Eileen in #orange"}
    )
    assert edited.status == 200
    again = await caption(client, photo)
    assert (again["origin"], again["caption"]) == ("person", "Eileen in #orange")
    by_model = await caption(client, photo, params={"model": "tiny-captioner"})
    assert by_model["caption"] == found["caption"]
    anew = await caption(client, photo, params={"refresh": "true"})
    assert anew["origin"] == "model"
    whole = await (await client.get(f"{API}/photos/{found['photo_id']}")).json()
    assert [c["text"] for c in whole["captions"]] == ["Eileen in #orange"]
    assert whole["tags"] == ["orange"]


async def test_a_client_that_hangs_up_leaves_nothing_behind(client, service, astronaut):
    _, writer = await asyncio.open_connection("127.0.0.1", client.port)
    head = (
        f"POST {API}/captions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        "Content-Type: image/jpeg\r\nContent-Length: 900000\r\n\r\n"
    )
    writer.write(head.encode() + astronaut.read_bytes()[:5000])
    await writer.drain()
    folder = service.settings.home / "uploads"
    await until(lambda: files_in(folder))
    writer.close()
    await until(lambda: not files_in(folder))
    assert (await caption(client, astronaut.read_bytes()))["caption"]


async def test_a_full_queue_says_when_to_come_back(client, service, astronaut):
    service.settings = replace(service.settings, queue_limit=1)
    object.__setattr__(service.captions._parts, "settings", service.settings)
    photo = astronaut.read_bytes()
    async with service.captions._parts.pool.gate.hold(100):
        waiting = asyncio.create_task(caption(client, photo))
        await until(service.queue_length)
        response = await client.post(
            f"{API}/captions",
            data=photo,
            params={"refresh": "true"},
            headers={"Content-Type": "image/jpeg"},
        )
        assert (response.status, await error_of(response)) == (429, "queue_full")
        assert int(response.headers["Retry-After"]) >= 1
    assert (await waiting)["caption"]
    assert service.counters.captions_refused == 1
