"""Sources: folders, cameras, and the requests of clients."""

from collections.abc import Sequence
import sqlite3

from .database import Database
from .errors import ConflictError, SourceUnknownError
from .forgetting import forget_photos
from .ids import new_id
from .records import NO_JSON, Forgotten, Json, Source, SourceKind
from .rows import from_json, to_json
from .scrubbing import Scrubber, note_deletion
from .thumbnails import ThumbnailFolder
from .times import now_ms


class Sources:
    """Where photos come from; a kind and a name make one."""

    def __init__(
        self, database: Database, thumbnails: ThumbnailFolder, scrubber: Scrubber
    ) -> None:
        self._database = database
        self._thumbnails = thumbnails
        self._scrubber = scrubber

    async def add(
        self,
        kind: SourceKind,
        name: str,
        path: str | None = None,
        settings: Json = NO_JSON,
    ) -> Source:
        """Add a source; raise ConflictError if its name is taken."""
        source = Source(new_id(), kind, name, path, settings, now_ms())

        def work(connection: sqlite3.Connection) -> Source:
            if _find(connection, kind, name) is not None:
                raise ConflictError(f"there is a {kind} source '{name}' already")
            _insert(connection, source)
            return source

        return await self._database.write(work)

    async def ensure(
        self, kind: SourceKind, name: str, path: str | None = None
    ) -> Source:
        """Return the source of a kind and name, added if it is new."""
        source = Source(new_id(), kind, name, path, NO_JSON, now_ms())

        def work(connection: sqlite3.Connection) -> Source:
            found = _find(connection, kind, name)
            if found is None:
                _insert(connection, source)
            return found or source

        found = await self.find(kind, name)
        if found is not None:
            return found
        return await self._database.write(work)

    async def get(self, source_id: str) -> Source:
        """Return a source; raise SourceUnknownError if there is none."""
        return await self._database.read(lambda connection: _get(connection, source_id))

    async def find(self, kind: SourceKind, name: str) -> Source | None:
        """Return the source of a kind and name."""
        return await self._database.read(
            lambda connection: _find(connection, kind, name)
        )

    async def list(self) -> "Sequence[Source]":
        """Return every source, the oldest first."""

        def work(connection: sqlite3.Connection) -> Sequence[Source]:
            rows = connection.execute(
                "SELECT * FROM sources ORDER BY created_at, rowid"
            )
            return [_source_of(row) for row in rows]

        return await self._database.read(work)

    async def update(
        self, source_id: str, *, name: str | None = None, settings: Json | None = None
    ) -> Source:
        """Change a source's name or settings."""

        def work(connection: sqlite3.Connection) -> Source:
            before = _get(connection, source_id)
            other = None if name is None else _find(connection, before.kind, name)
            if other is not None and other.id != source_id:
                raise ConflictError(f"there is a {before.kind} source '{name}' already")
            connection.execute(
                "UPDATE sources SET name = ifnull(?, name),"
                " settings = ifnull(?, settings) WHERE id = ?",
                (name, None if settings is None else to_json(settings), source_id),
            )
            return _get(connection, source_id)

        return await self._database.write(work)

    async def remove(self, source_id: str) -> Forgotten:
        """Remove a source and forget its photos, but for those that lie elsewhere."""

        def work(connection: sqlite3.Connection) -> list[str]:
            _get(connection, source_id)
            _hand_over(connection, source_id)
            rows = connection.execute(
                "SELECT id FROM photos WHERE source_id = ?", (source_id,)
            )
            gone = [row["id"] for row in rows.fetchall()]
            forget_photos(connection, gone)
            note_deletion(connection)
            connection.execute("DELETE FROM sources WHERE id = ?", (source_id,))
            return gone

        gone = await self._database.write(work)
        self._scrubber.later()
        return Forgotten(tuple(gone), self._thumbnails.of(gone))


def _hand_over(connection: sqlite3.Connection, source_id: str) -> None:
    """Give photos that lie in another source, too, to that one."""
    connection.execute(
        "UPDATE photos SET source_id = (SELECT files.source_id FROM files"
        "   WHERE photo_id = photos.id AND files.source_id != photos.source_id LIMIT 1)"
        " WHERE source_id = ? AND EXISTS (SELECT 1 FROM files"
        "   WHERE photo_id = photos.id AND files.source_id != photos.source_id)",
        (source_id,),
    )


def _insert(connection: sqlite3.Connection, source: Source) -> None:
    connection.execute(
        "INSERT INTO sources (id, kind, name, path, settings, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            source.id,
            source.kind,
            source.name,
            source.path,
            to_json(source.settings),
            source.created_at,
        ),
    )


def _get(connection: sqlite3.Connection, source_id: str) -> Source:
    row = connection.execute(
        "SELECT * FROM sources WHERE id = ?", (source_id,)
    ).fetchone()
    if row is None:
        raise SourceUnknownError(f"no source has the id '{source_id[:40]}'")
    return _source_of(row)


def _find(connection: sqlite3.Connection, kind: SourceKind, name: str) -> Source | None:
    row = connection.execute(
        "SELECT * FROM sources WHERE kind = ? AND name = ?", (kind, name)
    ).fetchone()
    return None if row is None else _source_of(row)


def _source_of(row: sqlite3.Row) -> Source:
    return Source(
        row["id"],
        SourceKind(row["kind"]),
        row["name"],
        row["path"],
        from_json(row["settings"]),
        row["created_at"],
    )
