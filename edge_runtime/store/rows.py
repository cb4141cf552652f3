"""How values lie in the database, and how rows become records."""

from collections.abc import Sequence
import json
import os
import sqlite3
from typing import Any

from ..schemas import Verdict
from .errors import InvalidValueError
from .file_records import FileState, PhotoFile
from .records import (
    Caption,
    CaptionOrigin,
    Json,
    Photo,
    Suggestion,
    SuggestionState,
)

_SIGN = 1 << 63
_HASH_BYTES = 32


def to_json(value: Json | Sequence[str]) -> str:
    """Return a JSON value as it is stored."""
    plain = dict(value) if not isinstance(value, Sequence) else list(value)
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))


def to_json_or_none(value: Json | None) -> str | None:
    """Return a JSON value that may be missing as it is stored."""
    return None if value is None else to_json(value)


def from_json(text: str | None) -> Any:
    """Return a stored JSON value; None if there is none."""
    return None if text is None else json.loads(text)


def to_hash(text: str) -> bytes:
    """Return the bytes of a hex sha256; raise InvalidValueError for anything else."""
    try:
        value = bytes.fromhex(text)
    except ValueError:
        value = b""
    if len(value) != _HASH_BYTES:
        raise InvalidValueError(f"'{text[:80]}' is no sha256 in hex")
    return value


def to_hash_or_none(text: str | None) -> bytes | None:
    """Return the bytes of a hex sha256 that may be missing."""
    return None if text is None else to_hash(text)


def to_signed(value: int | None) -> int | None:
    """Return an unsigned 64-bit value in SQLite's signed range."""
    if value is None:
        return None
    if not 0 <= value < 2 * _SIGN:
        raise InvalidValueError("a perceptual hash has 64 bits")
    return value - 2 * _SIGN if value >= _SIGN else value


def to_unsigned(value: int | None) -> int | None:
    """Return the unsigned 64-bit value that was stored."""
    return None if value is None else value % (2 * _SIGN)


def to_path(path: str) -> bytes:
    """Return a path's bytes: a file name need not be valid text."""
    return os.fsencode(path)


def from_path(stored: bytes) -> str:
    """Return the path that was stored."""
    return os.fsdecode(stored)


def photo_of(row: sqlite3.Row) -> Photo:
    """Return a row of `photos` as a record."""
    return Photo(
        id=row["id"],
        source_id=row["source_id"],
        picture_hash=row["picture_hash"].hex(),
        perceptual_hash=to_unsigned(row["perceptual_hash"]),
        width=row["width"],
        height=row["height"],
        taken_at=row["taken_at"],
        added_at=row["added_at"],
        deleted_at=row["deleted_at"],
        camera=row["camera"],
        latitude=row["latitude"],
        longitude=row["longitude"],
        place=from_json(row["place"]),
        people=tuple(from_json(row["people"]) or ()),
        stored_bytes=row["stored_bytes"],
        has_caption=bool(row["has_caption"]),
        is_pending=bool(row["is_pending"]),
        verdict=None if row["verdict"] is None else Verdict(row["verdict"]),
        problem=row["problem"],
    )


def file_of(row: sqlite3.Row) -> PhotoFile:
    """Return a row of `files` as a record."""
    return PhotoFile(
        photo_id=row["photo_id"],
        source_id=row["source_id"],
        path=from_path(row["path"]),
        size=row["size"],
        mtime_ns=row["mtime_ns"],
        file_hash=None if row["file_hash"] is None else row["file_hash"].hex(),
        state=FileState(row["state"]),
        seen_at=row["seen_at"],
    )


def suggestion_of(row: sqlite3.Row) -> Suggestion:
    """Return a row of `suggestions` as a record."""
    return Suggestion(
        id=row["id"],
        photo_id=row["photo_id"],
        language=row["language"],
        text=row["text"],
        raw_text=row["raw_text"],
        state=SuggestionState(row["state"]),
        verdict=Verdict(row["verdict"]),
        doubted=tuple(from_json(row["doubted"])),
        score=row["score"],
        provenance=from_json(row["provenance"]),
        stale=bool(row["stale"]),
        created_at=row["created_at"],
        decided_at=row["decided_at"],
    )


def caption_of(row: sqlite3.Row) -> Caption:
    """Return a row of `captions` or `caption_history` as a record."""
    return Caption(
        photo_id=row["photo_id"],
        language=row["language"],
        text=row["text"],
        origin=CaptionOrigin(row["origin"]),
        created_at=row["created_at"],
        suggestion_id=row["suggestion_id"],
    )
