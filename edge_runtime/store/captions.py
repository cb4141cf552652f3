"""The captions of photos: a person's words, kept apart from suggestions."""

from collections.abc import Sequence
import sqlite3

from . import suggestion_rows
from .caption_slots import checked_text, clear_slot, read_slot, undo_slot, write_slot
from .database import Database
from .photo_rows import photo_row
from .records import Caption, CaptionChange, CaptionOrigin
from .rows import caption_of
from .times import now_ms


class Captions:
    """One caption per photo and language, with everything it was before."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, photo_id: str, language: str) -> Caption | None:
        """Return the caption of a photo in a language."""

        def work(connection: sqlite3.Connection) -> Caption | None:
            photo_row(connection, photo_id)
            return read_slot(connection, photo_id, language)

        return await self._database.read(work)

    async def of_photo(self, photo_id: str) -> Sequence[Caption]:
        """Return a photo's captions in all languages."""

        def work(connection: sqlite3.Connection) -> Sequence[Caption]:
            photo_row(connection, photo_id)
            rows = connection.execute(
                "SELECT * FROM captions WHERE photo_id = ? ORDER BY language",
                (photo_id,),
            )
            return [caption_of(row) for row in rows]

        return await self._database.read(work)

    async def put(self, photo_id: str, language: str, text: str) -> Caption:
        """Make a person's own words the caption."""
        words = checked_text(text)

        def work(connection: sqlite3.Connection) -> Caption:
            photo_row(connection, photo_id)
            now = now_ms()
            own = Caption(photo_id, language, words, CaptionOrigin.PERSON, now)
            return write_slot(connection, own, now)

        return await self._database.write(work)

    async def import_(self, photo_id: str, language: str, text: str) -> Caption | None:
        """Take over a caption from a photo's metadata; None if there is one already."""
        words = checked_text(text)

        def work(connection: sqlite3.Connection) -> Caption | None:
            photo_row(connection, photo_id)
            if read_slot(connection, photo_id, language) is not None:
                return None
            now = now_ms()
            found = Caption(photo_id, language, words, CaptionOrigin.IMPORTED, now)
            return write_slot(connection, found, now)

        return await self._database.write(work)

    async def remove(self, photo_id: str, language: str) -> None:
        """Remove a caption; undo brings it back."""

        def work(connection: sqlite3.Connection) -> None:
            photo_row(connection, photo_id)
            clear_slot(connection, photo_id, language, now_ms())

        await self._database.write(work)

    async def undo(self, photo_id: str, language: str) -> Caption | None:
        """Take the last change back; return the caption that is there now.

        A suggestion whose acceptance is undone waits again.
        """

        def work(connection: sqlite3.Connection) -> Caption | None:
            photo_row(connection, photo_id)
            undone = undo_slot(connection, photo_id, language)
            now = read_slot(connection, photo_id, language)
            made_by = undone.suggestion_id if undone is not None else None
            if made_by is not None and (now is None or now.suggestion_id != made_by):
                suggestion_rows.wait_again(connection, made_by)
            return now

        return await self._database.write(work)

    async def history(self, photo_id: str, language: str) -> Sequence[CaptionChange]:
        """Return what the caption was before each change, the newest first."""

        def work(connection: sqlite3.Connection) -> Sequence[CaptionChange]:
            photo_row(connection, photo_id)
            rows = connection.execute(
                "SELECT * FROM caption_history WHERE photo_id = ? AND language = ?"
                " ORDER BY id DESC",
                (photo_id, language),
            )
            return [
                CaptionChange(
                    None if row["text"] is None else caption_of(row), row["replaced_at"]
                )
                for row in rows
            ]

        return await self._database.read(work)
