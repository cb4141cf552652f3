"""Pages of photos as JSON text, made by SQLite in one step.

The interpreter's lock is free meanwhile: a page costs the event loop next to nothing.
The keys are those of `api.shapes.photo_dict` and what a list adds; a test holds the two
together.
"""

from collections.abc import Hashable
from dataclasses import dataclass
import sqlite3
from typing import Final

from ..const import MIB
from .cursors import encode_cursor
from .filters import PhotoQuery

_TIME: Final = "strftime('%Y-%m-%dT%H:%M:%fZ', {} / 1000.0, 'unixepoch')"
_FLAG: Final = "json(CASE WHEN {} THEN 'true' ELSE 'false' END)"
_CAPTION: Final = "SELECT text FROM captions WHERE photo_id = {photo}"
_SUGGESTED: Final = (
    "SELECT text FROM suggestions WHERE photo_id = {photo} AND state = 'pending'"
    " AND stale = 0"
)
WORDS: Final = (  # each an index's own order, so that none takes a sort
    _CAPTION + " AND language = {language}",
    _CAPTION + " ORDER BY language LIMIT 1",
    _SUGGESTED + " AND language = {language}",
    _SUGGESTED + " ORDER BY created_at DESC, id DESC LIMIT 1",
)
"""What stands under a photo: its caption, else what is suggested."""
_WORDS: Final = [one.format(photo="one.id", language="?") for one in WORDS]
_PHOTO: Final = {
    "id": "id",
    "source_id": "source_id",
    "width": "width",
    "height": "height",
    "taken_at": _TIME.format("taken_at"),
    "added_at": _TIME.format("added_at"),
    "camera": "camera",
    "latitude": "latitude",
    "longitude": "longitude",
    "place": "json(place)",
    "people": "json(ifnull(people, '[]'))",
    "has_caption": _FLAG.format("has_caption"),
    "pending": _FLAG.format("is_pending"),
    "verdict": "verdict",
    "words": (
        f"CASE WHEN has_caption THEN coalesce(({_WORDS[0]}), ({_WORDS[1]}))"
        f" ELSE coalesce(({_WORDS[2]}), ({_WORDS[3]})) END"
    ),
    "match": "NULL",
}
_KEPT_BYTES: Final = MIB
_OBJECT: Final = ", ".join(f"'{key}', {value}" for key, value in _PHOTO.items())


@dataclass(frozen=True, slots=True)
class JsonPage:
    """A page whose items are a JSON list already."""

    items: bytes
    next_cursor: str | None


def json_page_statement(
    query: PhotoQuery, language: str, below: int, limit: int
) -> tuple[str, tuple[object, ...]]:
    """Return the statement for a page below a position, and its parameters."""
    chosen = f"FROM {query.tables} WHERE {query.where()} AND {query.order} <"
    statement = (
        "SELECT items, last, shown = ? AND EXISTS"  # noqa: S608  # our own names
        f" (SELECT 1 {chosen} page.last) AS goes_on FROM"
        f" (SELECT CAST(json_group_array(json_object({_OBJECT})) AS BLOB) AS items,"
        " min(position) AS last, count(*) AS shown FROM"
        f" (SELECT photos.* {chosen} ? ORDER BY {query.order} DESC LIMIT ?) AS one)"
        " AS page"
    )
    given = query.parameters
    return statement, (limit, *given, language, language, *given, below, limit)


def json_page_of(row: sqlite3.Row) -> JsonPage:
    """Return the page that the statement's row is."""
    cursor = encode_cursor("photos", row["last"]) if row["goes_on"] else None
    return JsonPage(row["items"], cursor)


class PageCache:
    """The pages that were made since the last write: what many clients look at."""

    def __init__(self) -> None:
        self._changes = -1
        self._pages: dict[Hashable, JsonPage] = {}
        self._bytes = 0

    def get(self, changes: int, key: Hashable) -> JsonPage | None:
        """Return a page that holds after so many writes."""
        return self._pages.get(key) if changes == self._changes else None

    def put(self, changes: int, key: Hashable, page: JsonPage) -> None:
        """Keep a page that was asked for after so many writes."""
        is_full = self._bytes + len(page.items) > _KEPT_BYTES
        if changes > self._changes or is_full:
            self._changes, self._bytes = max(changes, self._changes), 0
            self._pages.clear()
        if changes == self._changes:
            self._bytes += len(page.items)
            self._pages[key] = page
