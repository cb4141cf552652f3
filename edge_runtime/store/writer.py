"""The one thread that writes: each function a transaction, neighbours share a sync."""

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
import sqlite3
import threading
from typing import Any, Final, TypeAlias, TypeVar

from .connection import connect
from .errors import (
    InvalidValueError,
    StoreClosedError,
    is_busy,
    translated,
)

ResultT = TypeVar("ResultT")
Work: TypeAlias = Callable[[sqlite3.Connection], ResultT]
_GROUP: Final = 128
_IDLE_S: Final = 1.0
"""After so long without work the connection gives its memory back."""


@dataclass(frozen=True, slots=True)
class _Write:
    """A function and the future that gets its result after the commit."""

    work: Work[Any]
    future: "Future[Any]"


class Writer:
    """Runs functions in their order, each whole or not at all."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.commits = 0
        self._connection = connect(path)
        self._queue: SimpleQueue[_Write | None] = SimpleQueue()
        self._gate = threading.Lock()
        self._closed = False
        # a daemon: a process that forgot to close its store must still be able to end
        self._thread = threading.Thread(
            target=self._run, name="store-writer", daemon=True
        )
        self._thread.start()

    def submit(self, work: Work[ResultT]) -> "Future[ResultT]":
        """Queue a function; its future ends when the result is on the disk.

        The function may be run twice: it must change nothing but the database.
        """
        future: Future[ResultT] = Future()
        with self._gate:
            if self._closed:
                raise closed_error(self._path)
            self._queue.put(_Write(work, future))
        return future

    def close(self) -> None:
        """Write what waits, then end the thread; blocks."""
        with self._gate:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        try:
            while (first := self._next()) is not None:
                group, is_last = self._waiting_with(first)
                self._write(group)
                if is_last:
                    break
        finally:
            self._connection.close()

    def _next(self) -> _Write | None:
        with suppress(Empty):
            return self._queue.get(timeout=_IDLE_S)
        self._connection.execute("PRAGMA shrink_memory")
        return self._queue.get()

    def _waiting_with(self, first: _Write) -> tuple[list[_Write], bool]:
        group = [first]
        while len(group) < _GROUP:
            try:
                following = self._queue.get_nowait()
            except Empty:
                break
            if following is None:
                return group, True
            group.append(following)
        return group, False

    def _write(self, group: list[_Write]) -> None:
        group = [one for one in group if one.future.set_running_or_notify_cancel()]
        if len(group) > 1 and self._write_together(group):
            return
        for one in group:
            self._write_alone(one)

    def _write_together(self, group: list[_Write]) -> bool:
        try:
            results = self._transaction([one.work for one in group])
        except sqlite3.Error as err:
            if not is_busy(err):
                return False
            for one in group:  # alone, each would wait as long in vain
                one.future.set_exception(translated(err, self._path))
            return True
        except Exception:  # noqa: BLE001  # alone, each gets its own error or result
            return False
        for one, result in zip(group, results, strict=True):
            one.future.set_result(result)
        return True

    def _write_alone(self, one: _Write) -> None:
        try:
            (result,) = self._transaction([one.work])
        except Exception as err:  # noqa: BLE001  # whatever it is, it belongs to a caller
            one.future.set_exception(readable(err, self._path))
        else:
            one.future.set_result(result)

    def _transaction(self, works: list[Work[ResultT]]) -> list[ResultT]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            results = [work(self._connection) for work in works]
            self._connection.execute("COMMIT")
            self.commits += 1
        except BaseException:
            # SQLite itself has rolled back after some errors, a full disk among them
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        return results


def readable(err: Exception, path: Path) -> Exception:
    """Return the error that a caller should see."""
    if isinstance(err, sqlite3.Error):
        return translated(err, path)
    if isinstance(err, OverflowError):
        return InvalidValueError("a number is too large to be stored")
    if isinstance(err, UnicodeEncodeError):
        return InvalidValueError("a text holds characters that are no Unicode")
    return err


def closed_error(path: Path) -> StoreClosedError:
    """Return the error for work that comes after the end."""
    return StoreClosedError(f"{path}: the store is closed")
