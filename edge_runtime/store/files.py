"""The files of photos, as the last look at their source found them."""

from collections.abc import Callable, Collection, Sequence
import sqlite3
from typing import TypeVar

from . import file_rows, search_index
from .cursors import Page, check_limit, decode_number, encode_cursor, page_of
from .database import Database
from .file_records import (
    FileState,
    KnownFiles,
    NewFile,
    PhotoFile,
    SourceCounts,
    UnreadFile,
)
from .photo_rows import photo_row, put_file, source_kind
from .rows import file_of, to_path
from .times import now_ms

ItemT = TypeVar("ItemT")


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
        return await self._page("files", "files", file_of, source_id, limit, cursor)

    async def known(self, source_id: str) -> KnownFiles:
        """Return every file of a source, to compare a look at its folder with."""
        return await self._database.read(
            lambda connection: file_rows.known_files(connection, source_id)
        )

    async def mark(
        self, source_id: str, paths: Collection[bytes], state: FileState
    ) -> set[str]:
        """Say what became of files; return the photos that came or went with it.

        A photo without any file left goes into the bin, with every word about it.
        """
        return await self._database.write(
            lambda connection: file_rows.mark(
                connection, source_id, paths, state, now_ms()
            )
        )

    async def put_unread(self, source_id: str, files: Sequence[UnreadFile]) -> None:
        """Remember files that can't be read as photos."""
        await self._database.write(
            lambda connection: file_rows.put_unread(
                connection, source_id, files, now_ms()
            )
        )

    async def unread(
        self, source_id: str, *, limit: int = 50, cursor: str | None = None
    ) -> Page[UnreadFile]:
        """Return a page of the files that can't be read as photos, by path."""
        read = file_rows.unread_of
        return await self._page(
            "unread_files", "unread", read, source_id, limit, cursor
        )

    async def counts(self, source_id: str) -> SourceCounts:
        """Return how much of a source there is, and how far it is."""
        return await self._database.read(
            lambda connection: file_rows.counts_of(connection, source_id)
        )

    async def _page(
        self,
        table: str,
        name: str,
        read_row: Callable[[sqlite3.Row], ItemT],
        source_id: str,
        limit: int,
        cursor: str | None,
    ) -> Page[ItemT]:
        """Return a page of a source's rows; `name` is what its cursors are for."""
        check_limit(limit)
        above = 0 if cursor is None else decode_number(name, cursor)

        def work(connection: sqlite3.Connection) -> Page[ItemT]:
            rows = connection.execute(
                f"SELECT * FROM {table} WHERE source_id = ? AND id > ?"  # noqa: S608  # our own names
                " ORDER BY id LIMIT ?",
                (source_id, above, limit + 1),
            ).fetchall()
            return page_of(
                rows, limit, read_row, lambda row: encode_cursor(name, row["id"])
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
