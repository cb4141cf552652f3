"""Suggestions and what a decision about one does; in a transaction."""

import sqlite3
from typing import Any

from . import search_index
from .caption_slots import checked_text, read_slot, undo_slot, write_slot
from .errors import (
    CaptionKeptError,
    SuggestionDecidedError,
    SuggestionNotFoundError,
    SuggestionReplacedError,
)
from .ids import new_id
from .photo_rows import photo_row
from .records import (
    Caption,
    CaptionOrigin,
    NewSuggestion,
    Suggestion,
    SuggestionState,
)
from .rows import suggestion_of, to_json

_PENDING = SuggestionState.PENDING


def get(connection: sqlite3.Connection, suggestion_id: str) -> Suggestion:
    """Return a suggestion; raise SuggestionNotFoundError if there is none."""
    row = connection.execute(
        "SELECT * FROM suggestions WHERE id = ?", (suggestion_id,)
    ).fetchone()
    if row is None:
        raise SuggestionNotFoundError(
            f"no suggestion has the id '{suggestion_id[:40]}'"
        )
    return suggestion_of(row)


def add(connection: sqlite3.Connection, new: NewSuggestion, now: int) -> Suggestion:
    """Add a suggestion; it takes the place of the one that waited."""
    photo_row(connection, new.photo_id)
    waiting = _pending_id(connection, new.photo_id, new.language)
    if waiting is not None:
        _delete(connection, waiting)
    suggestion_id = new_id(now)
    values = _stored(new)
    connection.execute(
        "INSERT INTO suggestions (id, photo_id, language, state, created_at, text,"
        " raw_text, verdict, doubted, score, provenance)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (suggestion_id, new.photo_id, new.language, _PENDING, now, *values),
    )
    search_index.refresh(connection, new.photo_id)
    return get(connection, suggestion_id)


def replace(
    connection: sqlite3.Connection, suggestion_id: str, new: NewSuggestion
) -> Suggestion:
    """Give a waiting suggestion a better text under the same id."""
    _waiting(connection, suggestion_id)
    connection.execute(
        "UPDATE suggestions SET text = ?, raw_text = ?, verdict = ?, doubted = ?,"
        " score = ?, provenance = ?, stale = 0 WHERE id = ?",
        (*_stored(new), suggestion_id),
    )
    changed = get(connection, suggestion_id)
    search_index.refresh(connection, changed.photo_id)
    return changed


def accept(
    connection: sqlite3.Connection,
    suggestion_id: str,
    text: str | None,
    now: int,
    *,
    by_policy: bool,
) -> None:
    """Make a waiting suggestion, or a person's version of it, the caption."""
    suggestion = _waiting(connection, suggestion_id)
    slot = (suggestion.photo_id, suggestion.language)
    if by_policy and read_slot(connection, *slot) is not None:
        raise CaptionKeptError(
            f"photo '{suggestion.photo_id}' has a caption in '{suggestion.language}'; "
            f"only a person may replace it"
        )
    words = checked_text(suggestion.text if text is None else text)
    is_edited = words != suggestion.text
    origin = CaptionOrigin.PERSON if is_edited else CaptionOrigin.ACCEPTED
    state = SuggestionState.EDITED if is_edited else SuggestionState.ACCEPTED
    _decide(connection, suggestion_id, state, now)
    write_slot(connection, Caption(*slot, words, origin, now, suggestion_id), now)


def reject(connection: sqlite3.Connection, suggestion_id: str, now: int) -> Suggestion:
    """Put a waiting suggestion away."""
    suggestion = _waiting(connection, suggestion_id)
    _decide(connection, suggestion_id, SuggestionState.REJECTED, now)
    search_index.refresh(connection, suggestion.photo_id)
    return get(connection, suggestion_id)


def undo(connection: sqlite3.Connection, suggestion_id: str) -> None:
    """Take a decision back: the suggestion waits again, the caption is as before."""
    suggestion = get(connection, suggestion_id)
    slot = (suggestion.photo_id, suggestion.language)
    if suggestion.state is _PENDING:
        return
    if _pending_id(connection, *slot) is not None:
        raise SuggestionReplacedError("a newer suggestion waits; decide about that one")
    _decide(connection, suggestion_id, _PENDING, None)
    if suggestion.state is SuggestionState.REJECTED:
        search_index.refresh(connection, suggestion.photo_id)
        return
    current = read_slot(connection, *slot)
    if current is None or current.suggestion_id != suggestion_id:
        raise SuggestionReplacedError(
            "the caption was changed after this suggestion; undo that first"
        )
    undo_slot(connection, *slot)


def wait_again(connection: sqlite3.Connection, suggestion_id: str) -> None:
    """Return a suggestion whose caption was undone to the ones that wait."""
    suggestion = get(connection, suggestion_id)
    if _pending_id(connection, suggestion.photo_id, suggestion.language) is None:
        _decide(connection, suggestion_id, _PENDING, None)
    else:
        _delete(connection, suggestion_id)  # a newer one has taken its place
    search_index.refresh(connection, suggestion.photo_id)


def _waiting(connection: sqlite3.Connection, suggestion_id: str) -> Suggestion:
    suggestion = get(connection, suggestion_id)
    if suggestion.state is not _PENDING:
        raise SuggestionDecidedError(
            f"the suggestion was {suggestion.state} before; undo that first"
        )
    return suggestion


def _pending_id(
    connection: sqlite3.Connection, photo_id: str, language: str
) -> str | None:
    row = connection.execute(
        "SELECT id FROM suggestions"
        " WHERE photo_id = ? AND language = ? AND state = 'pending'",
        (photo_id, language),
    ).fetchone()
    return None if row is None else str(row["id"])


def _decide(
    connection: sqlite3.Connection,
    suggestion_id: str,
    state: SuggestionState,
    at: int | None,
) -> None:
    connection.execute(
        "UPDATE suggestions SET state = ?, decided_at = ? WHERE id = ?",
        (state, at, suggestion_id),
    )


def _delete(connection: sqlite3.Connection, suggestion_id: str) -> None:
    connection.execute("DELETE FROM suggestions WHERE id = ?", (suggestion_id,))


def _stored(new: NewSuggestion) -> tuple[Any, ...]:
    return (
        new.text,
        new.raw_text,
        new.verdict,
        to_json(new.doubted),
        new.score,
        to_json(new.provenance),
    )
