"""Write files so that nobody ever sees half of one."""

from contextlib import suppress
import os
from pathlib import Path

from .errors import EdgeRuntimeError


class FileWriteError(EdgeRuntimeError):
    """A file could not be written; what was there before is untouched."""

    code = "file_not_written"


def write_text(path: Path, text: str) -> None:
    """Write a file by way of a temporary name beside it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as err:
        with suppress(OSError):
            temporary.unlink()
        raise FileWriteError(f"{path}: can't be written: {err.strerror}") from None
