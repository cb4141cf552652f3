"""Write files so that nobody ever sees half of one."""

from contextlib import suppress
import os
from pathlib import Path

from .errors import EdgeRuntimeError


class FileWriteError(EdgeRuntimeError):
    """A file could not be written; what was there before is untouched."""

    code = "file_not_written"


def write_text(path: Path, text: str, mode: int = 0o666) -> None:
    """Replace a file as a whole; raise FileWriteError if that is not possible."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, text, mode)
    except OSError as err:
        raise FileWriteError(f"{path}: can't be written: {err.strerror}") from None


def replace_file(path: Path, text: str, mode: int = 0o666) -> None:
    """Write a file by way of a temporary name beside it; raises OSError.

    A power cut leaves the old file or the new one.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        descriptor = os.open(temporary, flags, mode)
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        with suppress(OSError):
            temporary.unlink()
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
