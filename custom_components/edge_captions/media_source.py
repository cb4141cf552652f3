"""The runtime's photos in the media browser: by album, tag, place, month and camera."""

from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import quote, unquote

from aiohttp import web
from homeassistant.components.media_player.browse_media import (
    SearchMedia,
    SearchMediaQuery,
)
from homeassistant.components.media_player.const import MediaClass
from homeassistant.components.media_player.errors import BrowseError
from homeassistant.components.media_source import (
    BrowseMediaSource,
    MediaSource,
    MediaSourceItem,
    PlayMedia,
    Unresolvable,
)
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.http import HomeAssistantView
from homeassistant.helpers.translation import async_get_translations

from .client import RuntimeClient
from .client_errors import ClientError, RefusedError
from .const import DOMAIN, NAME
from .data import EdgeCaptionsConfigEntry
from .failures import translated_as
from .records import Photo, Shelf
from .text import short_text

MIME_TYPE: Final = "image/webp"
SMALL: Final = 320
LARGE: Final = 1280
_MOST: Final = 1000
"""Photos of one shelf: the media browser has no pages."""
_TITLE: Final = 100
_ALL: Final = "all"
_AN_HOUR: Final = "private, max-age=3600"
_SHELVES: Final = {
    "albums": "album_id",
    "tags": "tag",
    "places": "place",
    "months": "month",
    "sources": "source_id",
}
"""Each list of shelves, and the filter that gives the photos of one."""


def photo_id_of(media_content_id: str) -> str:
    """Return the id of the photo that a media item is; empty if it is none of ours."""
    prefix = f"media-source://{DOMAIN}/"
    if not media_content_id.startswith(prefix):
        return ""
    try:
        return Place.parse(media_content_id.removeprefix(prefix)).photo
    except ValueError:
        return ""


async def async_get_media_source(hass: HomeAssistant) -> MediaSource:
    """Set up the media source."""
    return PhotoSource(hass)


@dataclass(frozen=True, slots=True)
class Place:
    """Where one is in the browser: a runtime, a list of shelves, a shelf, a photo."""

    runtime: str = ""
    kind: str = ""
    key: str = ""
    photo: str = ""

    @classmethod
    def parse(cls, identifier: str) -> Self:
        """Return the place of an identifier; raise ValueError if there is none."""
        parts = [unquote(part) for part in identifier.split("/")] if identifier else []
        place = cls(*parts) if len(parts) <= len(cls.__slots__) else None
        if place is None or place.kind not in {"", _ALL, *_SHELVES}:
            raise ValueError(identifier)
        return place

    def __str__(self) -> str:
        parts = [self.runtime, self.kind, self.key, self.photo]
        while parts and not parts[-1]:
            parts.pop()
        return "/".join(quote(part, safe="") for part in parts)

    @property
    def filter(self) -> dict[str, str]:
        """Return what the list of photos is asked for."""
        return {_SHELVES[self.kind]: self.key} if self.kind in _SHELVES else {}


class PhotoSource(MediaSource):
    """Shows photos under their captions."""

    name = NAME

    def __init__(self, hass: HomeAssistant) -> None:
        super().__init__(DOMAIN)
        self._hass = hass

    async def async_browse_media(self, item: MediaSourceItem) -> BrowseMediaSource:
        """Return what is in a place."""
        place = _place(item, BrowseError)
        try:
            title, children = await self._inside(place)
        except ClientError as err:
            raise translated_as(BrowseError, err) from err
        return BrowseMediaSource(
            domain=DOMAIN,
            identifier=str(place) or None,
            media_class=MediaClass.DIRECTORY,
            media_content_type=MediaClass.IMAGE,
            title=title,
            can_play=False,
            can_expand=True,
            can_search=bool(place.runtime),
            search_media_classes=[MediaClass.IMAGE],
            children_media_class=MediaClass.IMAGE if place.key else None,
            children=children,
        )

    async def async_search_media(
        self, item: MediaSourceItem, query: SearchMediaQuery
    ) -> SearchMedia:
        """Return the photos of a place whose words are asked for."""
        place = _place(item, BrowseError)
        wanted = {**place.filter, "q": query.search_query}
        try:
            photos = await self._client(place).photos(wanted)
        except ClientError as err:
            raise translated_as(BrowseError, err) from err
        return SearchMedia(result=[_photo(place, photo) for photo in photos])

    async def async_resolve_media(self, item: MediaSourceItem) -> PlayMedia:
        """Return the address of a photo."""
        place = _place(item, Unresolvable)
        if not place.photo:
            raise _unknown(item, Unresolvable)
        return PlayMedia(_address(place, LARGE), MIME_TYPE)

    async def _inside(self, place: Place) -> tuple[str, list[BrowseMediaSource]]:
        if not place.runtime:
            entries: list[EdgeCaptionsConfigEntry] = (
                self._hass.config_entries.async_loaded_entries(DOMAIN)
            )
            runtimes = [Shelf(entry.unique_id or "", entry.title) for entry in entries]
            return NAME, [_folder(Place(one.key), one) for one in runtimes]
        client = self._client(place)
        titles = await self._titles()
        if not place.kind:
            kinds = [Shelf(kind, titles[kind]) for kind in (_ALL, *_SHELVES)]
            return titles["photos"], [
                _folder(Place(place.runtime, one.key), one) for one in kinds
            ]
        if place.kind != _ALL and not place.key:
            shelves = await client.shelves(place.kind)
            return titles[place.kind], [
                _folder(Place(place.runtime, place.kind, one.key), one)
                for one in shelves
            ]
        photos = await client.photos(place.filter, _MOST)
        title = titles[_ALL]
        if place.key:
            shelves = await client.shelves(place.kind)
            title = next((s.title for s in shelves if s.key == place.key), place.key)
        return title, [_photo(place, photo) for photo in photos]

    async def _titles(self) -> dict[str, str]:
        known = await async_get_translations(
            self._hass, self._hass.config.language, "common", [DOMAIN]
        )
        start = f"component.{DOMAIN}.common.media_"
        return {key.removeprefix(start): text for key, text in known.items()}

    def _client(self, place: Place) -> RuntimeClient:
        entry = _entry(self._hass, place.runtime)
        if entry is None:
            raise BrowseError(translation_domain=DOMAIN, translation_key="not_set_up")
        return entry.runtime_data.client


