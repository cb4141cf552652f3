"""`Store`: everything that is remembered, in one SQLite file below a home."""

import asyncio
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
import sqlite3
from types import TracebackType
from typing import Final, Self

from .albums import Albums
from .backup import back_up
from .captions import Captions
from .connection import connect
from .connector_items import ConnectorItems
from .database import Database
from .events import Events
from .files import Files
from .ids import new_id
from .indexing import Indexing
from .jobs import Jobs
from .meta import Meta
from .migrate import newest_version
from .opening import open_file, problems
from .outbox import Outbox
from .pairings import Pairings
from .photos import Photos
from .ratings import Ratings
from .respondents import Respondents
from .scrubbing import Scrubber
from .search import Search
from .service_records import StoreOpening
from .shares import Shares
from .shelves import Shelves
from .sources import Sources
from .studies import Studies
from .suggestions import Suggestions
from .tags import Tags
from .thumbnails import ThumbnailFolder
from .tokens import Tokens

DATABASE_NAME: Final = "edge-captions.db"
_COUNTS: Final = {
    "photos": "SELECT count(*) FROM photos",
    "photos_with_caption": "SELECT count(*) FROM photos WHERE has_caption = 1",
    "photos_pending": "SELECT count(*) FROM photos WHERE is_pending = 1",
    "suggestions": "SELECT count(*) FROM suggestions",
    "tags": "SELECT count(*) FROM tags",
    "jobs_queued": "SELECT count(*) FROM jobs WHERE state = 'queued'",
    "jobs_running": "SELECT count(*) FROM jobs WHERE state = 'running'",
}


class Store:
    """The parts of the store, and what concerns all of them. Use `Store.open`."""

    def __init__(
        self, home: Path, database: Database, opening: StoreOpening, store_id: str
    ) -> None:
        self.home = home
        self.opening = opening
        self.id = store_id
        """Of this installation; stays as long as the database."""
        self.schema_version = newest_version()
        self.thumbnails = ThumbnailFolder(home)
        self.meta = Meta(database)
        self._scrubber = Scrubber(database)
        self.sources = Sources(database, self.thumbnails, self._scrubber)
        self.photos = Photos(database, self.thumbnails, self._scrubber)
        self.files = Files(database)
        self.indexing = Indexing(database)
        self.captions = Captions(database)
        self.suggestions = Suggestions(database)
        self.ratings = Ratings(database)
        self.tags = Tags(database)
        self.albums = Albums(database)
        self.shelves = Shelves(database)
        self.search = Search(database)
        self.jobs = Jobs(database)
        self.events = Events(database)
        self.outbox = Outbox(database)
        self.connector_items = ConnectorItems(database)
        self.tokens = Tokens(database)
        self.pairings = Pairings(database)
        self.shares = Shares(database)
        self.studies = Studies(database, self._scrubber)
        self.respondents = Respondents(database)
        self._database = database

    @classmethod
    async def open(cls, home: Path) -> Self:
        """Open the store of a home, created, checked and migrated as needed.

        A damaged database is moved aside, which `opening` reports.
        """
        path = home / DATABASE_NAME
        opening = await asyncio.to_thread(open_file, path)
        database = await asyncio.to_thread(Database, path)
        try:
            store = cls(home, database, opening, await database.write(_own_id))
            await store.search.mend()
        except BaseException:
            await database.close()
            raise
        if await store._scrubber.is_due():
            store._scrubber.later()
        return store

    async def __aenter__(self) -> Self:
        """Return the open store."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the store."""
        await self.close()

    async def close(self) -> None:
        """Write what waits, then let go of the file."""
        await self._scrubber.close()
        await self._database.close()

    async def check(self) -> list[str]:
        """Return what is wrong with the database; reads all of it, beside the work."""
        return await asyncio.to_thread(_check, self._database.path)

    async def counts(self) -> dict[str, int]:
        """Return how much of each kind there is, and the database's bytes."""
        return await self._database.read(partial(_counts, path=self._database.path))

    def when_idle(self, act: Callable[[], None]) -> None:
        """Have something done whenever nobody has read for a few seconds."""
        self._database.on_idle = act

    async def rest(self) -> None:
        """Give back the memory that reading took; the writer does so by itself."""
        await self._database.rest()

    async def scrub(self) -> None:
        """Overwrite what was deleted now; it happens by itself a little later."""
        await self._scrubber.run()

    async def back_up(self, target: Path) -> int:
        """Write a checked copy of the database; return its bytes."""
        return await asyncio.to_thread(back_up, self._database.path, target)


def _own_id(connection: sqlite3.Connection) -> str:
    connection.execute(
        "INSERT INTO meta (key, value) VALUES ('id', ?) ON CONFLICT DO NOTHING",
        (new_id(),),
    )
    row = connection.execute("SELECT value FROM meta WHERE key = 'id'").fetchone()
    return str(row["value"])


def _check(path: Path) -> list[str]:
    with closing(connect(path)) as connection:
        wrong = problems(connection, "integrity_check")
        rows = connection.execute("PRAGMA foreign_key_check").fetchall()
        wrong += [f"{row['table']}: row {row['rowid']} points nowhere" for row in rows]
        try:
            connection.execute("INSERT INTO search (search) VALUES ('integrity-check')")
        except sqlite3.DatabaseError as err:
            wrong.append(f"search index: {err}")
    return wrong


def _counts(connection: sqlite3.Connection, path: Path) -> dict[str, int]:
    counts = {
        name: int(connection.execute(query).fetchone()[0])
        for name, query in _COUNTS.items()
    }
    return counts | {"database_bytes": path.stat().st_size}
