"""Temporary files that a killed writer of ours left beside a photo."""

from collections.abc import Iterator
from contextlib import contextmanager
import fcntl
import os
from pathlib import Path
import re
import time
from typing import Final

STALE_S: Final = 600
"""Older than this, whoever wrote it is dead."""
_TEMPORARY: Final = re.compile(r"\.edge-captions-[0-9a-f]{16}\.tmp")


def is_leftover(name: str) -> bool:
    """Return whether a file has the name of one that we were writing."""
    return _TEMPORARY.fullmatch(name) is not None


def remove_leftover(path: Path) -> bool:
    """Remove what a killed writer of ours left; not what one is writing now."""
    if not is_leftover(path.name):
        return False
    try:
        # a photo's new file gets the photo's own time before it gets its name
        age = time.time() - path.lstat().st_ctime
        with _held(path) as is_ours:
            if not is_ours and 0 <= age < STALE_S:
                return False
            path.unlink()
    except OSError:
        return False
    return True


@contextmanager
def _held(temporary: Path) -> Iterator[bool]:
    """Hold a temporary file; False: its writer does, or the folder knows no locks."""
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)
