"""How busy other programs keep the machine, our own processes left out."""

from dataclasses import dataclass
import os
from pathlib import Path
import time
from typing import Final

_ROOT: Final = Path("/")
_IDLE: Final = 3
_WAITS_FOR_DISK: Final = 4
_GUEST: Final = 8
"""From here on the numbers are counted among the others already."""
_TIMES: Final = slice(11, 15)
"""utime, stime and those of ended children, behind the name in /proc/PID/stat."""
_STALE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class _Sample:
    at: float
    total: float
    busy: float
    own: float


class NeighbourMeter:
    """Measures between two looks which share of the cores other programs took."""

    def __init__(self, root: Path = _ROOT) -> None:
        self._proc = root / "proc"
        self._last: _Sample | None = None

    def share(self) -> float | None:
        """Return the share since the last look; None: there was none lately."""
        last, now = self._last, self._sample()
        self._last = now
        if last is None or now is None or now.at - last.at > _STALE_S:
            return None
        passed = now.total - last.total
        if passed <= 0:
            return None
        others = (now.busy - last.busy) - (now.own - last.own)
        return min(max(others / passed, 0.0), 1.0)

    def _sample(self) -> _Sample | None:
        try:
            line = (self._proc / "stat").read_text(encoding="ascii").partition("\n")[0]
            ticks = [int(word) for word in line.split()[1 : 1 + _GUEST]]
            idle = sum(ticks[_IDLE : _WAITS_FOR_DISK + 1])
        except (OSError, ValueError):
            return None
        own = sum(self._ticks(pid) for pid in family_of(os.getpid(), self._proc))
        total = sum(ticks)
        return _Sample(time.monotonic(), total, total - idle, own)

    def _ticks(self, pid: int) -> int:
        try:
            text = (self._proc / str(pid) / "stat").read_text(encoding="utf-8")
            # a name may hold spaces and brackets
            return sum(map(int, text.rpartition(")")[2].split()[_TIMES]))
        except (OSError, ValueError):
            return 0


def family_of(pid: int, proc: Path = _ROOT / "proc") -> list[int]:
    """Return a process and its descendants."""
    found = [pid]
    for member in found:
        path = proc / str(member) / "task" / str(member) / "children"
        try:
            found += [int(child) for child in path.read_text(encoding="ascii").split()]
        except (OSError, ValueError):
            continue
    return found
