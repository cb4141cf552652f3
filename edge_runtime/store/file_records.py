"""Records of files: where photos lie, and what a look at a folder is compared with."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, overload


class FileState(StrEnum):
    """Whether a photo's file was there when the source was last looked at."""

    PRESENT = "present"
    MISSING = "missing"
    OFFLINE = "offline"
    """The whole source could not be reached: nothing is known about the file."""


@dataclass(frozen=True, slots=True)
class NewFile:
    """A photo's file as a scan found it; the path is relative to its source."""

    path: str
    size: int
    mtime_ns: int
    file_hash: str | None = None
    """Hex sha256 of the whole file."""
    sidecars: int = 0
    """Changes with the sidecars beside it; 0: there was none."""


@dataclass(frozen=True, slots=True)
class PhotoFile:
    """One of the places where a photo lies."""

    photo_id: str
    source_id: str
    path: str
    size: int
    mtime_ns: int
    file_hash: str | None
    state: FileState
    seen_at: int


@dataclass(frozen=True, slots=True)
class UnreadFile:
    """A file that looks like a photo by its name, and could not be read as one."""

    path: str
    size: int
    mtime_ns: int
    code: str
    message: str
    sidecars: int = 0
    seen_at: int = 0


@dataclass(frozen=True, slots=True)
class SourceCounts:
    """How much of a source there is, and how far it is."""

    photos: int
    captioned: int
    pending: int
    undescribed: int
    """Neither captioned nor suggested for yet."""
    failed: int
    """Could not be described."""
    missing: int
    """Files that were removed; what is known of their photos is kept."""
    offline: int
    """Files whose disk or share is not there now."""
    unread: int


STATES: Final = (
    FileState.PRESENT,
    FileState.MISSING,
    FileState.OFFLINE,
)
_UNREAD: Final = 3


class PathColumn(Sequence[bytes]):
    """Paths one after another in one piece of memory, which goes back whole.

    A hundred thousand small objects would leave the process 4 MB larger for good.
    """

    def __init__(self) -> None:
        self._text = bytearray()
        self._ends = array("q", [0])

    def append(self, path: bytes) -> None:
        """Add a path at the end."""
        self._text += path
        self._ends.append(len(self._text))

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._ends) - 1

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> list[bytes]: ...
    def __getitem__(self, index: int | slice) -> bytes | list[bytes]:
        """Return a path by its place."""
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        place = range(len(self))[index]
        return bytes(self._text[self._ends[place] : self._ends[place + 1]])


@dataclass(slots=True)
class KnownFiles:
    """Every file of a source, in columns: a hundred thousand take a few megabytes."""

    paths: PathColumn = field(default_factory=PathColumn)
    """Sorted by their bytes."""
    sizes: "array[int]" = field(default_factory=lambda: array("q"))
    mtimes: "array[int]" = field(default_factory=lambda: array("q"))
    sidecars: "array[int]" = field(default_factory=lambda: array("q"))
    states: bytearray = field(default_factory=bytearray)
    present: int = 0
    """How many were there at the last look."""

    def state(self, index: int) -> FileState | None:
        """Return a file's state; None if it could not be read as a photo."""
        code = self.states[index]
        return None if code == _UNREAD else STATES[code]

    def is_same(self, index: int, size: int, mtime_ns: int, sidecars: int) -> bool:
        """Return whether a file still is what it was."""
        return (
            self.mtimes[index] == mtime_ns
            and self.sizes[index] == size
            and self.sidecars[index] == sidecars
        )

    def add(
        self, path: bytes, size: int, mtime_ns: int, sidecars: int, state: int
    ) -> None:
        """Add the next file in the order of paths."""
        self.paths.append(path)
        self.sizes.append(size)
        self.mtimes.append(mtime_ns)
        self.sidecars.append(sidecars)
        self.states.append(state)
        self.present += state == 0
