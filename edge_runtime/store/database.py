"""The database: one writer thread, a few readers, nothing on the event loop."""

import asyncio
from collections.abc import Callable, Iterator
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
_IDLE_S: Final = 2.0
"""After so long without a read nobody is reading."""


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
        self.on_idle: Callable[[], None] | None = None
        self._reads = 0
        self._timer: asyncio.TimerHandle | None = None

    async def write(self, work: Work[ResultT]) -> ResultT:
        """Run a function in a transaction; return when it is on the disk."""
        return await asyncio.wrap_future(self._writer.submit(work))

    async def read(self, work: Work[ResultT]) -> ResultT:
        """Run a function on one state of the database."""
        self._count_read()
        return await asyncio.wrap_future(self._pool.submit(self._read, work))

    @property
    def changes(self) -> int:
        """Return how many commits there were; what was read since the last one holds.

        Counted before a writer is told: it never sees what was there before.
        """
        return self._writer.commits

    async def row(self, statement: str, parameters: tuple[object, ...]) -> sqlite3.Row:
        """Return the one row of a statement, which sees one state by itself."""
        self._count_read()
        found = self._pool.submit(self._row, statement, parameters)
        return await asyncio.wrap_future(found)

    async def checkpoint(self) -> bool:
        """Move everything from the log into the database, and empty the log.

        False: a reader was in the way for too long; the next one will do it.
        """
        return await asyncio.to_thread(self._checkpoint)

    async def rest(self) -> None:
        """Let the readers that are idle now give their caches back."""
        if not self._closed:
            for _ in range(_READERS):
                await asyncio.wrap_future(self._pool.submit(self._shrink))

    async def close(self) -> None:
        """Write what waits, then close every connection."""
        if not self._closed:
            self._closed = True
            if self._timer is not None:
                self._timer.cancel()
            await asyncio.to_thread(self._close)

    def _count_read(self) -> None:
        if self._closed:
            raise closed_error(self.path)
        self._reads += 1
        if self._timer is None:
            self._wait_for_idle()

    def _wait_for_idle(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(_IDLE_S, self._look_whether_idle, self._reads)

    def _look_whether_idle(self, before: int) -> None:
        if self._reads != before:
            self._wait_for_idle()
            return
        self._timer = None
        if self.on_idle is not None and not self._closed:
            self.on_idle()

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

    def _shrink(self) -> None:
        with self._reader() as connection:
            connection.execute("PRAGMA shrink_memory")

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
