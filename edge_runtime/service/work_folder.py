"""Files that belong to work in progress: uploads that wait, thumbnails being made."""

from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Final

from ..store import new_id

_NAME: Final = "work"


class WorkFolder:
    """A folder in the home; what nobody needs any more is swept at the next start."""

    def __init__(self, home: Path) -> None:
        self.path = home / _NAME

    def create(self) -> None:
        """Make the folder if it is not there."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def new(self, suffix: str) -> Path:
        """Return the path of a file that does not exist yet."""
        return self.path / f"{new_id()}{suffix}"

    def adopt(self, path: Path) -> Path:
        """Move a file in; return where it lies now."""
        return path.replace(self.new(".upload"))

    def drop(self, path: Path | None) -> None:
        """Remove a file if it is one of this folder's."""
        if path is not None and path.parent == self.path:
            with suppress(OSError):
                path.unlink()

    def sweep(self, needed: Collection[Path]) -> None:
        """Remove everything that no stored job needs."""
        for path in self.path.iterdir():
            if path not in needed:
                self.drop(path)
