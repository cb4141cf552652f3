"""Albums that a person or a place makes; a tag's album is its tag."""

from collections.abc import Sequence
import sqlite3

from .database import Database
from .errors import AlbumNotFoundError, ConflictError, InvalidValueError
from .ids import new_id
from .photo_rows import photo_row
from .records import Album, AlbumKind
from .times import now_ms

_COUNTED = (
    "SELECT id, kind, name, (SELECT count(*) FROM album_photos"
    " WHERE album_id = albums.id) AS photos FROM albums"
)


class Albums:
    """Albums by id, and the photos in them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, name: str, kind: AlbumKind = AlbumKind.USER) -> Album:
        """Create an empty album."""
        if kind is AlbumKind.TAG:
            raise InvalidValueError("a tag's album comes with its tag")
        album_id = new_id()

        def work(connection: sqlite3.Connection) -> Album:
            _refuse_taken(connection, kind, name)
            connection.execute(
                "INSERT INTO albums (id, kind, name, created_at) VALUES (?, ?, ?, ?)",
                (album_id, kind, name, now_ms()),
            )
            return _get(connection, album_id)

        return await self._database.write(work)

    async def get(self, album_id: str) -> Album:
        """Return an album; raise AlbumNotFoundError if there is none."""
        return await self._database.read(lambda connection: _get(connection, album_id))

    async def list(self) -> "Sequence[Album]":
        """Return every album in the order of their names."""

        def work(connection: sqlite3.Connection) -> Sequence[Album]:
            rows = connection.execute(f"{_COUNTED} ORDER BY name, id")
            return [_album_of(row) for row in rows]

        return await self._database.read(work)

    async def rename(self, album_id: str, name: str) -> Album:
        """Give an album another name."""

        def work(connection: sqlite3.Connection) -> Album:
            before = _get(connection, album_id)
            if name != before.name:
                _refuse_taken(connection, before.kind, name)
            connection.execute(
                "UPDATE albums SET name = ? WHERE id = ?", (name, album_id)
            )
            return _get(connection, album_id)

        return await self._database.write(work)

    async def delete(self, album_id: str) -> None:
        """Delete an album; its photos stay."""

        def work(connection: sqlite3.Connection) -> None:
            _get(connection, album_id)
            connection.execute("DELETE FROM albums WHERE id = ?", (album_id,))

        await self._database.write(work)

    async def add(self, album_id: str, photo_ids: Sequence[str]) -> Album:
        """Put photos into an album."""

        def work(connection: sqlite3.Connection) -> Album:
            _get(connection, album_id)
            for photo_id in photo_ids:
                connection.execute(
                    "INSERT INTO album_photos (album_id, position) VALUES (?, ?)"
                    " ON CONFLICT DO NOTHING",
                    (album_id, photo_row(connection, photo_id)["position"]),
                )
            return _get(connection, album_id)

        return await self._database.write(work)

    async def remove(self, album_id: str, photo_ids: Sequence[str]) -> Album:
        """Take photos out of an album."""

        def work(connection: sqlite3.Connection) -> Album:
            connection.executemany(
                "DELETE FROM album_photos WHERE album_id = ?"
                " AND position = (SELECT position FROM photos WHERE id = ?)",
                [(album_id, photo_id) for photo_id in photo_ids],
            )
            return _get(connection, album_id)

        return await self._database.write(work)


def _get(connection: sqlite3.Connection, album_id: str) -> Album:
    row = connection.execute(f"{_COUNTED} WHERE id = ?", (album_id,)).fetchone()
    if row is None:
        raise AlbumNotFoundError(f"no album has the id '{album_id[:40]}'")
    return _album_of(row)


def _refuse_taken(connection: sqlite3.Connection, kind: AlbumKind, name: str) -> None:
    taken = connection.execute(
        "SELECT 1 FROM albums WHERE kind = ? AND name = ?", (kind, name)
    ).fetchone()
    if taken is not None:
        raise ConflictError(f"there is an album '{name[:100]}' already")


def _album_of(row: sqlite3.Row) -> Album:
    return Album(row["id"], AlbumKind(row["kind"]), row["name"], row["photos"])
