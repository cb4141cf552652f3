"""Progress of one file, told often enough for a bar and no oftener."""

import time
from typing import Final

from .records import Progress, ProgressCallback

_EVERY_S: Final = 0.1


class Meter:
    """Turns byte counts into throttled progress reports."""

    def __init__(
        self, callback: ProgressCallback | None, file: str, total: int | None
    ) -> None:
        """Report on one file; without a callback nothing happens."""
        self._callback = callback
        self._file = file
        self._total = total
        self._source = ""
        self._told_at = 0.0
        self._base = 0

    def begin(self, source: str) -> None:
        """Name the source that is tried now."""
        self._source, self._told_at, self._base = source, 0.0, 0

    def move_base(self, done: int) -> None:
        """Count the following bytes from here: one part of several begins."""
        self._base = done

    def update(self, done: int) -> None:
        """Report bytes, unless a report was made a moment ago."""
        now = time.monotonic()
        if now - self._told_at >= _EVERY_S:
            self._told_at = now
            self._tell(self._base + done)

    def finish(self, done: int) -> None:
        """Report the whole file."""
        self._tell(done)

    def _tell(self, done: int) -> None:
        if self._callback is not None:
            # an archive can be larger than the file it carries
            shown = done if self._total is None else min(done, self._total)
            self._callback(Progress(self._file, shown, self._total, self._source))
