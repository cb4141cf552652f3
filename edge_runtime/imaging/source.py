"""Open a photo's bytes without trusting its path: no devices, no pipes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import io
import os
from pathlib import Path
import stat
import struct
from typing import Any, BinaryIO

from ..errors import (
    PhotoEmptyError,
    PhotoIsFolderError,
    PhotoNotFoundError,
    PhotoUnreadableError,
)
from ..units import printable

UPLOAD_NAME = "the photo"
# without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever
_OPEN_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK

_SPECIAL_FILES = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


@dataclass(frozen=True, slots=True)
class PhotoSource:
    """A photo's bytes, read at any offset."""

    name: str
    """What messages call the photo."""
    size: int
    stream: BinaryIO

    def read_at(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes; fewer (or none) past the end of the file."""
        if offset < 0 or length <= 0 or offset >= self.size:
            return b""
        try:
            self.stream.seek(offset)
            return self.stream.read(length)
        except OSError as err:
            raise unreadable(self.name, err) from None

    def unpack_at(self, offset: int, layout: str) -> tuple[Any, ...] | None:
        """Return the numbers at an offset, as struct reads them; None past the end."""
        data = self.read_at(offset, struct.calcsize(layout))
        try:
            return struct.unpack(layout, data)
        except struct.error:
            return None


def display_name(path: str | os.PathLike[str]) -> str:
    """Return a path as one printable line, whatever bytes its name holds."""
    return printable(os.fsdecode(path))


@contextmanager
def open_source(photo: str | os.PathLike[str] | bytes) -> Iterator[PhotoSource]:
    """Open a path or uploaded bytes; raise the typed error that says why it can't be.

    The kind of file is checked again on the open file, so that a path which is
    swapped in between can't lead to a device.
    """
    if isinstance(photo, bytes):
        if not photo:
            raise PhotoEmptyError(
                f"{UPLOAD_NAME} has no bytes; send the picture itself"
            )
        yield PhotoSource(UPLOAD_NAME, len(photo), io.BytesIO(photo))
        return
    name = display_name(photo)
    with _open_file(Path(photo), name) as stream:
        size = _checked_size(os.fstat(stream.fileno()), name)
        yield PhotoSource(name, size, stream)


def unreadable(name: str, err: OSError) -> PhotoUnreadableError:
    """Return the error for a file that the system does not let us read."""
    if isinstance(err, PermissionError):
        return PhotoUnreadableError(
            f"{name}: no permission to read it; allow this user to read the file"
        )
    reason = err.strerror or type(err).__name__
    return PhotoUnreadableError(
        f"{name}: can't be read ({reason}); check the disk or the network folder"
    )


def _open_file(path: Path, name: str) -> BinaryIO:
    try:
        # a device may act on being opened (a tape rewinds), so look first
        _checked_size(path.stat(), name)
        return os.fdopen(os.open(path, _OPEN_FLAGS), "rb")
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise PhotoNotFoundError(
            f"{name}: there is no such file; check the path"
        ) from None
    except OSError as err:
        raise unreadable(name, err) from None


def _checked_size(status: os.stat_result, name: str) -> int:
    if stat.S_ISDIR(status.st_mode):
        raise PhotoIsFolderError(f"{name}: is a folder; name the photos inside it")
    if not stat.S_ISREG(status.st_mode):
        kind = next(
            (k for test, k in _SPECIAL_FILES if test(status.st_mode)), "special"
        )
        raise PhotoUnreadableError(f"{name}: is {kind}, not a file; name a photo file")
    if status.st_size == 0:
        raise PhotoEmptyError(f"{name}: is empty (0 bytes); copy the photo again")
    return status.st_size
