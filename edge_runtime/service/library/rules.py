"""Which folder may be watched."""

from collections.abc import Iterable
import os
from pathlib import Path
from typing import Final

from ...store import Source
from ...units import printable
from ..errors import PathNotAllowedError
from .errors import FolderNotFoundError, FolderWatchedError

_MAX_SHOWN: Final = 300


def real_folder(text: str) -> Path:
    """Return the real path of a folder that a person names; blocks on the disk."""
    name = _shown(text)
    if "\0" in text or not Path(text).is_absolute():
        raise FolderNotFoundError(f"{name}: name the folder by its whole path")
    real = Path(os.path.realpath(text))
    if not real.is_dir():
        raise FolderNotFoundError(f"{name}: there is no such folder")
    return real


def refuse_outside(folder: Path, allowed: Iterable[Path]) -> None:
    """Raise PathNotAllowedError unless a folder lies in an allowed one."""
    roots = (Path(os.path.realpath(root)) for root in allowed)
    if not any(folder.is_relative_to(root) for root in roots):
        raise PathNotAllowedError(
            f"{_shown(str(folder))}: lies in no allowed folder; add it to "
            "allowed_folders, or on the machine itself: edge-captions library add"
        )


def refuse_watched(folder: Path, sources: Iterable[Source]) -> None:
    """Raise FolderWatchedError if a folder shares photos with a watched one."""
    name = _shown(str(folder))
    for source in sources:
        if source.path is None:
            continue
        other = Path(source.path)
        if folder == other:
            raise FolderWatchedError(f"{name}: is watched already ('{source.name}')")
        if folder.is_relative_to(other):
            raise FolderWatchedError(
                f"{name}: lies in {_shown(source.path)}, which is watched already"
            )
        if other.is_relative_to(folder):
            raise FolderWatchedError(
                f"{name}: holds {_shown(source.path)}, which is watched already; "
                "remove that source first"
            )


def name_for(folder: Path, sources: Iterable[Source]) -> str:
    """Return a folder's own name, with a number if another source has it."""
    taken = {source.name for source in sources}
    base = printable(folder.name)[:80] or "photos"
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base} {number}"
    return name


def _shown(path: str) -> str:
    """Return a path as a message has it: one line, and not endless."""
    line = printable(path)
    return line if len(line) <= _MAX_SHOWN else f"{line[:_MAX_SHOWN]}..."
