"""Tags of photos, inside a transaction."""

import sqlite3

from .hashtags import hashtags
from .records import TagOrigin


def sync_hashtags(connection: sqlite3.Connection, photo_id: str) -> None:
    """Make a photo's hashtags those of its captions, in all languages together."""
    rows = connection.execute(
        "SELECT text FROM captions WHERE photo_id = ? ORDER BY language", (photo_id,)
    )
    wanted: dict[str, str] = {}
    for row in rows.fetchall():
        wanted = hashtags(row["text"]) | wanted
    present = tags_of(connection, photo_id, TagOrigin.CAPTION)
    for name, display in wanted.items():
        if name not in present:
            add_tag(connection, photo_id, name, display, TagOrigin.CAPTION)
    for name in present:
        if name not in wanted:
            remove_tag(connection, photo_id, name, TagOrigin.CAPTION)


def tags_of(
    connection: sqlite3.Connection, photo_id: str, origins: TagOrigin | None = None
) -> dict[str, str]:
    """Return a photo's tags, name to display, of some origins or of all."""
    mask = -1 if origins is None else int(origins)
    rows = connection.execute(
        "SELECT tags.name, tags.display FROM photos"
        " JOIN photo_tags USING (position) JOIN tags ON tags.id = photo_tags.tag_id"
        " WHERE photos.id = ? AND photo_tags.origins & ? ORDER BY tags.name",
        (photo_id, mask),
    )
    return {row["name"]: row["display"] for row in rows}


def add_tag(
    connection: sqlite3.Connection,
    photo_id: str,
    name: str,
    display: str,
    origin: TagOrigin,
) -> None:
    """Give a photo a tag for one more reason; an existing tag keeps its display."""
    connection.execute(
        "INSERT INTO tags (name, display) VALUES (?, ?) ON CONFLICT (name) DO NOTHING",
        (name, display),
    )
    connection.execute(
        "INSERT INTO photo_tags (tag_id, position, origins)"
        " SELECT tags.id, photos.position, ? FROM tags, photos"
        " WHERE tags.name = ? AND photos.id = ?"
        " ON CONFLICT (tag_id, position) DO UPDATE"
        " SET origins = origins | excluded.origins",
        (int(origin), name, photo_id),
    )


def remove_tag(
    connection: sqlite3.Connection, photo_id: str, name: str, origin: TagOrigin
) -> None:
    """Take one reason for a tag away; without any left, the tag goes."""
    place = (
        " WHERE tag_id = (SELECT id FROM tags WHERE name = ?)"
        " AND position = (SELECT position FROM photos WHERE id = ?)"
    )
    connection.execute(
        f"UPDATE photo_tags SET origins = origins & ~? {place}",  # noqa: S608  # constant
        (int(origin), name, photo_id),
    )
    connection.execute(
        f"DELETE FROM photo_tags {place} AND origins = 0",  # noqa: S608  # constant
        (name, photo_id),
    )
    remove_empty_tags(connection, [name])


def remove_empty_tags(connection: sqlite3.Connection, names: list[str]) -> None:
    """Remove those of some tags that no photo has any more."""
    connection.executemany(
        "DELETE FROM tags WHERE name = ?"
        " AND NOT EXISTS (SELECT 1 FROM photo_tags WHERE tag_id = tags.id)",
        [(name,) for name in names],
    )
