"""Look for a folder to watch, within those that clients may choose from."""

from collections.abc import Sequence
from dataclasses import dataclass
import os
from pathlib import Path
from typing import Final

from ...watcher import is_ignored_folder, is_photo
from . import rules

MAX_FOLDERS: Final = 500
_COUNTED: Final = 5000


@dataclass(frozen=True, slots=True)
class FolderListing:
    """What lies in a folder."""

    path: Path | None
    """None: the list of the allowed folders themselves."""
    parent: Path | None
    folders: tuple[Path, ...]
    photos: int
    """Directly in it; counting ends at a few thousand."""


def list_folder(text: str | None, allowed: Sequence[Path]) -> FolderListing:
    """Return the folders in a folder; without one, the allowed ones. Blocks."""
    roots = sorted({Path(os.path.realpath(root)) for root in allowed})
    if text is None:
        here = [root for root in roots if root.is_dir()]
        return FolderListing(None, None, tuple(here), 0)
    folder = rules.real_folder(text)
    rules.refuse_outside(folder, roots)
    found, photos = [], 0
    try:
        with os.scandir(os.fsencode(folder)) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if not is_ignored_folder(entry.name):
                        found.append(folder / os.fsdecode(entry.name))
                elif is_photo(entry.name) and photos < _COUNTED:
                    photos += 1
    except OSError:  # it may not be read: nothing can be chosen in it
        return FolderListing(folder, _parent(folder, roots), (), 0)
    return FolderListing(
        folder, _parent(folder, roots), tuple(sorted(found)[:MAX_FOLDERS]), photos
    )


def _parent(folder: Path, roots: Sequence[Path]) -> Path | None:
    return None if folder in roots else folder.parent
