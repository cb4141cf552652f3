"""Bring a database to this version's schema, one step at a time, never back."""

from contextlib import closing
from pathlib import Path
import sqlite3
from typing import Final

from .connection import APPLICATION_ID
from .errors import StoreTooNewError, StoreUnsupportedError

_FOLDER: Final = Path(__file__).parent / "migrations"
_OLDEST_SQLITE: Final = (3, 31)


def scripts() -> list[tuple[int, Path]]:
    """Return every step with the version it leads to, in order."""
    found = [(int(path.name[:4]), path) for path in _FOLDER.glob("[0-9]*.sql")]
    return sorted(found)


def newest_version() -> int:
    """Return the schema version that this program works with."""
    return scripts()[-1][0]


def version_of(connection: sqlite3.Connection) -> int:
    """Return a database's schema version; 0 if it is empty."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def check_version(connection: sqlite3.Connection, path: Path) -> int:
    """Return a database's version; raise StoreTooNewError if it is a later one."""
    version = version_of(connection)
    if version > newest_version():
        raise StoreTooNewError(
            f"{path}: a newer Edge Captions wrote this database (schema {version}, "
            f"this one knows {newest_version()}); update Edge Captions, or restore "
            f"a backup from before"
        )
    return version


def migrate(connection: sqlite3.Connection, *, to: int | None = None) -> None:
    """Run the steps that are missing, each in a transaction of its own."""
    version = version_of(connection)
    for step, path in scripts():
        if version < step <= (to or step):
            _run(connection, step, path.read_text(encoding="utf-8"))


def check_sqlite() -> None:
    """Raise StoreUnsupportedError if this Python's SQLite can't hold a store."""
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise StoreUnsupportedError(
            f"SQLite {sqlite3.sqlite_version} is too old; use a Python with "
            f"{'.'.join(map(str, _OLDEST_SQLITE))} or later"
        )
    try:
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.execute("CREATE VIRTUAL TABLE trial USING fts5 (text)")
            connection.execute("SELECT json_group_array(1)")
    except sqlite3.OperationalError:
        raise StoreUnsupportedError(
            "this Python's SQLite has no full-text search (FTS5) or no JSON; use "
            "another Python"
        ) from None


def _run(connection: sqlite3.Connection, step: int, script: str) -> None:
    try:
        connection.executescript(
            f"BEGIN IMMEDIATE;\n{script}\n"
            f"PRAGMA application_id = {APPLICATION_ID};\n"
            f"PRAGMA user_version = {step};\nCOMMIT;"
        )
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
