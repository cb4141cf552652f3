"""Frames of a camera that show nothing new: their caption is the one before.

A hash of the whole picture can't tell a still yard from one with a person far away, so
the brightness grids are compared cell by cell.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Final

COLUMNS: Final = 32
ROWS: Final = 24
"""The grid of `imaging.fingerprint`."""
_EDGE_ROWS: Final = 2
"""Rows at the top and the bottom that are passed over: cameras print the time there."""
_SAME_CELL: Final = 10
"""Difference in brightness (of 255) that noise and coding make in a cell."""
_FRAMES: Final = 8
_CAMERAS: Final = 64
WINDOW_S: Final = 600.0
"""Age after which even the same view is described anew."""


def looks_same(first: bytes, second: bytes) -> bool:
    """Return whether two brightness grids show the same scene.

    A change that is the same all over (a cloud, the camera's exposure) doesn't count.
    """
    begin, end = _EDGE_ROWS * COLUMNS, (ROWS - _EDGE_ROWS) * COLUMNS
    if len(first) != COLUMNS * ROWS or len(second) != len(first):
        return False
    steps = [b - a for a, b in zip(first[begin:end], second[begin:end], strict=True)]
    overall = sorted(steps)[(len(steps) - 1) // 2]
    return all(abs(step - overall) <= _SAME_CELL for step in steps)


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame that got a caption."""

    brightness: bytes
    language: str
    caption_id: str
    at: int
    """Unix milliseconds."""


@dataclass(slots=True)
class RecentFrames:
    """The last frames of each camera, in memory alone."""

    window_s: float = WINDOW_S
    _cameras: OrderedDict[str, deque[Frame]] = field(default_factory=OrderedDict)

    def add(self, camera: str, frame: Frame) -> None:
        """Remember a frame; the oldest of many make room."""
        frames = self._cameras.setdefault(camera, deque(maxlen=_FRAMES))
        self._cameras.move_to_end(camera)
        frames.appendleft(frame)
        while len(self._cameras) > _CAMERAS:
            self._cameras.popitem(last=False)

    def find(
        self, camera: str, brightness: bytes, language: str, now: int
    ) -> Frame | None:
        """Return the newest earlier frame that shows the same, or None."""
        oldest = now - self.window_s * 1000
        for frame in self._cameras.get(camera, ()):
            if frame.at < oldest or frame.language != language:
                continue
            if looks_same(frame.brightness, brightness):
                return frame
        return None
