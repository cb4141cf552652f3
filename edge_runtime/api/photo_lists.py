"""`/api/v1/photos`: lists of photos and searches in what is said of them."""

from typing import Any, Final

from ..schemas import Verdict
from ..store import InvalidValueError, Photo, PhotoFilter, SearchHit
from .fields import Boolean, Choice, Field, Integer, ListOf, Object, Text, answer, ulid
from .pagination import PAGE_QUERY
from .routing import API, Call, Reply, RouteTable
from .shapes import PHOTO, WORDS, page_shape, photo_dict
from .shelves import MONTH_PATTERN

ROUTES: Final = RouteTable("photos")
_MATCH: Final = answer(
    field=Text(),
    text=Text(max_length=WORDS),
    highlights=ListOf(item=ListOf(item=Integer(minimum=0))),
)
_LISTED: Final = answer(
    **PHOTO.fields,
    words=Text(
        nullable=True,
        max_length=WORDS,
        description="the caption, else what is suggested",
    ),
    match=Object(fields=_MATCH.fields, is_open=True, nullable=True),
)
_FILTER: Final[dict[str, Field]] = {
    "q": Text(required=False, max_length=500, description="words to search for"),
    "has_caption": Boolean(required=False),
    "pending": Boolean(required=False),
    "verdict": Choice.of(*Verdict, required=False),
    "tag": Text(required=False, min_length=1, max_length=200),
    "album_id": ulid(required=False),
    "source_id": ulid(required=False),
    "year": Integer(required=False, minimum=1, maximum=9998),
    "month": Text(
        required=False, pattern=MONTH_PATTERN, description="such as 2026-11, in UTC"
    ),
    "place": Text(required=False, min_length=1, max_length=200),
}


@ROUTES.get(
    f"{API}/photos",
    summary="List photos, newest first; with `q` those that have all of its words",
    query=PAGE_QUERY | _FILTER,
    answer=page_shape(_LISTED),
    errors=(InvalidValueError,),
)
async def list_photos(call: Call) -> Reply:
    """Return a page of photos."""
    query, store = call.query, call.service.store
    wanted = PhotoFilter(
        has_caption=query["has_caption"],
        pending=query["pending"],
        verdict=None if query["verdict"] is None else Verdict(query["verdict"]),
        tag=query["tag"],
        album_id=query["album_id"],
        source_id=query["source_id"],
        year=query["year"],
        month=query["month"],
        place=query["place"],
    )
    place = {"limit": query["limit"], "cursor": query["cursor"]}
    if query["q"] is None:
        page = await store.photos.page(wanted, **place)
        found: list[tuple[Photo, dict[str, Any] | None]] = [
            (photo, None) for photo in page.items
        ]
        cursor = page.next_cursor
    else:
        hits = await store.search.photos(query["q"], wanted, **place)
        found = [(hit.photo, _match_dict(hit)) for hit in hits.items]
        cursor = hits.next_cursor
    words = await store.shelves.words(
        [photo.id for photo, _ in found], call.service.settings.language
    )
    items = [
        {**photo_dict(photo), "words": words.get(photo.id), "match": match}
        for photo, match in found
    ]
    return {"items": items, "next_cursor": cursor}


def _match_dict(hit: SearchHit) -> dict[str, Any]:
    return {
        "field": hit.field,
        "text": hit.text,
        "highlights": [list(span) for span in hit.highlights],
    }
