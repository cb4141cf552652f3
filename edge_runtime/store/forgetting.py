"""Take photos out of the store, with everything that was said about them."""

from collections.abc import Sequence
import sqlite3
from typing import Final

from ..errors import PhotoNotFoundError
from . import search_index
from .records import Retention
from .service_records import ShareTarget
from .tag_rows import remove_empty_tags, tags_of

_DAY_MS: Final = 86_400_000


def forget_photos(connection: sqlite3.Connection, photo_ids: Sequence[str]) -> None:
    """Remove photos; raise PhotoNotFoundError if one of them is not there."""
    for photo_id in photo_ids:
        row = connection.execute(
            "SELECT position FROM photos WHERE id = ?", (photo_id,)
        ).fetchone()
        if row is None:
            raise PhotoNotFoundError(f"no photo has the id '{photo_id[:40]}'")
        tags = tags_of(connection, photo_id)
        search_index.remove(connection, row["position"])
        # files, captions, history, suggestions, ratings and tags go with it
        connection.execute("DELETE FROM photos WHERE id = ?", (photo_id,))
        remove_empty_tags(connection, list(tags))
        _remove_mentions(connection, photo_id)


def beyond(
    connection: sqlite3.Connection, source_id: str, keep: Retention, now: int
) -> list[str]:
    """Return the photos of a ring that its bounds no longer hold, newest first."""
    rows = connection.execute(
        "SELECT id, added_at, stored_bytes FROM photos WHERE source_id = ?"
        " ORDER BY added_at DESC, position DESC",
        (source_id,),
    )
    gone: list[str] = []
    stored = 0
    for count, row in enumerate(rows):
        stored += row["stored_bytes"]
        is_old = keep.days is not None and row["added_at"] < now - keep.days * _DAY_MS
        is_many = keep.count is not None and count >= keep.count
        is_big = keep.stored_bytes is not None and stored > keep.stored_bytes
        if is_old or is_many or is_big:
            gone.append(row["id"])
    return gone


def _remove_mentions(connection: sqlite3.Connection, photo_id: str) -> None:
    connection.execute(
        "DELETE FROM shares WHERE target = ? AND target_id = ?",
        (ShareTarget.PHOTO, photo_id),
    )
    connection.execute("DELETE FROM events WHERE instr(data, ?)", (photo_id,))
    connection.execute("DELETE FROM outbox WHERE photo_id = ?", (photo_id,))
    connection.execute(
        "DELETE FROM jobs WHERE state IN ('done', 'failed', 'cancelled')"
        " AND (instr(params, ?) OR instr(result, ?) OR instr(error, ?))",
        (photo_id,) * 3,
    )
