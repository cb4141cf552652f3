"""What changed in a folder since the last look: two sorted lists, compared. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from ..store import FileState, KnownFiles
from .walk import Seen, WalkReport

EMPTY: Final = "the folder holds no photo any more: is its disk or share connected?"
UNREACHABLE: Final = "the folder can't be read: is its disk or share connected?"


@dataclass(slots=True)
class Difference:
    """Paths of one folder, by what is to be done about them."""

    new: list[Seen] = field(default_factory=list)
    changed: list[Seen] = field(default_factory=list)
    """Another size or time, or other sidecars beside it."""
    back: list[bytes] = field(default_factory=list)
    """There again, and as they were."""
    gone: list[bytes] = field(default_factory=list)
    offline: list[bytes] = field(default_factory=list)
    """Nothing can be said of them: their folder can't be read."""
    unchanged: int = 0
    problem: str = ""
    """Why the whole folder counts as offline; empty: it does not."""

    @property
    def is_empty(self) -> bool:
        """Return whether there is nothing to do."""
        return not (self.new or self.changed or self.back or self.gone or self.offline)


def compare(seen: Iterable[Seen], known: KnownFiles, report: WalkReport) -> Difference:
    """Return what changed; `seen` is consumed, which fills the report.

    A folder that is not there, or that lost every photo at once, is out of reach: its
    photos were not deleted.
    """
    found = Difference()
    absent = _match(seen, known, found)
    if not report.is_root_there:
        found.problem = UNREACHABLE
    elif not report.photos and known.present:
        found.problem = EMPTY
    for index in absent:
        path, state = known.paths[index], known.state(index)
        if found.problem or _is_below(path, report.unreadable):
            if state is FileState.PRESENT:
                found.offline.append(path)
        elif state is not FileState.MISSING:
            found.gone.append(path)
    return found


def _match(seen: Iterable[Seen], known: KnownFiles, found: Difference) -> list[int]:
    """Walk down both lists at once; return the places of what was not seen."""
    absent: list[int] = []
    paths, count, index = known.paths, len(known.paths), 0
    for one in seen:
        while index < count and paths[index] < one.path:
            absent.append(index)
            index += 1
        if index == count or paths[index] != one.path:
            found.new.append(one)
            continue
        if not known.is_same(index, one.size, one.mtime_ns, one.sidecars):
            found.changed.append(one)
        elif known.state(index) in {FileState.MISSING, FileState.OFFLINE}:
            found.back.append(one.path)
        else:
            found.unchanged += 1
        index += 1
    absent.extend(range(index, count))
    return absent


def _is_below(path: bytes, folders: Mapping[bytes, str]) -> bool:
    return any(path.startswith(folder) for folder in folders)
