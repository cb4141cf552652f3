"""One process owns a home: a lock file that dies with its owner."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
import errno
import fcntl
import os
from pathlib import Path
from typing import Final

from ..errors import EdgeRuntimeError
from ..files import FileWriteError

LOCK_NAME: Final = "lock"


class HomeInUseError(EdgeRuntimeError):
    """Another process works in this home."""

    code = "home_in_use"
    status = 409


@contextmanager
def home_lock(home: Path) -> Iterator[None]:
    """Own a home; raise HomeInUseError naming the process that owns it."""
    descriptor = _take(home / LOCK_NAME)
    try:
        started = datetime.now(UTC).isoformat(timespec="seconds")
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()} {started}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _take(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as err:
        raise FileWriteError(f"{path}: can't be written: {err.strerror}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as err:
        owner = _owner(descriptor)
        os.close(descriptor)
        if err.errno in {errno.EAGAIN, errno.EACCES}:
            raise HomeInUseError(
                f"{path.parent} is in use by {owner}; end it, or choose another --home"
            ) from None
        raise FileWriteError(f"{path}: can't be locked: {err.strerror}") from None
    return descriptor


def _owner(descriptor: int) -> str:
    try:
        pid, _, started = os.pread(descriptor, 100, 0).decode("ascii").partition(" ")
    except (OSError, UnicodeDecodeError):
        return "another process"
    if not pid.isdigit():
        return "another process"
    return f"process {pid}, which began at {started.strip()}"
