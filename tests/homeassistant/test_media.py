"""The runtime's photos in the media browser."""

from http import HTTPStatus

from fake_runtime import PNG
from homeassistant.components.media_player import BrowseError, SearchMediaQuery
from homeassistant.components.media_source import (
    Unresolvable,
    async_browse_media,
    async_resolve_media,
    async_search_media,
)
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest

ROOT = "media-source://edge_captions"


@pytest.fixture(autouse=True)
async def media(hass: HomeAssistant, loaded) -> None:
    assert await async_setup_component(hass, "media_source", {})
    await hass.async_block_till_done()


@pytest.fixture
def browse(hass, runtime):
    async def look(path: str = ""):
        root = f"{ROOT}/{runtime.id}" if path else ROOT
        return await async_browse_media(hass, f"{root}{path.rstrip('.')}")

    return look


def titles(found) -> list[str]:
    return [child.title for child in found.children]


async def test_what_can_be_browsed(browse, runtime):
    assert titles(await browse()) == ["Edge Captions"]
    found = await browse(".")
    assert titles(found) == [
        "All photos",
        "Albums",
        "Tags",
        "Places",
        "Months",
        "Cameras",
    ]
    assert found.can_search
    assert [child.media_content_id for child in found.children][1] == (
        f"{ROOT}/{runtime.id}/albums"
    )


@pytest.mark.parametrize(
    ("kind", "shelf", "wanted"),
    [
        ("albums", "Lake / 2026 (1)", {"album_id": "01ALBUM"}),
        ("tags", "Dogs (3)", {"tag": "dogs"}),
        ("places", "São Paulo (1)", {"place": "São Paulo"}),
        ("months", "2026-11 (2)", {"month": "2026-11"}),
        ("sources", "camera.yard", {"source_id": "01YARD"}),
    ],
)
async def test_a_shelf_and_its_photos(hass, browse, runtime, kind, shelf, wanted):
    (child,) = (await browse(f"/{kind}")).children
    assert child.title == shelf
    runtime.photos.append({"id": "01OTHER", "words": None, "taken_at": "2026-11-01"})
    found = await async_browse_media(hass, child.media_content_id)
    assert found.title == shelf.partition(" (")[0]
    assert titles(found) == ["A black dog.", "2026-11-01"]
    first, second = runtime.of("photos")
    assert first.items() >= wanted.items()
    assert second["cursor"] == "1"
    media = await async_resolve_media(hass, found.children[0].media_content_id, None)
    assert (media.url, media.mime_type) == (
        f"/api/edge_captions/{runtime.id}/photos/01PHOTO/1280",
        "image/webp",
    )
    assert found.children[0].thumbnail == media.url.replace("1280", "320")


async def test_a_search_within_a_shelf(hass, runtime):
    query = SearchMediaQuery(search_query="black dog")
    found = await async_search_media(hass, f"{ROOT}/{runtime.id}/tags/dogs", query)
    assert [one.title for one in found.result] == ["A black dog."]
    (asked,) = runtime.of("photos")
    assert (asked["q"], asked["tag"]) == ("black dog", "dogs")


async def test_pictures_are_handed_on(hass_client, hass_client_no_auth, runtime):
    address = f"/api/edge_captions/{runtime.id}/photos/01PHOTO/320"
    client = await hass_client()
    response = await client.get(address)
    assert await response.read() == PNG
    assert response.content_type == "image/webp"
    assert runtime.of("photos/01PHOTO/thumbnail") == [{"size": "320"}]
    stranger = await hass_client_no_auth()
    assert (await stranger.get(address)).status == HTTPStatus.UNAUTHORIZED
    for wrong in (address.replace(runtime.id, "x"), address.replace("320", "9")):
        assert (await client.get(wrong)).status == HTTPStatus.NOT_FOUND
    runtime.error = (404, {"code": "photo_not_found", "message": "no such photo"})
    assert (await client.get(address)).status == HTTPStatus.NOT_FOUND
    runtime.error = (500, {"code": "internal_error", "message": "oh"})
    runtime.cut = True
    with_error = await client.get(address)
    assert with_error.status == HTTPStatus.BAD_GATEWAY


@pytest.mark.parametrize("path", ["/nonsense", "/tags/dogs/01PHOTO/more"])
async def test_what_is_not_there(hass, browse, runtime, path):
    with pytest.raises(BrowseError):
        await browse(path)
    with pytest.raises(Unresolvable):
        await async_resolve_media(hass, f"{ROOT}/{runtime.id}{path}", None)


async def test_what_can_not_be_shown(hass, browse, runtime, loaded):
    with pytest.raises(Unresolvable):  # a shelf is no picture
        await async_resolve_media(hass, f"{ROOT}/{runtime.id}/tags", None)
    with pytest.raises(BrowseError, match="not set up"):
        await async_browse_media(hass, f"{ROOT}/nobody/tags")
    runtime.error = (429, {"code": "queue_full", "message": "32 wait"})
    with pytest.raises(BrowseError, match="too much to do"):
        await browse("/tags")
    query = SearchMediaQuery(search_query="dog")
    with pytest.raises(BrowseError, match="too much to do"):
        await async_search_media(hass, f"{ROOT}/{runtime.id}", query)


async def test_a_photo_of_the_library_is_described(hass, runtime):
    answer = await hass.services.async_call(
        "edge_captions",
        "caption_image",
        {"media": f"{ROOT}/{runtime.id}/tags/dogs/01PHOTO"},
        blocking=True,
        return_response=True,
    )
    assert answer["caption_id"] == "01CAPTION"
    assert runtime.forms == [{"photo_id": "01PHOTO"}]
