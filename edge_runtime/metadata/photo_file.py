"""A photo's bytes, read at any offset and never more of them than asked for."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import os
from pathlib import Path
import stat
import struct
from typing import Any, Final, Protocol

from ..errors import (
    PhotoEmptyError,
    PhotoIsFolderError,
    PhotoNotFoundError,
    PhotoUnreadableError,
)
from ..units import printable

CHUNK_BYTES: Final = 1024 * 1024
# A pipe that nobody writes to must not hold us up.
_OPEN_FLAGS: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK


class Readable(Protocol):
    """Bytes that are read at offsets."""

    @property
    def size(self) -> int:
        """Return how many bytes there are."""
        ...

    def read_at(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes; fewer (or none) past the end."""
        ...


@dataclass(frozen=True, slots=True)
class MemoryBytes:
    """Bytes that are already in memory."""

    data: bytes

    @property
    def size(self) -> int:
        """Return how many bytes there are."""
        return len(self.data)

    def read_at(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes; fewer (or none) past the end."""
        if offset < 0 or length <= 0:
            return b""
        return self.data[offset : offset + length]


@dataclass(frozen=True, slots=True)
class PhotoFile:
    """An open photo file."""

    name: str
    """The path as one printable line, for messages."""
    descriptor: int
    status: os.stat_result

    @property
    def size(self) -> int:
        """Return the file's length when it was opened."""
        return self.status.st_size

    def read_at(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes; fewer (or none) past the end."""
        if offset < 0 or length <= 0 or offset >= self.size:
            return b""
        try:
            return os.pread(self.descriptor, length, offset)
        except OSError as err:
            raise unreadable(self.name, err) from None


def chunks(source: Readable, start: int, end: int) -> Iterator[bytes]:
    """Yield a range of bytes piece by piece; less if the source ends before."""
    while start < end:
        data = source.read_at(start, min(CHUNK_BYTES, end - start))
        if not data:
            return
        start += len(data)
        yield data


def unpack_at(source: Readable, offset: int, layout: str) -> tuple[Any, ...] | None:
    """Return the numbers at an offset, as struct reads them; None past the end."""
    try:
        return struct.unpack(layout, source.read_at(offset, struct.calcsize(layout)))
    except struct.error:
        return None


def display_name(path: Path) -> str:
    """Return a path as one printable line, whatever bytes its name holds."""
    return printable(os.fsdecode(path))


@contextmanager
def open_photo(path: Path) -> Iterator[PhotoFile]:
    """Open a photo; raise the typed error that says why it can't be read."""
    name = display_name(path)
    try:
        # a device may act on being opened (a tape rewinds), so look first
        _check_kind(path.stat(), name)
        descriptor = os.open(path, _OPEN_FLAGS)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise PhotoNotFoundError(
            f"{name}: there is no such file; check the path"
        ) from None
    except OSError as err:
        raise unreadable(name, err) from None
    try:
        status = os.fstat(descriptor)
        _check_kind(status, name)
        yield PhotoFile(name, descriptor, status)
    finally:
        os.close(descriptor)


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


def _check_kind(status: os.stat_result, name: str) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise PhotoIsFolderError(f"{name}: is a folder; name the photos inside it")
    if not stat.S_ISREG(status.st_mode):
        raise PhotoUnreadableError(f"{name}: is no regular file; name a photo file")
    if status.st_size == 0:
        raise PhotoEmptyError(f"{name}: is empty (0 bytes); copy the photo again")
