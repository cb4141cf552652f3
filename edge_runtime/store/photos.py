"""The photos of a store: added, listed, changed, forgotten."""

from collections.abc import Collection, Sequence
from functools import partial
import sqlite3
from typing import Final, Unpack

from .cursors import Page, check_limit, decode_number, encode_cursor, page_of
from .database import Database
from .filters import photo_query
from .forgetting import beyond, forget_photos
from .listing import JsonPage, PageCache, json_page_of, json_page_statement
from .photo_rows import add_photo, change_photo, photo_row
from .positions import ABOVE_ALL
from .records import (
    Caption,
    Forgotten,
    NewPhoto,
    Photo,
    PhotoChanges,
    PhotoDetails,
    PhotoFilter,
    Retention,
    SimilarPhoto,
)
from .rows import caption_of, file_of, photo_of, suggestion_of, to_hash, to_unsigned
from .scrubbing import Scrubber, note_deletion
from .tag_rows import tags_of
from .thumbnails import ThumbnailFolder
from .times import now_ms

_EVERYTHING: Final = PhotoFilter()
_COMPARED: Final = 1000
_BATCH: Final = 500


class Photos:
    """Photos by id, by picture and in pages, newest first."""

    def __init__(
        self, database: Database, thumbnails: ThumbnailFolder, scrubber: Scrubber
    ) -> None:
        self._database = database
        self._thumbnails = thumbnails
        self._scrubber = scrubber
        self._pages = PageCache()

    async def add(self, new: NewPhoto) -> tuple[Photo, bool]:
        """Add a photo unless the store knows it; return it and whether it is new."""

        def work(connection: sqlite3.Connection) -> tuple[Photo, bool]:
            added = add_photo(connection, new, now_ms())
            photo = photo_of(photo_row(connection, added.photo_id))
            return photo, added.created

        return await self._database.write(work)

    async def add_many(self, new: Sequence[NewPhoto]) -> list[tuple[str, bool]]:
        """Add many photos as one; return each one's id and whether it is new."""

        def work(connection: sqlite3.Connection) -> list[tuple[str, bool]]:
            now = now_ms()
            # the index takes rows that come in its order several times as fast
            order = sorted(range(len(new)), key=lambda one: new[one].taken_at or now)
            added = {one: add_photo(connection, new[one], now) for one in order}
            return [(added[i].photo_id, added[i].created) for i in range(len(new))]

        return await self._database.write(work)

    async def get(self, photo_id: str) -> Photo:
        """Return a photo; raise PhotoNotFoundError if there is none."""
        return await self._database.read(
            lambda connection: photo_of(photo_row(connection, photo_id))
        )

    async def details(self, photo_id: str) -> PhotoDetails:
        """Return everything known about a photo."""
        return await self._database.read(partial(_details, photo_id=photo_id))

    async def by_picture_hash(
        self, picture_hash: str, source_id: str | None = None
    ) -> Photo | None:
        """Return the photo that is this picture, in one source or in any."""

        def work(connection: sqlite3.Connection) -> Photo | None:
            row = connection.execute(
                "SELECT * FROM photos WHERE picture_hash = ? AND source_id"
                " = ifnull(?, source_id) ORDER BY position LIMIT 1",
                (to_hash(picture_hash), source_id),
            ).fetchone()
            return None if row is None else photo_of(row)

        return await self._database.read(work)

    async def page(
        self,
        wanted: PhotoFilter = _EVERYTHING,
        *,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Photo]:
        """Return a page of photos, newest first; it stays in place as others come."""
        check_limit(limit)
        query = photo_query(wanted)
        below = ABOVE_ALL if cursor is None else decode_number("photos", cursor)

        def work(connection: sqlite3.Connection) -> Page[Photo]:
            rows = connection.execute(
                f"SELECT photos.* FROM {query.tables}"  # noqa: S608  # our own names
                f" WHERE {query.where()} AND {query.order} < ?"
                f" ORDER BY {query.order} DESC LIMIT ?",
                (*query.parameters, below, limit + 1),
            ).fetchall()
            return page_of(
                rows,
                limit,
                photo_of,
                lambda row: encode_cursor("photos", row["position"]),
            )

        return await self._database.read(work)

    async def json_page(
        self,
        wanted: PhotoFilter = _EVERYTHING,
        language: str = "en",
        *,
        limit: int = 50,
        cursor: str | None = None,
    ) -> JsonPage:
        """Return a page like `page`, with its photos as the JSON that clients get.

        The language is that of the words under each photo, where there are such.
        """
        check_limit(limit)
        below = ABOVE_ALL if cursor is None else decode_number("photos", cursor)
        key, changes = (wanted, language, below, limit), self._database.changes
        if (page := self._pages.get(changes, key)) is None:
            query = photo_query(wanted)
            statement = json_page_statement(query, language, below, limit)
            page = json_page_of(await self._database.row(*statement))
            self._pages.put(changes, key, page)
        return page

    async def similar(
        self,
        source_id: str,
        perceptual_hash: int,
        *,
        since: int,
        max_distance: int = 6,
    ) -> SimilarPhoto | None:
        """Return the earlier frame of a source that looks most like this one."""

        def work(connection: sqlite3.Connection) -> SimilarPhoto | None:
            rows = connection.execute(
                "SELECT id, perceptual_hash, added_at FROM photos"
                " WHERE source_id = ? AND added_at >= ? AND deleted_at IS NULL"
                " AND perceptual_hash IS NOT NULL ORDER BY position DESC LIMIT ?",
                (source_id, since, _COMPARED),
            )
            found = [
                SimilarPhoto(row["id"], distance, row["added_at"])
                for row in rows
                if (distance := _distance(row, perceptual_hash)) <= max_distance
            ]
            return min(found, key=lambda one: one.distance, default=None)

        return await self._database.read(work)

    async def update(self, photo_id: str, **changes: Unpack[PhotoChanges]) -> Photo:
        """Change a photo; another picture makes its suggestions stale."""

        def work(connection: sqlite3.Connection) -> Photo:
            change_photo(connection, photo_id, changes)
            return photo_of(photo_row(connection, photo_id))

        return await self._database.write(work)

    async def written(self, photo_id: str, captions: Collection[Caption]) -> None:
        """Note that a photo's captions are in its metadata, unless they changed since.

        `captions` are those that were written.
        """
        then = sorted((one.language, one.text) for one in captions)

        def work(connection: sqlite3.Connection) -> None:
            rows = connection.execute(
                "SELECT language, text FROM captions WHERE photo_id = ?", (photo_id,)
            )
            if sorted((row["language"], row["text"]) for row in rows) == then:
                connection.execute(
                    "UPDATE photos SET unwritten = 0 WHERE id = ?", (photo_id,)
                )

        await self._database.write(work)

    async def not_written(self, photo_id: str) -> None:
        """Note that a photo's captions are not in its metadata any more."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE photos SET unwritten = has_caption WHERE id = ?", (photo_id,)
            )

        await self._database.write(work)

    async def set_deleted(self, photo_id: str, *, deleted: bool) -> Photo:
        """Put a photo into the bin, or take it out again."""

        def work(connection: sqlite3.Connection) -> Photo:
            connection.execute(
                "UPDATE photos SET deleted_at = ? WHERE id = ?",
                (now_ms() if deleted else None, photo_id),
            )
            return photo_of(photo_row(connection, photo_id))

        return await self._database.write(work)

    async def forget(self, *photo_ids: str) -> Forgotten:
        """Remove photos and every word about them; the caller deletes the files."""

        def work(connection: sqlite3.Connection) -> None:
            forget_photos(connection, photo_ids)
            note_deletion(connection)

        await self._database.write(work)
        self._scrubber.later()
        return Forgotten(photo_ids, self._thumbnails.of(photo_ids))

    async def retain(self, source_id: str, keep: Retention) -> Forgotten:
        """Remove what a camera's ring no longer holds, the oldest first."""

        def work(connection: sqlite3.Connection) -> list[str]:
            gone = beyond(connection, source_id, keep, now_ms())[-_BATCH:]
            forget_photos(connection, gone)
            if gone:
                note_deletion(connection)
            return gone

        removed: list[str] = []
        while batch := await self._database.write(work):
            removed += batch
            self._scrubber.later()
        return Forgotten(tuple(removed), self._thumbnails.of(removed))

    async def unknown(self, photo_ids: Collection[str]) -> set[str]:
        """Return those ids that no photo has, for a sweep of left-over files."""

        def work(connection: sqlite3.Connection) -> set[str]:
            query = "SELECT 1 FROM photos WHERE id = ?"
            return {
                one
                for one in photo_ids
                if connection.execute(query, (one,)).fetchone() is None
            }

        return await self._database.read(work)


def _details(connection: sqlite3.Connection, photo_id: str) -> PhotoDetails:
    photo = photo_of(photo_row(connection, photo_id))

    def rows(table: str, order: str) -> list[sqlite3.Row]:
        return connection.execute(
            f"SELECT * FROM {table} WHERE photo_id = ? ORDER BY {order}",  # noqa: S608  # our own names
            (photo_id,),
        ).fetchall()

    return PhotoDetails(
        photo,
        tuple(map(file_of, rows("files", "id"))),
        tuple(map(caption_of, rows("captions", "language"))),
        tuple(map(suggestion_of, rows("suggestions", "created_at DESC, id DESC"))),
        tuple(tags_of(connection, photo_id).values()),
    )


def _distance(row: sqlite3.Row, perceptual_hash: int) -> int:
    return ((to_unsigned(row["perceptual_hash"]) or 0) ^ perceptual_hash).bit_count()
