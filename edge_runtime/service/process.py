"""What the service process holds, and giving back what it held for a while."""

import ctypes
import gc
import os
from pathlib import Path
from typing import Final

_ARENA_MAX: Final = -8
"""glibc's M_ARENA_MAX: how many heaps threads may have."""


def rss_bytes() -> int:
    """Return the memory that the service process holds, without its workers."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def share_one_heap() -> None:
    """Let all threads share a heap: one each costs memory and is never given back."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):  # musl has none, and one heap
        libc.mallopt(_ARENA_MAX, 1)


def give_back_memory() -> None:
    """Return to the system what isn't held any more; about 1 MB after the start."""
    gc.collect()
    libc = ctypes.CDLL(None)
    if hasattr(libc, "malloc_trim"):  # musl has none
        libc.malloc_trim(0)
