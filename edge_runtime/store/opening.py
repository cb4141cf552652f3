"""Open the database file: check it, move a damaged one aside, migrate."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
import os
from pathlib import Path
import sqlite3
from typing import Final

from .connection import APPLICATION_ID, connect
from .errors import StoreError, StoreUnwritableError, is_corruption, translated
from .migrate import check_sqlite, check_version, migrate, newest_version
from .service_records import StoreOpening

COMPANIONS: Final = ("", "-wal", "-shm")
"""What SQLite adds to a database's name for the files that belong to it."""


def open_file(path: Path) -> StoreOpening:
    """Leave a sound database of the newest schema at a path; blocks."""
    check_sqlite()
    is_new = _make_place(path)
    with _readable_errors(path):
        moved = () if is_new or is_sound(path) else move_aside(path, "corrupt")
        if moved:
            _make_place(path)
        with closing(connect(path)) as connection:
            before = check_version(connection, path)
            _refuse_foreign(connection, path)
            migrate(connection)
    migrated = before if 0 < before < newest_version() else None
    return StoreOpening(before == 0 and not moved, migrated, moved)


def is_sound(path: Path) -> bool:
    """Return whether SQLite finds a file's structure whole; reads all of it."""
    try:
        with closing(connect(path, read_only=True)) as connection:
            return not problems(connection, "quick_check")
    except sqlite3.Error as err:
        # a disk that can't be read now is no reason to put the file away
        if is_corruption(err):
            return False
        raise


def problems(connection: sqlite3.Connection, pragma: str) -> list[str]:
    """Return what `quick_check` or `integrity_check` finds."""
    rows = connection.execute(f"PRAGMA {pragma}(20)").fetchall()
    return [str(row[0]) for row in rows if row[0] != "ok"]


def move_aside(path: Path, why: str) -> tuple[Path, ...]:
    """Rename a database and its companions; return the new names."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    base = f"{path.name}.{why}-{stamp}"
    count = 0
    while any(path.with_name(base + end).exists() for end in COMPANIONS):
        count += 1
        base = f"{path.name}.{why}-{stamp}-{count}"
    moved = []
    for end in COMPANIONS:
        part = path.with_name(path.name + end)
        if part.exists():
            moved.append(part.rename(path.with_name(base + end)))
    return tuple(moved)


def _make_place(path: Path) -> bool:
    """Create an empty file that only its owner can read; False if one is there."""
    if path.exists():
        return False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    except OSError as err:
        raise StoreUnwritableError(
            f"{path}: can't be created: {err.strerror}"
        ) from None
    os.close(descriptor)
    return True


def _refuse_foreign(connection: sqlite3.Connection, path: Path) -> None:
    found = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables and found != APPLICATION_ID:
        raise StoreError(
            f"{path}: this is the database of another program; move it away, or "
            f"choose another home"
        )


@contextmanager
def _readable_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as err:
        raise translated(err, path) from err
