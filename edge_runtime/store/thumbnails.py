"""Where thumbnails lie; nothing here opens one."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from .ids import is_id

SIZES: Final = (320, 1280)
"""Longest side in pixels."""


class ThumbnailFolder:
    """Names the files below a home's `thumbnails`."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "thumbnails"

    def path(self, photo_id: str, size: int) -> Path:
        """Return where a photo's thumbnail of a size lies, or will lie."""
        if not is_id(photo_id):
            raise ValueError(f"{photo_id!r} is no id")
        # the end of an id is random and spreads evenly, its beginning is the time
        return self.folder / photo_id[-2:] / f"{photo_id}-{size}.webp"

    def of(self, photo_ids: Iterable[str]) -> tuple[Path, ...]:
        """Return every path that belongs to some photos."""
        return tuple(self.path(one, size) for one in photo_ids for size in SIZES)

    def present(self) -> Iterator[tuple[str, Path]]:
        """Return each thumbnail that is there, with its photo's id; blocks."""
        for path in self.folder.glob("*/*.webp"):
            photo_id = path.name.partition("-")[0]
            if is_id(photo_id):
                yield photo_id, path
