"""What the library can be browsed by: albums, months, places and people."""

from collections.abc import Sequence
from typing import Any, Final

from ..facts import FactKind
from ..store import AlbumKind, Shelf
from .fields import Choice, Integer, ListOf, Text, answer
from .routing import API, Call, Reply, RouteTable

ROUTES: Final = RouteTable("photos")
MONTH_PATTERN: Final = r"[0-9]{4}-(0[1-9]|1[0-2])"
_PHOTOS: Final = Integer(minimum=0)
_ALBUM: Final = answer(
    id=Text(), kind=Choice.of(*AlbumKind), name=Text(), photos=_PHOTOS
)
_MONTH: Final = answer(month=Text(pattern=MONTH_PATTERN), photos=_PHOTOS)
_PLACE: Final = answer(name=Text(), photos=_PHOTOS)


@ROUTES.get(
    f"{API}/albums",
    summary="List albums; `photos?album_id=` lists the photos of one",
    answer=answer(items=ListOf(item=_ALBUM)),
)
async def list_albums(call: Call) -> Reply:
    """Return all albums but those of the tags."""
    albums = await call.service.store.albums.list()
    items: list[dict[str, Any]] = [
        {
            "id": album.id,
            "kind": album.kind.value,
            "name": album.name,
            "photos": album.photos,
        }
        for album in albums
    ]
    return {"items": items}


@ROUTES.get(
    f"{API}/months",
    summary="List the months of the library; `photos?month=` lists the photos of one",
    answer=answer(items=ListOf(item=_MONTH)),
)
async def list_months(call: Call) -> Reply:
    """Return the months, the newest first."""
    months = await call.service.store.shelves.months()
    return {"items": [{"month": one.name, "photos": one.photos} for one in months]}


@ROUTES.get(
    f"{API}/places",
    summary="List the places of the library; `photos?place=` lists the photos of one",
    answer=answer(items=ListOf(item=_PLACE)),
)
async def list_places(call: Call) -> Reply:
    """Return the names of places, those with the most photos first."""
    return _named(await call.service.store.shelves.places())


@ROUTES.get(
    f"{API}/people",
    summary="List who is in the photos; `photos?person=` lists the photos of one",
    answer=answer(items=ListOf(item=_PLACE)),
)
async def list_people(call: Call) -> Reply:
    """Return the names, those with the most photos first; none if names are off."""
    if FactKind.PERSON not in call.service.settings.facts:
        return {"items": []}
    return _named(await call.service.store.shelves.people())


def _named(shelves: Sequence[Shelf]) -> dict[str, Any]:
    return {"items": [{"name": one.name, "photos": one.photos} for one in shelves]}
