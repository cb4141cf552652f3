"""The files of photos, as the last look at their source found them."""

from collections.abc import Sequence
import sqlite3

from . import search_index
from .cursors import Page, check_limit, decode_number, encode_cursor, page_of
from .database import Database
from .photo_rows import photo_row, put_file, source_kind
from .records import FileState, NewFile, PhotoFile
from .rows import file_of, to_path
from .times import now_ms


class Files:
    """Files by their path in a source."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_path(self, source_id: str, path: str) -> PhotoFile | None:
        """Return what is known about a path."""
        return await self._database.read(
            lambda connection: _by_path(connection, source_id, path)
        )

    async def add(self, photo_id: str, source_id: str, file: NewFile) -> PhotoFile:
        """Say that a photo lies at a path, whatever lay there before."""

        def work(connection: sqlite3.Connection) -> PhotoFile:
            photo_row(connection, photo_id)
            source_kind(connection, source_id)
            before = _by_path(connection, source_id, file.path)
            put_file(connection, photo_id, source_id, file, now_ms())
            if before is not None and before.photo_id != photo_id:
                search_index.refresh(connection, before.photo_id)
            search_index.refresh(connection, photo_id)
            after = _by_path(connection, source_id, file.path)
            assert after is not None  # noqa: S101  # it was written above
            return after

        return await self._database.write(work)

    async def set_state(
        self, source_id: str, paths: Sequence[str], state: FileState
    ) -> int:
        """Say that files are there, missing or out of reach; return how many."""

        def work(connection: sqlite3.Connection) -> int:
            now = now_ms()
            changed = connection.executemany(
                "UPDATE files SET state = ?, seen_at = iif(? = ?, ?, seen_at)"
                " WHERE source_id = ? AND path = ?",
                [
                    (state, state, FileState.PRESENT, now, source_id, to_path(path))
                    for path in paths
                ],
            )
            return changed.rowcount

        return await self._database.write(work)

    async def of_source(
        self, source_id: str, *, limit: int = 500, cursor: str | None = None
    ) -> Page[PhotoFile]:
        """Return a page of a source's files, in the order they were found."""
        check_limit(limit)
        above = 0 if cursor is None else decode_number("files", cursor)

        def work(connection: sqlite3.Connection) -> Page[PhotoFile]:
            rows = connection.execute(
                "SELECT * FROM files WHERE source_id = ? AND id > ?"
                " ORDER BY id LIMIT ?",
                (source_id, above, limit + 1),
            ).fetchall()
            return page_of(
                rows, limit, file_of, lambda row: encode_cursor("files", row["id"])
            )

        return await self._database.read(work)


def _by_path(
    connection: sqlite3.Connection, source_id: str, path: str
) -> PhotoFile | None:
    row = connection.execute(
        "SELECT * FROM files WHERE source_id = ? AND path = ?",
        (source_id, to_path(path)),
    ).fetchone()
    return None if row is None else file_of(row)
