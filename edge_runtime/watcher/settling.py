"""Leave a file alone until it has stopped growing. Pure but for what it remembers."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from .walk import Seen

SETTLE_S: Final = 3.0
_SECOND_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Now:
    """The time of a look: by the calendar, and by a clock that only goes forward."""

    wall_ns: int
    monotonic_s: float


@dataclass(frozen=True, slots=True)
class _Look:
    size: int
    mtime_ns: int
    since_s: float


class Settling:
    """Tells files that are whole from those that somebody still writes.

    The system's time of the last change decides, where it lies in the past. Where the
    clocks disagree (a server's, or one that woke up in 1970), a file counts as whole
    when two looks that lie far enough apart found it the same.
    """

    def __init__(self, settle_s: float = SETTLE_S) -> None:
        self.settle_s = settle_s
        self._looks: dict[bytes, _Look] = {}

    def split(self, files: Iterable[Seen], now: Now) -> tuple[list[Seen], list[Seen]]:
        """Return the files that are whole, and those to look at again."""
        whole: list[Seen] = []
        growing: list[Seen] = []
        looks: dict[bytes, _Look] = {}
        for file in files:
            before = self._looks.get(file.path)
            if self._is_whole(file, before, now):
                whole.append(file)
                continue
            same = before is not None and _is_same(file, before)
            looks[file.path] = (
                before
                if before is not None and same
                else _Look(file.size, file.mtime_ns, now.monotonic_s)
            )
            growing.append(file)
        self._looks = looks
        return whole, growing

    def _is_whole(self, file: Seen, before: _Look | None, now: Now) -> bool:
        if not file.size:
            return False  # made, and not filled yet
        quiet_s = (now.wall_ns - max(file.ctime_ns, file.mtime_ns)) / _SECOND_NS
        if quiet_s >= self.settle_s:
            return True
        if before is None or not _is_same(file, before):
            return False
        return now.monotonic_s - before.since_s >= self.settle_s


def _is_same(file: Seen, before: _Look) -> bool:
    return (file.size, file.mtime_ns) == (before.size, before.mtime_ns)
