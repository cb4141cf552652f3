"""Tags of photos; every tag is an album."""

from collections.abc import Sequence
import sqlite3

from . import search_index, tag_rows
from .cursors import Page, check_limit, decode_cursor, encode_cursor, page_of
from .database import Database
from .errors import TagNotFoundError
from .hashtags import tag_display, tag_name
from .photo_rows import photo_row
from .records import Album, AlbumKind, Tag, TagOrigin

_COUNTED = (
    "SELECT name, display, count(*) AS photos FROM tags"
    " CROSS JOIN photo_tags ON photo_tags.tag_id = tags.id"
)


class Tags:
    """Tags by name, and what has them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, name: str) -> Tag:
        """Return a tag; raise TagNotFoundError if no photo has it."""
        return await self._database.read(lambda connection: _get(connection, name))

    async def page(
        self, prefix: str = "", *, limit: int = 50, cursor: str | None = None
    ) -> Page[Tag]:
        """Return a page of tags in the order of their names."""
        check_limit(limit)
        first = tag_name(prefix) if prefix else ""
        after = "" if cursor is None else decode_cursor("tags", cursor)[0]

        def work(connection: sqlite3.Connection) -> Page[Tag]:
            rows = connection.execute(
                f"{_COUNTED} WHERE name > ? AND substr(name, 1, ?) = ?"
                " GROUP BY tags.id ORDER BY name LIMIT ?",
                (after, len(first), first, limit + 1),
            ).fetchall()
            return page_of(rows, limit, _tag_of, _cursor_after)

        return await self._database.read(work)

    async def albums(
        self, *, limit: int = 50, cursor: str | None = None
    ) -> Page[Album]:
        """Return a page of the tags' albums."""
        page = await self.page(limit=limit, cursor=cursor)
        albums = (
            Album(tag.name, AlbumKind.TAG, tag.display, tag.photos)
            for tag in page.items
        )
        return Page(tuple(albums), page.next_cursor)

    async def of_photo(self, photo_id: str) -> Sequence[str]:
        """Return a photo's tags as they are shown."""

        def work(connection: sqlite3.Connection) -> Sequence[str]:
            photo_row(connection, photo_id)
            return list(tag_rows.tags_of(connection, photo_id).values())

        return await self._database.read(work)

    async def add(
        self, photo_id: str, tag: str, origin: TagOrigin = TagOrigin.PERSON
    ) -> Tag:
        """Give a photo a tag."""
        name, display = tag_name(tag), tag_display(tag)

        def work(connection: sqlite3.Connection) -> Tag:
            photo_row(connection, photo_id)
            tag_rows.add_tag(connection, photo_id, name, display, origin)
            search_index.refresh(connection, photo_id)
            return _get(connection, name)

        return await self._database.write(work)

    async def remove(self, photo_id: str, tag: str) -> None:
        """Take a tag off a photo; a caption's hashtag stays while it is there."""
        name = tag_name(tag)

        def work(connection: sqlite3.Connection) -> None:
            photo_row(connection, photo_id)
            chosen = TagOrigin.PERSON | TagOrigin.IMPORTED
            tag_rows.remove_tag(connection, photo_id, name, chosen)
            search_index.refresh(connection, photo_id)

        await self._database.write(work)


def _get(connection: sqlite3.Connection, name: str) -> Tag:
    row = connection.execute(
        f"{_COUNTED} WHERE name = ? GROUP BY tags.id", (tag_name(name),)
    ).fetchone()
    if row is None:
        raise TagNotFoundError(f"no photo has the tag '{name[:100]}'")
    return _tag_of(row)


def _tag_of(row: sqlite3.Row) -> Tag:
    return Tag(row["name"], row["display"], row["photos"])


def _cursor_after(row: sqlite3.Row) -> str:
    return encode_cursor("tags", row["name"])