class PhotoView(HomeAssistantView):
    """Hands the runtime's pictures on to those who are signed in."""

    url = f"/api/{DOMAIN}/{{runtime}}/photos/{{photo}}/{{size:{SMALL}|{LARGE}}}"
    name = f"api:{DOMAIN}:photo"

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass

    async def get(
        self, request: web.Request, runtime: str, photo: str, size: str
    ) -> web.StreamResponse:
        """Send a picture on, part by part."""
        if (entry := _entry(self._hass, runtime)) is None:
            raise web.HTTPNotFound
        headers = {"Content-Type": MIME_TYPE, "Cache-Control": _AN_HOUR}
        response = web.StreamResponse(headers=headers)
        try:
            async for part in entry.runtime_data.client.thumbnail(photo, int(size)):
                if not response.prepared:
                    await response.prepare(request)
                await response.write(part)
        except ClientError as err:
            if response.prepared:  # half of it is sent: only a cut tells
                raise ConnectionResetError from err
            is_unknown = isinstance(err, RefusedError)
            raise (web.HTTPNotFound if is_unknown else web.HTTPBadGateway) from err
        return response


def _place(item: MediaSourceItem, kind: type[HomeAssistantError]) -> Place:
    try:
        return Place.parse(item.identifier)
    except ValueError:
        raise _unknown(item, kind) from None


def _unknown(item: MediaSourceItem, kind: type[HomeAssistantError]) -> Exception:
    return kind(
        translation_domain=DOMAIN,
        translation_key="media_not_found",
        translation_placeholders={"media": item.media_source_id},
    )


def _entry(hass: HomeAssistant, runtime: str) -> EdgeCaptionsConfigEntry | None:
    entry: EdgeCaptionsConfigEntry | None = (
        hass.config_entries.async_entry_for_domain_unique_id(DOMAIN, runtime)
    )
    is_loaded = entry is not None and entry.state is ConfigEntryState.LOADED
    return entry if is_loaded else None


def _folder(place: Place, shelf: Shelf) -> BrowseMediaSource:
    count = "" if shelf.photos is None else f" ({shelf.photos})"
    return BrowseMediaSource(
        domain=DOMAIN,
        identifier=str(place),
        media_class=MediaClass.DIRECTORY,
        media_content_type=MediaClass.IMAGE,
        title=f"{shelf.title}{count}",
        can_play=False,
        can_expand=True,
    )


def _photo(place: Place, photo: Photo) -> BrowseMediaSource:
    own = Place(place.runtime, place.kind or _ALL, place.key, photo.id)
    return BrowseMediaSource(
        domain=DOMAIN,
        identifier=str(own),
        media_class=MediaClass.IMAGE,
        media_content_type=MIME_TYPE,
        title=short_text(photo.words or photo.taken_at or "-", _TITLE),
        can_play=False,
        can_expand=False,
        thumbnail=_address(own, SMALL),
    )


def _address(place: Place, size: int) -> str:
    runtime, photo = quote(place.runtime, safe=""), quote(place.photo, safe="")
    return f"/api/{DOMAIN}/{runtime}/photos/{photo}/{size}"
