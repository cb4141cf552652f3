"""The files of a source as a whole, inside a transaction."""

from collections.abc import Iterable, Sequence
import sqlite3
from typing import Final

from .. import __version__
from .file_records import (
    STATES,
    FileState,
    KnownFiles,
    SourceCounts,
    UnreadFile,
)
from .filters import UNDESCRIBED
from .ids import new_id
from .rows import from_path, to_path

_LASTING: Final = frozenset({
    "photo_format_unsupported", "photo_damaged", "photo_too_large", "photo_empty",
})  # fmt: skip
"""What stays true of a file until it changes, or until a later version reads more."""
_THIS_RUN: Final = f"{__version__} {new_id()}"
"""Who noted what may pass (no permission, a broken disk): it is tried again later."""
_KNOWN: Final = (
    "SELECT path, size, mtime_ns, sidecars, state FROM files WHERE source_id = ?"
    " UNION ALL SELECT path, size, mtime_ns, sidecars, 'unread' FROM unread_files"
    " WHERE source_id = ? AND reader IN (?, ?) ORDER BY path"
)
_CODES: Final = {
    **{state.value: code for code, state in enumerate(STATES)},
    "unread": 3,
}
_MESSAGE: Final = 500
_PHOTOS: Final = "FROM photos WHERE source_id = ? AND deleted_at IS NULL"
_COUNTS: Final = {
    "photos": f"SELECT count(*) {_PHOTOS}",
    "captioned": f"SELECT count(*) {_PHOTOS} AND has_caption = 1",
    "pending": f"SELECT count(*) {_PHOTOS} AND is_pending = 1",
    "undescribed": f"SELECT count(*) {_PHOTOS} AND {' AND '.join(UNDESCRIBED)}",
    "failed": f"SELECT count(*) {_PHOTOS} AND problem IS NOT NULL",
    "missing": "SELECT count(*) FROM files WHERE source_id = ? AND state = 'missing'",
    "offline": "SELECT count(*) FROM files WHERE source_id = ? AND state = 'offline'",
    "unread": "SELECT count(*) FROM unread_files WHERE source_id = ?",
}


def known_files(connection: sqlite3.Connection, source_id: str) -> KnownFiles:
    """Return every file of a source, sorted by path."""
    known = KnownFiles()
    cursor = connection.cursor()
    cursor.row_factory = None  # plain tuples: a third of the time
    rows = cursor.execute(_KNOWN, (source_id, source_id, __version__, _THIS_RUN))
    for path, size, mtime_ns, sidecars, state in rows:
        known.add(path, size, mtime_ns, sidecars, _CODES[state])
    return known


def counts_of(connection: sqlite3.Connection, source_id: str) -> SourceCounts:
    """Return how much of a source there is."""
    return SourceCounts(
        **{
            name: int(connection.execute(query, (source_id,)).fetchone()[0])
            for name, query in _COUNTS.items()
        }
    )


def mark(
    connection: sqlite3.Connection,
    source_id: str,
    paths: Iterable[bytes],
    state: FileState,
    now: int,
) -> set[str]:
    """Say what became of files; return the photos whose last file came or went."""
    photos: set[str] = set()
    for path in paths:
        place = (source_id, path)
        connection.execute(
            "UPDATE files SET state = ?, seen_at = iif(? = ?, ?, seen_at)"
            " WHERE source_id = ? AND path = ?",
            (state, state, FileState.PRESENT, now, *place),
        )
        if state is FileState.MISSING:
            connection.execute(
                "DELETE FROM unread_files WHERE source_id = ? AND path = ?", place
            )
        photos.update(
            row["photo_id"]
            for row in connection.execute(
                "SELECT photo_id FROM files WHERE source_id = ? AND path = ?", place
            )
        )
    return {photo_id for photo_id in photos if bin_or_back(connection, photo_id, now)}


def bin_or_back(connection: sqlite3.Connection, photo_id: str, now: int) -> bool:
    """Put a photo whose files are all gone into the bin, or take it out again.

    What is out of reach is not gone.
    """
    return (
        connection.execute(
            "UPDATE photos SET deleted_at = iif(EXISTS (SELECT 1 FROM files"
            "   WHERE photo_id = photos.id AND state != 'missing'), NULL, ?)"
            " WHERE id = ? AND (deleted_at IS NULL) != EXISTS (SELECT 1 FROM files"
            "   WHERE photo_id = photos.id AND state != 'missing')",
            (now, photo_id),
        ).rowcount
        > 0
    )


def put_unread(
    connection: sqlite3.Connection,
    source_id: str,
    files: Sequence[UnreadFile],
    now: int,
) -> None:
    """Remember files that can't be read as photos, so that they are read once.

    A photo whose file is damaged now stays what it was until the file changes again.
    """
    for file in files:
        look = (file.size, file.mtime_ns, file.sidecars)
        place = (source_id, to_path(file.path))
        known = connection.execute(
            "UPDATE files SET size = ?, mtime_ns = ?, sidecars = ?"
            " WHERE source_id = ? AND path = ?",
            (*look, *place),
        )
        if known.rowcount:
            continue
        reader = __version__ if file.code in _LASTING else _THIS_RUN
        connection.execute(
            "INSERT OR REPLACE INTO unread_files (size, mtime_ns, sidecars, source_id,"
            " path, code, message, reader, seen_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*look, *place, file.code, file.message[:_MESSAGE], reader, now),
        )


def unread_of(row: sqlite3.Row) -> UnreadFile:
    """Return a row of `unread_files` as a record."""
    return UnreadFile(
        path=from_path(row["path"]),
        size=row["size"],
        mtime_ns=row["mtime_ns"],
        code=row["code"],
        message=row["message"],
        sidecars=row["sidecars"],
        seen_at=row["seen_at"],
    )
