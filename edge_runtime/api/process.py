"""What the service process holds, and giving back what it held while starting."""

import ctypes
import gc
import os
from pathlib import Path


def rss_bytes() -> int:
    """Return the memory that the service process holds, without its workers."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def give_back_memory() -> None:
    """Return to the system what only the start needed; about 1 MB."""
    gc.collect()
    libc = ctypes.CDLL(None)
    if hasattr(libc, "malloc_trim"):  # musl has none
        libc.malloc_trim(0)
