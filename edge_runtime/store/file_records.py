"""Records of files: where photos lie, and what a look at a folder is compared with."""

from array import array
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


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


@dataclass(slots=True)
class KnownFiles:
    """Every file of a source, in columns: a hundred thousand take a few megabytes."""

    paths: list[bytes] = field(default_factory=list)
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
