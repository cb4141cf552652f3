"""A photo's caption in one language, with what it was before; in a transaction."""

import sqlite3

from . import search_index
from .errors import InvalidValueError, NothingToUndoError
from .records import Caption, CaptionOrigin
from .rows import caption_of
from .tag_rows import sync_hashtags

MAX_TEXT = 20_000
"""Longest caption in code points."""


def read_slot(
    connection: sqlite3.Connection, photo_id: str, language: str
) -> Caption | None:
    """Return the caption of a photo in a language."""
    row = connection.execute(
        "SELECT * FROM captions WHERE photo_id = ? AND language = ?",
        (photo_id, language),
    ).fetchone()
    return None if row is None else caption_of(row)


def write_slot(connection: sqlite3.Connection, caption: Caption, now: int) -> Caption:
    """Make a caption the current one; what was there goes into the history."""
    before = read_slot(connection, caption.photo_id, caption.language)
    if before is not None and _same(before, caption):
        return before
    _remember(connection, caption.photo_id, caption.language, before, now)
    _put(connection, caption)
    # what was found in the metadata need not be written there
    is_own = caption.origin is not CaptionOrigin.IMPORTED
    _update(connection, caption.photo_id, is_own=is_own)
    return caption


def clear_slot(
    connection: sqlite3.Connection, photo_id: str, language: str, now: int
) -> None:
    """Remove a caption; the history keeps it."""
    before = read_slot(connection, photo_id, language)
    if before is not None:
        _remember(connection, photo_id, language, before, now)
        _delete(connection, photo_id, language)
        _update(connection, photo_id)


def undo_slot(
    connection: sqlite3.Connection, photo_id: str, language: str
) -> Caption | None:
    """Return a slot to what it was before its last change; return what it was now."""
    row = connection.execute(
        "SELECT * FROM caption_history WHERE photo_id = ? AND language = ?"
        " ORDER BY id DESC LIMIT 1",
        (photo_id, language),
    ).fetchone()
    if row is None:
        raise NothingToUndoError(
            f"the caption of photo '{photo_id[:40]}' in '{language[:40]}' was never "
            f"changed"
        )
    undone = read_slot(connection, photo_id, language)
    connection.execute("DELETE FROM caption_history WHERE id = ?", (row["id"],))
    if row["text"] is None:
        _delete(connection, photo_id, language)
    else:
        _put(connection, caption_of(row))
    _update(connection, photo_id)
    return undone


def checked_text(text: str) -> str:
    """Return a caption's text without spaces around it; refuse what can't be one."""
    text = text.strip()
    if not text:
        raise InvalidValueError("a caption needs a text")
    if len(text) > MAX_TEXT:
        raise InvalidValueError(f"a caption has at most {MAX_TEXT} characters")
    return text


def _same(before: Caption, caption: Caption) -> bool:
    return (before.text, before.origin, before.suggestion_id) == (
        caption.text,
        caption.origin,
        caption.suggestion_id,
    )


def _remember(
    connection: sqlite3.Connection,
    photo_id: str,
    language: str,
    before: Caption | None,
    now: int,
) -> None:
    values: tuple[str | int | CaptionOrigin | None, ...] = (None,) * 4
    if before is not None:
        values = (before.text, before.origin, before.created_at, before.suggestion_id)
    connection.execute(
        "INSERT INTO caption_history (photo_id, language, text, origin, created_at,"
        " suggestion_id, replaced_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (photo_id, language, *values, now),
    )


def _put(connection: sqlite3.Connection, caption: Caption) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO captions"
        " (photo_id, language, text, origin, created_at, suggestion_id)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            caption.photo_id,
            caption.language,
            caption.text,
            caption.origin,
            caption.created_at,
            caption.suggestion_id,
        ),
    )


def _delete(connection: sqlite3.Connection, photo_id: str, language: str) -> None:
    connection.execute(
        "DELETE FROM captions WHERE photo_id = ? AND language = ?",
        (photo_id, language),
    )


def _update(
    connection: sqlite3.Connection, photo_id: str, *, is_own: bool = True
) -> None:
    if is_own:
        connection.execute("UPDATE photos SET unwritten = 1 WHERE id = ?", (photo_id,))
    sync_hashtags(connection, photo_id)
    search_index.refresh(connection, photo_id)
