"""Exit codes; the same table stands in the manual."""

from enum import IntEnum
from typing import Final

from ..api.home_lock import HomeInUseError
from ..errors import (
    DocumentError,
    DownloadError,
    EdgeRuntimeError,
    ModelError,
    PhotoError,
)
from ..files import FileWriteError


class ExitCode(IntEnum):
    """What a command's end means; the highest that applies wins."""

    OK = 0
    PHOTO = 1
    """At least one photo could not be captioned, or a check found a problem."""
    USAGE = 2
    """A wrong option or argument."""
    CONFIGURATION = 3
    """The configuration or a manifest is wrong, or a file can't be written."""
    MODEL = 4
    """A model is unknown, missing, unfit, or could not be downloaded."""
    WORKER = 5
    """The inference worker failed."""
    INTERRUPTED = 130
    """Ended by Ctrl-C."""


# By their codes: importing the classes would load SQLite for every command
_STORE_ERRORS: Final = frozenset(
    {
        "store_error",
        "store_locked",
        "store_corrupt",
        "search_damaged",
        "store_too_new",
        "store_unsupported",
        "store_unwritable",
        "store_closed",
        "not_found",
        "source_unknown",
        "suggestion_not_found",
        "tag_not_found",
        "album_not_found",
        "job_not_found",
        "token_not_found",
        "pairing_not_found",
        "share_not_found",
        "conflict",
        "suggestion_decided",
        "suggestion_replaced",
        "caption_kept",
        "nothing_to_undo",
        "job_finished",
        "too_many_pairings",
        "cursor_invalid",
        "invalid_value",
    }
)


def exit_code_of(error: EdgeRuntimeError) -> ExitCode:
    """Return the exit code that an error leads to."""
    match error:
        case PhotoError():
            return ExitCode.PHOTO
        case DocumentError() | FileWriteError() | HomeInUseError():
            return ExitCode.CONFIGURATION
        case ModelError() | DownloadError():
            return ExitCode.MODEL
        case _ if error.code in _STORE_ERRORS:
            return ExitCode.CONFIGURATION
        case _:
            return ExitCode.WORKER
