"""`/api/v1/photos`: lists of photos and searches in what is said of them."""

from typing import Any, Final

from ..schemas import Verdict
from ..store import InvalidValueError, PhotoFilter, SearchHit
from .fields import Boolean, Choice, Field, Integer, ListOf, Object, Text, answer, ulid
from .pagination import PAGE_QUERY
from .routing import API, Call, Reply, RouteTable, json_bytes, to_json
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
    "person": Text(required=False, min_length=1, max_length=200),
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
        person=query["person"],
    )
    language = call.service.settings.language
    place = {"limit": query["limit"], "cursor": query["cursor"]}
    if query["q"] is None:
        page = await store.photos.json_page(wanted, language, **place)
        following = to_json(page.next_cursor)
        return json_bytes(b'{"items":%b,"next_cursor":%b}' % (page.items, following))
    hits = await store.search.photos(query["q"], wanted, **place)
    words = await store.shelves.words([hit.photo.id for hit in hits.items], language)
    items = [
        {
            **photo_dict(hit.photo),
            "words": words.get(hit.photo.id),
            "match": _match_dict(hit),
        }
        for hit in hits.items
    ]
    return {"items": items, "next_cursor": hits.next_cursor}


def _match_dict(hit: SearchHit) -> dict[str, Any]:
    return {
        "field": hit.field,
        "text": hit.text,
        "highlights": [list(span) for span in hit.highlights],
    }
