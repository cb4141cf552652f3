"""Leave nothing of deleted words in the files of the database.

SQLite overwrites deleted rows, but the search index keeps their words until its parts
are merged, and the log keeps pages as they were. Cleaning both takes seconds in a large
store, so it runs once for many deletions, a little later, in steps that let other
writes through. A note in the database makes sure that it also happens after a crash.
"""

import asyncio
from contextlib import suppress
from functools import partial
import logging
import sqlite3
from typing import Final

from ..errors import EdgeRuntimeError
from .database import Database
from .ids import new_id

_LOGGER = logging.getLogger(__name__)
_NOTE: Final = "scrub_due"
_PAGES: Final = 250
"""Written per step: about a megabyte."""
_MERGE: Final = "INSERT INTO search (search, rank) VALUES ('merge', ?)"


def note_deletion(connection: sqlite3.Connection) -> None:
    """Note, in the transaction that deletes, that there is something to clean."""
    connection.execute(
        "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (_NOTE, new_id())
    )


class Scrubber:
    """Cleans up some time after the last deletion."""

    def __init__(self, database: Database, delay_s: float = 20.0) -> None:
        self._database = database
        self._delay_s = delay_s
        self._task: asyncio.Task[None] | None = None

    async def is_due(self) -> bool:
        """Return whether something deleted is still in the files."""
        return await self._database.read(_note) is not None

    def later(self) -> None:
        """Clean up after a while in which nothing more is deleted."""
        if self._task is not None:
            self._task.cancel()
        self._task = asyncio.create_task(self._wait_and_run(), name="store-scrub")

    async def run(self) -> None:
        """Clean up now."""
        note = await self._database.read(_note)
        await self._database.write(_begin_merge)
        while await self._database.write(_merge):
            pass
        if await self._database.checkpoint():
            await self._database.write(partial(_remove_note, note=note))

    async def close(self) -> None:
        """Stop waiting; what is due stays noted."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _wait_and_run(self) -> None:
        await asyncio.sleep(self._delay_s)
        try:
            await self.run()
        except EdgeRuntimeError as err:
            _LOGGER.warning("deleted words are not cleaned up yet: %s", err)


def _note(connection: sqlite3.Connection) -> str | None:
    row = connection.execute(
        "SELECT value FROM meta WHERE key = ?", (_NOTE,)
    ).fetchone()
    return None if row is None else str(row["value"])


def _remove_note(connection: sqlite3.Connection, note: str | None) -> None:
    # what was deleted meanwhile has put another note there, which stays
    connection.execute("DELETE FROM meta WHERE key = ? AND value = ?", (_NOTE, note))


def _begin_merge(connection: sqlite3.Connection) -> None:
    # a negative number: all parts become one, whatever their size
    connection.execute(_MERGE, (-_PAGES,))


def _merge(connection: sqlite3.Connection) -> bool:
    before = connection.total_changes
    connection.execute(_MERGE, (_PAGES,))
    # FTS5's own way to say that there was nothing left to merge
    return connection.total_changes - before > 1
