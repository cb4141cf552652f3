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


_STORE_ERRORS: Final = ("store_", "search_damaged")
"""How the codes of the store's errors begin: its classes would load SQLite."""
_ASKED_WRONGLY: Final = range(400, 500)


def exit_code_of(error: EdgeRuntimeError) -> ExitCode:
    """Return the exit code that an error leads to."""
    match error:
        case PhotoError():
            return ExitCode.PHOTO
        case DocumentError() | FileWriteError() | HomeInUseError():
            return ExitCode.CONFIGURATION
        case ModelError() | DownloadError():
            return ExitCode.MODEL
        case _ if error.code.startswith(_STORE_ERRORS):
            return ExitCode.CONFIGURATION
        case _ if error.status in _ASKED_WRONGLY:
            return ExitCode.USAGE
        case _:
            return ExitCode.WORKER
