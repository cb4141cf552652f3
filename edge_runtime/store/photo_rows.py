"""Photos and their files, inside a transaction."""

from dataclasses import dataclass
import sqlite3
from typing import Any, Final

from ..errors import PhotoNotFoundError
from . import search_index
from .errors import SourceUnknownError
from .file_records import FileState, NewFile
from .ids import new_id
from .positions import free_position
from .records import NewPhoto, PhotoChanges, SourceKind
from .rows import (
    to_hash,
    to_hash_or_none,
    to_json,
    to_json_or_none,
    to_path,
    to_signed,
)

_INSERT: Final = (
    "INSERT INTO photos (position, id, source_id, picture_hash, perceptual_hash,"
    " width, height, taken_at, added_at, camera, latitude, longitude, place, people,"
    " stored_bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


@dataclass(frozen=True, slots=True)
class Added:
    """The photo that an addition led to."""

    photo_id: str
    created: bool


def photo_row(connection: sqlite3.Connection, photo_id: str) -> sqlite3.Row:
    """Return a photo's row; raise PhotoNotFoundError if there is none."""
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM photos WHERE id = ?", (photo_id,)
    ).fetchone()
    if row is None:
        raise PhotoNotFoundError(f"no photo has the id '{photo_id[:40]}'")
    return row


def add_photo(connection: sqlite3.Connection, new: NewPhoto, now: int) -> Added:
    """Add a photo, or its file to the photo that it turns out to be.

    The same picture is the same photo: in the whole library, or within one other
    source. A known path with another picture is an edited photo, unless the photo
    lies elsewhere too.
    """
    kind = source_kind(connection, new.source_id)
    known = _same_picture(connection, new, kind) or _edited(connection, new)
    if known is not None:
        if new.file is not None:
            put_file(connection, known, new.source_id, new.file, now)
        search_index.refresh(connection, known)
        return Added(known, created=False)
    position, photo_id = _insert(connection, new, now)
    path = ""
    if new.file is not None:
        put_file(connection, photo_id, new.source_id, new.file, now)
        path = new.file.path
    search_index.add_new(connection, position, new, path)
    return Added(photo_id, created=True)


def change_photo(
    connection: sqlite3.Connection, photo_id: str, changes: PhotoChanges
) -> None:
    """Change what is given; another picture makes the suggestions stale."""
    before = photo_row(connection, photo_id)
    values = _stored(changes)
    if values.get("picture_hash", before["picture_hash"]) != before["picture_hash"]:
        connection.execute(
            "UPDATE suggestions SET stale = 1 WHERE photo_id = ?", (photo_id,)
        )
        values.setdefault("problem", None)
    taken = values.get("taken_at", before["taken_at"])
    if taken != before["taken_at"]:
        search_index.remove(connection, before["position"])
        at = before["added_at"] if taken is None else taken
        values["position"] = free_position(connection, at)
    if values:
        names = ", ".join(f"{name} = ?" for name in values)
        connection.execute(
            f"UPDATE photos SET {names} WHERE id = ?",  # noqa: S608  # our own names
            (*values.values(), photo_id),
        )
    search_index.refresh(connection, photo_id)


def put_file(
    connection: sqlite3.Connection,
    photo_id: str,
    source_id: str,
    file: NewFile,
    now: int,
) -> None:
    """Say that a photo lies at a path, whatever lay there before."""
    connection.execute(
        "INSERT INTO files"
        " (photo_id, source_id, path, size, mtime_ns, file_hash, sidecars, state,"
        " seen_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (source_id, path) DO UPDATE SET photo_id = excluded.photo_id,"
        " size = excluded.size, mtime_ns = excluded.mtime_ns,"
        " file_hash = excluded.file_hash, sidecars = excluded.sidecars,"
        " state = excluded.state, seen_at = excluded.seen_at",
        (
            photo_id,
            source_id,
            to_path(file.path),
            file.size,
            file.mtime_ns,
            to_hash_or_none(file.file_hash),
            file.sidecars,
            FileState.PRESENT,
            now,
        ),
    )
    connection.execute(
        "DELETE FROM unread_files WHERE source_id = ? AND path = ?",
        (source_id, to_path(file.path)),
    )
    connection.execute(
        "UPDATE photos SET deleted_at = NULL WHERE id = ? AND deleted_at IS NOT NULL",
        (photo_id,),
    )


def source_kind(connection: sqlite3.Connection, source_id: str) -> SourceKind:
    """Return a source's kind; raise SourceUnknownError if there is no such source."""
    row = connection.execute(
        "SELECT kind FROM sources WHERE id = ?", (source_id,)
    ).fetchone()
    if row is None:
        raise SourceUnknownError(f"no source has the id '{source_id[:40]}'")
    return SourceKind(row["kind"])


def _same_picture(
    connection: sqlite3.Connection, new: NewPhoto, kind: SourceKind
) -> str | None:
    rows = connection.execute(
        "SELECT photos.id, source_id, kind FROM photos"
        " CROSS JOIN sources ON sources.id = source_id"
        " WHERE picture_hash = ? ORDER BY position",
        (to_hash(new.picture_hash),),
    )
    shared = {SourceKind.LIBRARY} & {kind}
    for row in rows:
        if row["source_id"] == new.source_id or row["kind"] in shared:
            return str(row["id"])
    return None


def _edited(connection: sqlite3.Connection, new: NewPhoto) -> str | None:
    if new.file is None:
        return None
    row = connection.execute(
        "SELECT photo_id FROM files AS here WHERE source_id = ? AND path = ?"
        " AND NOT EXISTS (SELECT 1 FROM files AS elsewhere"
        "   WHERE elsewhere.photo_id = here.photo_id AND elsewhere.id != here.id"
        "   AND elsewhere.state != ?)",
        (new.source_id, to_path(new.file.path), FileState.MISSING),
    ).fetchone()
    if row is None:
        return None
    photo_id = str(row["photo_id"])
    change_photo(
        connection,
        photo_id,
        PhotoChanges(
            picture_hash=new.picture_hash,
            perceptual_hash=new.perceptual_hash,
            width=new.width,
            height=new.height,
        ),
    )
    return photo_id


def _insert(connection: sqlite3.Connection, new: NewPhoto, now: int) -> tuple[int, str]:
    photo_id = new_id(now)
    position = free_position(connection, now if new.taken_at is None else new.taken_at)
    connection.execute(
        _INSERT,
        (
            position,
            photo_id,
            new.source_id,
            to_hash(new.picture_hash),
            to_signed(new.perceptual_hash),
            new.width,
            new.height,
            new.taken_at,
            now,
            new.camera,
            new.latitude,
            new.longitude,
            to_json_or_none(new.place),
            to_json(new.people) if new.people else None,
            new.stored_bytes,
        ),
    )
    return position, photo_id


def _stored(changes: PhotoChanges) -> dict[str, Any]:
    values: dict[str, Any] = {**changes}
    if "picture_hash" in changes:
        values["picture_hash"] = to_hash(changes["picture_hash"])
    if "perceptual_hash" in changes:
        values["perceptual_hash"] = to_signed(changes["perceptual_hash"])
    if "place" in changes:
        values["place"] = to_json_or_none(changes["place"])
    if "people" in changes:
        values["people"] = to_json(changes["people"]) if changes["people"] else None
    return values
