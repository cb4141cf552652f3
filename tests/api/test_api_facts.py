"""Facts, styles and languages over HTTP, and what the store then finds."""

from dataclasses import replace
import io

from api_helpers import connected
from PIL import Image
import pytest
from serving import serving

from edge_runtime.api.access import Access
from edge_runtime.api.app import build_app
from edge_runtime.facts import FactKind

API = "/api/v1"
LISBON = {1: "N", 2: (38.0, 42.0, 50.04), 3: "W", 4: (9.0, 8.0, 21.84)}


@pytest.fixture
def upload(astronaut) -> bytes:
    """Return a photo that was taken in Lisbon on Christmas Eve."""
    with Image.open(astronaut) as image:
        exif = image.getexif()
        exif[0x010F], exif[0x0110] = "Google", "Pixel 9"
        exif.get_ifd(0x8769)[0x9003] = "2023:12:24 10:11:12"
        exif.get_ifd(0x8825).update(LISBON)
        data = io.BytesIO()
        image.save(data, "jpeg", exif=exif)
    return data.getvalue()


async def caption(client, photo, expected=200, **options):
    response = await client.post(
        f"{API}/captions",
        data=photo,
        headers={"Content-Type": "image/jpeg"},
        params={key: str(value) for key, value in options.items()},
    )
    assert response.status == expected, await response.text()
    return await response.json()


async def test_the_answer_lists_the_facts_with_their_sources(client, upload, astronaut):
    plain = await caption(client, astronaut.read_bytes())
    assert (plain["text_path"], plain["facts"]) == ("visual", [])
    found = await caption(client, upload)
    assert found["caption"] == plain["caption"].rstrip(".") + " in Lisbon."
    assert found["text_path"] == "template"
    assert found["text_reason"] == "facts are known"
    (place,) = found["facts"]
    assert (place["value"], place["source"]) == ("Lisbon", "gps")
    again = await (await client.get(f"{API}/captions/{found['id']}")).json()
    assert again["facts"] == found["facts"]


async def test_context_style_and_language(client, upload):
    found = await caption(
        client,
        upload,
        context='{"place":"Porto", "people":"Anna", "date":"2024-03-31", "mood":"x"}',
        style="short",
        language="de",
    )
    assert "Porto on Easter Sunday 2024" in found["caption"]
    assert "Anna" in found["caption"]
    assert len(found["caption"]) <= 60
    assert {fact["source"] for fact in found["facts"]} == {"request"}
    assert found["language"] == "en"
    assert any("'de'" in note for note in found["notes"])
    assert "'mood' is no fact that a caption can tell" in found["notes"]


async def test_every_style_is_served(client, upload):
    made = {
        style: await caption(client, upload, style=style)
        for style in ("detailed", "alt_text", "social", "keywords", "notification")
    }
    assert "on 24 December 2023" in made["detailed"]["caption"]
    assert "Taken with Google Pixel 9." in made["detailed"]["caption"]
    assert "#Lisbon" in made["social"]["caption"]
    assert "Lisbon" in made["keywords"]["caption"].split(", ")
    assert made["notification"]["title"]
    own = await caption(client, upload, template="{place}[, {people}] {year}")
    assert (own["caption"], own["style"]) == ("Lisbon 2023", "custom")
    rich = await caption(client, upload, detail="rich")
    assert rich["caption"] == made["detailed"]["caption"]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"context": '{"date": "yesterday"}'}, "fact_invalid"),
        ({"template": "{captoin}"}, "template_invalid"),
        ({"style": "rude"}, "invalid_request"),
    ],
)
async def test_a_wrong_wish_is_refused(client, upload, options, code):
    found = await caption(client, upload, 400, **options)
    assert found["error"]["code"] == code


async def test_a_cameras_captions_are_short(client, upload):
    found = await caption(client, upload, source="Front door")
    assert (found["style"], len(found["caption"]) <= 60) == ("short", True)
    notice = await caption(
        client, upload, source="Front door", style="notification", refresh="true"
    )
    assert notice["title"] == "Front door"


async def test_a_stored_photo_is_found_by_its_place(client, upload):
    found = await caption(client, upload, store="true")
    photo = await (await client.get(f"{API}/photos/{found['photo_id']}")).json()
    assert photo["place"] == {"city": "Lisbon", "country": "Portugal"}
    (suggestion,) = photo["suggestions"]
    assert suggestion["provenance"]["facts"] == found["facts"]
    assert suggestion["provenance"]["text_path"] == "template"
    for query in ("Lisbon", "portugal"):
        listed = await (await client.get(f"{API}/photos", params={"q": query})).json()
        assert [item["id"] for item in listed["items"]] == [found["photo_id"]]


async def test_a_photo_of_which_a_thumbnail_is_left_knows_its_place(client, upload):
    found = await caption(client, upload, store="true")
    again = await client.post(
        f"{API}/captions", json={"photo_id": found["photo_id"], "refresh": True}
    )
    made = await again.json()
    assert made["origin"] == "model"
    assert made["caption"].endswith(" in Lisbon.")
    assert [fact["source"] for fact in made["facts"]] == ["gps"]


async def test_what_is_switched_off_is_neither_told_nor_kept(settings, upload):
    access = Access(loopback_only=True, ingress=False)
    async with (
        serving(replace(settings, facts=(FactKind.DATE,))) as service,
        connected(build_app(service, access)) as client,
    ):
        found = await caption(client, upload, store="true", style="detailed")
        assert "Lisbon" not in found["caption"]
        assert [fact["kind"] for fact in found["facts"]] == ["date"]
        photo = await (await client.get(f"{API}/photos/{found['photo_id']}")).json()
        assert photo["place"] is None
