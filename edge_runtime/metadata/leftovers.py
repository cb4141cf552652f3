"""Temporary files that a killed writer of ours left beside a photo."""

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
        age = time.time() - path.lstat().st_mtime
        if (0 <= age < STALE_S and is_held(path)) or not path.is_file():
            return False
        path.unlink()
    except OSError:
        return False
    return True


def is_held(temporary: Path) -> bool:
    """Return whether the process that writes a temporary file may still live."""
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(temporary, flags)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True  # held, or a folder without locks, where its age has to tell
    else:
        return False
    finally:
        os.close(descriptor)
