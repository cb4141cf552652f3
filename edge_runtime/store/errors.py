"""Errors of the store, and what SQLite's own errors mean to a person."""

from pathlib import Path
import sqlite3

from ..errors import DiskFullError, EdgeRuntimeError


class StoreError(EdgeRuntimeError):
    """The database can't do what was asked of it."""

    code = "store_error"


class StoreLockedError(StoreError):
    """Another program holds the database."""

    code = "store_locked"
    status = 503


class StoreCorruptError(StoreError):
    """The database file is damaged."""

    code = "store_corrupt"


class SearchDamagedError(StoreCorruptError):
    """The search index is damaged; it is made of the tables and can be made anew."""

    code = "search_damaged"


class StoreTooNewError(StoreError):
    """A newer version of Edge Captions wrote this database."""

    code = "store_too_new"


class StoreUnsupportedError(StoreError):
    """This Python's SQLite lacks something that the store needs."""

    code = "store_unsupported"


class StoreUnwritableError(StoreError):
    """The database, its folder or its disk can't be written."""

    code = "store_unwritable"
    status = 507


class StoreClosedError(StoreError):
    """The store was closed while something still used it."""

    code = "store_closed"
    status = 503


class RecordNotFoundError(EdgeRuntimeError):
    """Nothing has this id."""

    code = "not_found"
    status = 404


class SourceUnknownError(RecordNotFoundError):
    """No source has this id."""

    code = "source_unknown"


class SuggestionNotFoundError(RecordNotFoundError):
    """No suggestion has this id."""

    code = "suggestion_not_found"


class TagNotFoundError(RecordNotFoundError):
    """No photo has this tag."""

    code = "tag_not_found"


class AlbumNotFoundError(RecordNotFoundError):
    """No album has this id."""

    code = "album_not_found"


class JobNotFoundError(RecordNotFoundError):
    """No job has this id."""

    code = "job_not_found"


class TokenNotFoundError(RecordNotFoundError):
    """No token has this id."""

    code = "token_not_found"


class PairingNotFoundError(RecordNotFoundError):
    """No pairing has this id, code or secret, or its time is over."""

    code = "pairing_not_found"


class ShareNotFoundError(RecordNotFoundError):
    """No share has this id."""

    code = "share_not_found"


class StudyNotFoundError(RecordNotFoundError):
    """No study has this id."""

    code = "study_not_found"


class RespondentNotFoundError(RecordNotFoundError):
    """The study has no such respondent, or the link is none (any more)."""

    code = "respondent_not_found"


class ConflictError(EdgeRuntimeError):
    """What is asked for does not go with what is there."""

    code = "conflict"
    status = 409


class SuggestionDecidedError(ConflictError):
    """The suggestion was accepted or rejected before."""

    code = "suggestion_decided"


class SuggestionReplacedError(ConflictError):
    """A newer suggestion or caption has taken its place."""

    code = "suggestion_replaced"


class CaptionKeptError(ConflictError):
    """There is a caption, and only a person may replace it."""

    code = "caption_kept"


class NothingToUndoError(ConflictError):
    """The caption was never changed."""

    code = "nothing_to_undo"


class JobFinishedError(ConflictError):
    """The job has ended, or does not run."""

    code = "job_finished"


class TooManyPairingsError(ConflictError):
    """As many clients as are allowed wait for approval already."""

    code = "too_many_pairings"
    status = 429


class CursorInvalidError(EdgeRuntimeError):
    """A page's cursor is not one that this list gave out."""

    code = "cursor_invalid"
    status = 400


class InvalidValueError(EdgeRuntimeError):
    """A value can't be stored."""

    code = "invalid_value"
    status = 422


def is_corruption(err: sqlite3.Error) -> bool:
    """Return whether SQLite says that the file itself is damaged."""
    return _primary(err) in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def is_busy(err: sqlite3.Error) -> bool:
    """Return whether another connection holds what this one waited for."""
    return _primary(err) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def translated(err: sqlite3.Error, path: Path) -> EdgeRuntimeError:
    """Return what an error of SQLite means, with what to do about it."""
    code = _primary(err)
    if is_busy(err):
        return StoreLockedError(
            f"{path}: another program holds the database; close it and try again"
        )
    if code == sqlite3.SQLITE_FULL:
        return DiskFullError(f"{path}: the disk is full; nothing was changed")
    if getattr(err, "sqlite_errorcode", None) == sqlite3.SQLITE_CORRUPT_VTAB:
        return SearchDamagedError(f"{path}: the search index is damaged ({err})")
    if is_corruption(err):
        return StoreCorruptError(
            f"{path}: the database is damaged ({err}); restart to move it aside, "
            f"then restore a backup"
        )
    if code in {
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PERM,
    }:
        return StoreUnwritableError(
            f"{path}: can't be read or written ({err}); check the disk, its room "
            f"and the folder's owner"
        )
    return StoreError(f"{path}: {err}")


def _primary(err: sqlite3.Error) -> int:
    # extended codes carry the primary one in their low byte
    return (getattr(err, "sqlite_errorcode", None) or 0) & 0xFF
