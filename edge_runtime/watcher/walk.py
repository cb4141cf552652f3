"""List the photos below a folder, in the order of their paths' bytes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
import os
from pathlib import Path
import stat
from threading import Event
from typing import Final, NamedTuple

from ..metadata import is_leftover
from .names import is_ignored_folder, is_photo, is_sidecar

_OPEN_FOLDER: Final = (
    os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW
)
_MASK: Final = (1 << 62) - 1


class Seen(NamedTuple):
    """A photo's file as it lies there now."""

    path: bytes
    """Relative to the folder that is walked."""
    size: int
    mtime_ns: int
    ctime_ns: int
    sidecars: int
    """Changes with the sidecars beside it; 0: there is none."""


@dataclass(slots=True)
class WalkReport:
    """What a walk met on its way."""

    folders: list[bytes] = field(default_factory=list)
    """Every folder that was read, the root as an empty name."""
    unreadable: dict[bytes, str] = field(default_factory=dict)
    """Folders below which nothing is known, and why."""
    leftovers: list[bytes] = field(default_factory=list)
    """Temporary files of ours that a power cut may have left."""
    photos: int = 0
    is_root_there: bool = False


class LookStoppedError(Exception):
    """Nobody waits for the end of a look any more."""


class Walk:
    """One look at everything below a folder. Links are not followed."""

    def __init__(self, root: Path, stopping: Event | None = None) -> None:
        """Take a folder; the walk ends with LookStoppedError once `stopping` is set."""
        self.report = WalkReport()
        self._stopping = stopping
        self._root = os.fsencode(root)
        self._inside: set[tuple[int, int]] = set()

    def photos(self) -> Iterator[Seen]:
        """Yield each photo, sorted by the bytes of its path; blocks on the disk."""
        yield from self._below(b"")

    def _below(self, folder: bytes) -> Iterator[Seen]:
        if self._stopping is not None and self._stopping.is_set():
            raise LookStoppedError
        try:
            identity, entries = self._listing(folder)
        except OSError as err:
            # what was removed between two looks is gone, not unreadable
            if not isinstance(err, FileNotFoundError) or not folder:
                self.report.unreadable[folder] = err.strerror or type(err).__name__
            return
        if identity in self._inside:  # a folder that is mounted inside itself
            return
        self._inside.add(identity)
        self.report.folders.append(folder)
        self.report.is_root_there = True
        for key, found in entries:
            if found is None:
                yield from self._below(folder + key)
            else:
                self.report.photos += 1
                yield found
        self._inside.discard(identity)

    def _listing(
        self, folder: bytes
    ) -> tuple[tuple[int, int], list[tuple[bytes, Seen | None]]]:
        """Return a folder's photos and folders, sorted as whole paths sort."""
        descriptor = os.open(self._root + b"/" + folder, _OPEN_FOLDER)
        try:
            status = os.fstat(descriptor)
            with os.scandir(descriptor) as entries:
                found, sidecars = self._entries(entries, folder)
        finally:
            os.close(descriptor)
        if sidecars:
            found = [(key, _with_sidecars(one, key, sidecars)) for key, one in found]
        found.sort(key=_first)
        return (status.st_dev, status.st_ino), found

    def _entries(
        self, entries: Iterator["os.DirEntry[str]"], folder: bytes
    ) -> tuple[list[tuple[bytes, Seen | None]], dict[bytes, int]]:
        found: list[tuple[bytes, Seen | None]] = []
        sidecars: dict[bytes, int] = {}
        for entry in entries:
            name = os.fsencode(entry.name)
            if is_photo(name):
                status = _status(entry)
                if status is not None and stat.S_ISREG(status.st_mode):
                    found.append((name, _seen(folder + name, status)))
                    continue
            elif is_sidecar(name):
                if (status := _status(entry)) is not None:
                    sidecars[name.lower()] = _fingerprint(status)
                continue
            if is_leftover(entry.name):
                self.report.leftovers.append(folder + name)
            elif _is_folder(entry) and not is_ignored_folder(name):
                found.append((name + b"/", None))
        return found, sidecars


def _first(pair: tuple[bytes, Seen | None]) -> bytes:
    return pair[0]


def _seen(path: bytes, status: os.stat_result) -> Seen:
    return Seen(path, status.st_size, status.st_mtime_ns, status.st_ctime_ns, 0)


def _status(entry: "os.DirEntry[str]") -> os.stat_result | None:
    try:
        return entry.stat(follow_symlinks=False)
    except OSError:  # it vanished meanwhile
        return None


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _with_sidecars(
    found: Seen | None, name: bytes, sidecars: dict[bytes, int]
) -> Seen | None:
    """Return a photo with what its sidecars (`a.jpg.xmp`, `a.xmp`) look like."""
    if found is None:
        return None
    lowered = name.lower()
    full = sidecars.get(lowered + b".xmp", 0)
    stem = sidecars.get(lowered[: lowered.rfind(b".")] + b".xmp", 0)
    return found._replace(sidecars=(full * 31 + stem) & _MASK)


def _fingerprint(status: os.stat_result) -> int:
    return hash((status.st_size, status.st_mtime_ns)) & _MASK | 1
