"""The database: one writer thread, a few readers, nothing on the event loop."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from queue import SimpleQueue
import sqlite3
from typing import Final, TypeVar

from .connection import connect
from .errors import translated
from .writer import Work, Writer, closed_error, readable

ResultT = TypeVar("ResultT")
_READERS: Final = 2


class Database:
    """Runs functions on connections, off the event loop."""

    def __init__(self, path: Path) -> None:
        """Open the connections; blocks. The schema must be there already."""
        self.path = path
        self._writer = Writer(path)
        self._readers: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        try:
            for _ in range(_READERS):
                self._readers.put(connect(path, read_only=True))
        except sqlite3.Error as err:
            self._writer.close()
            raise translated(err, path) from err
        self._pool = ThreadPoolExecutor(_READERS, thread_name_prefix="store-reader")
        self._closed = False

    async def write(self, work: Work[ResultT]) -> ResultT:
        """Run a function in a transaction; return when it is on the disk."""
        return await asyncio.wrap_future(self._writer.submit(work))

    async def read(self, work: Work[ResultT]) -> ResultT:
        """Run a function on one state of the database."""
        if self._closed:
            raise closed_error(self.path)
        return await asyncio.wrap_future(self._pool.submit(self._read, work))

    @property
    def changes(self) -> int:
        """Return how many commits there were; what was read since the last one holds.

        Counted before a writer is told: it never sees what was there before.
        """
        return self._writer.commits

    async def row(self, statement: str, parameters: tuple[object, ...]) -> sqlite3.Row:
        """Return the one row of a statement, which sees one state by itself."""
        if self._closed:
            raise closed_error(self.path)
        found = self._pool.submit(self._row, statement, parameters)
        return await asyncio.wrap_future(found)

    async def checkpoint(self) -> bool:
        """Move everything from the log into the database, and empty the log.

        False: a reader was in the way for too long; the next one will do it.
        """
        return await asyncio.to_thread(self._checkpoint)

    async def close(self) -> None:
        """Write what waits, then close every connection."""
        if not self._closed:
            self._closed = True
            await asyncio.to_thread(self._close)

    def _read(self, work: Work[ResultT]) -> ResultT:
        with self._reader() as connection:
            connection.execute("BEGIN")
            try:
                return work(connection)
            finally:
                connection.execute("ROLLBACK")

    def _row(self, statement: str, parameters: tuple[object, ...]) -> sqlite3.Row:
        with self._reader() as connection:
            row: sqlite3.Row = connection.execute(statement, parameters).fetchone()
            return row

    @contextmanager
    def _reader(self) -> Iterator[sqlite3.Connection]:
        connection = self._readers.get()
        try:
            yield connection
        except (sqlite3.Error, OverflowError, UnicodeEncodeError) as err:
            raise readable(err, self.path) from err
        finally:
            self._readers.put(connection)

    def _checkpoint(self) -> bool:
        try:
            with closing(connect(self.path)) as connection:
                row = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as err:
            raise translated(err, self.path) from err
        return bool(row[0] == 0)

    def _close(self) -> None:
        # the readers first: the last connection to close empties the log
        self._pool.shutdown(wait=True)
        for _ in range(_READERS):
            self._readers.get().close()
        self._writer.close()
