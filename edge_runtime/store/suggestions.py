"""Suggestions: generated texts that wait beside a photo for a person's decision."""

import sqlite3
from typing import Final

from . import suggestion_rows
from .caption_slots import read_slot
from .cursors import Page, check_limit, decode_cursor, encode_cursor, page_of
from .database import Database
from .records import Decision, NewSuggestion, SourceKind, Suggestion, SuggestionFilter
from .rows import suggestion_of
from .times import now_ms

_EVERYTHING: Final = SuggestionFilter()


class Suggestions:
    """Suggestions by id and in pages, the newest first."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, new: NewSuggestion) -> Suggestion:
        """Add a suggestion; it takes the place of the one that waited."""
        return await self._database.write(
            lambda connection: suggestion_rows.add(connection, new, now_ms())
        )

    async def update(self, suggestion_id: str, new: NewSuggestion) -> Suggestion:
        """Give a waiting suggestion a better text under the same id."""
        return await self._database.write(
            lambda connection: suggestion_rows.replace(connection, suggestion_id, new)
        )

    async def get(self, suggestion_id: str) -> Suggestion:
        """Return a suggestion; raise SuggestionNotFoundError if there is none."""
        return await self._database.read(
            lambda connection: suggestion_rows.get(connection, suggestion_id)
        )

    async def latest(self, photo_id: str, language: str) -> Suggestion | None:
        """Return a photo's newest suggestion in a language that nobody rejected."""

        def work(connection: sqlite3.Connection) -> Suggestion | None:
            row = connection.execute(
                "SELECT * FROM suggestions WHERE photo_id = ? AND language = ?"
                " AND state != 'rejected' ORDER BY created_at DESC, id DESC LIMIT 1",
                (photo_id, language),
            ).fetchone()
            return None if row is None else suggestion_of(row)

        return await self._database.read(work)

    async def page(
        self,
        wanted: SuggestionFilter = _EVERYTHING,
        *,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Suggestion]:
        """Return a page of suggestions, newest first."""
        check_limit(limit)
        below = "~" if cursor is None else decode_cursor("suggestions", cursor)[0]
        conditions, values = _conditions(wanted)

        def work(connection: sqlite3.Connection) -> Page[Suggestion]:
            rows = connection.execute(
                "SELECT s.* FROM suggestions AS s"  # noqa: S608  # our own conditions
                " CROSS JOIN photos ON photos.id = s.photo_id"
                " CROSS JOIN sources ON sources.id = photos.source_id"
                f" WHERE s.id < ?{conditions} ORDER BY s.id DESC LIMIT ?",
                (below, *values, limit + 1),
            ).fetchall()
            return page_of(
                rows,
                limit,
                suggestion_of,
                lambda row: encode_cursor("suggestions", row["id"]),
            )

        return await self._database.read(work)

    async def accept(
        self, suggestion_id: str, text: str | None = None, *, by_policy: bool = False
    ) -> Decision:
        """Make a suggestion the caption, as it is or as a person changed it.

        A policy that accepts in a person's name only fills an empty place: where a
        caption is, CaptionKeptError is raised.
        """

        def work(connection: sqlite3.Connection) -> Decision:
            suggestion_rows.accept(
                connection, suggestion_id, text, now_ms(), by_policy=by_policy
            )
            return _decision(connection, suggestion_id)

        return await self._database.write(work)

    async def reject(self, suggestion_id: str) -> Suggestion:
        """Put a suggestion away."""
        return await self._database.write(
            lambda connection: suggestion_rows.reject(
                connection, suggestion_id, now_ms()
            )
        )

    async def undo(self, suggestion_id: str) -> Decision:
        """Take a decision back: the suggestion waits, the caption is as before."""

        def work(connection: sqlite3.Connection) -> Decision:
            suggestion_rows.undo(connection, suggestion_id)
            return _decision(connection, suggestion_id)

        return await self._database.write(work)


def _decision(connection: sqlite3.Connection, suggestion_id: str) -> Decision:
    suggestion = suggestion_rows.get(connection, suggestion_id)
    caption = read_slot(connection, suggestion.photo_id, suggestion.language)
    return Decision(suggestion, caption)


def _conditions(wanted: SuggestionFilter) -> tuple[str, list[str]]:
    columns = {
        "s.state": wanted.state,
        "s.language": wanted.language,
        "s.photo_id": wanted.photo_id,
        "s.verdict": wanted.verdict,
        "photos.source_id": wanted.source_id,
    }
    given = {name: value for name, value in columns.items() if value is not None}
    conditions = "".join(f" AND {name} = ?" for name in given)
    conditions += " AND photos.deleted_at IS NULL"
    if not wanted.with_cameras:
        conditions += f" AND sources.kind != '{SourceKind.CAMERA}'"
    return conditions, list(given.values())
