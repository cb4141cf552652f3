"""Low priority for a worker while nobody waits for what it does."""

from collections.abc import Sequence
from contextlib import suppress
import os
from pathlib import Path
from typing import Final

_BACKGROUND: Final = 10
_NICEST: Final = 19


def set_background(family: Sequence[int], *, background: bool) -> bool:
    """Let a worker and its descendants give way to other programs, or not any more.

    Where the kernel weighs sessions against each other, anybody may weigh their own
    lighter and heavier. Elsewhere the threads' niceness counts, which only a privileged
    process takes back; else it stays until the worker is started anew.
    Returns whether it is done: the kernel lets sessions be weighed only so often.
    """
    usual = os.getpriority(os.PRIO_PROCESS, 0)
    nice = min(usual + _BACKGROUND, _NICEST) if background else usual
    for thread in _threads_of(family):
        with suppress(OSError):  # it has ended, or may not come back
            os.setpriority(os.PRIO_PROCESS, thread, nice)
    try:
        # a worker leads a session of its own
        Path(f"/proc/{family[0]}/autogroup").write_text(str(max(nice, 0)), "ascii")
    except BlockingIOError:
        return False
    except OSError:  # this kernel weighs none
        return True
    return True


def _threads_of(family: Sequence[int]) -> list[int]:
    found = []
    for pid in family:
        with suppress(OSError):
            folder = Path(f"/proc/{pid}/task")
            found += [int(thread.name) for thread in folder.iterdir()]
    return found
