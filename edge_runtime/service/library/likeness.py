"""Which photos show the same: bursts, and copies of one moment."""

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from ...errors import EdgeRuntimeError
from ...inference.imaging_messages import Inspection
from ...store import Photo
from ..duplicates import looks_same

WINDOW_MS: Final = 60_000
"""Photos that lie further apart in time are each described on their own."""
_MAX_DISTANCE: Final = 6
"""Bits of the perceptual hash in which two frames of a burst differ at most."""
_KEPT: Final = 12
_EXPECTED: Final = 4


@dataclass(slots=True)
class Described:
    """A photo that has a suggestion, and what it looks like once that is asked."""

    photo_id: str
    taken_at: int
    camera: str | None
    suggestion_id: str
    look: Inspection | None = None


@dataclass(slots=True)
class Likenesses:
    """The last photos that were described, to find one that shows the same."""

    inspect: Callable[[str], Awaitable[Inspection]]
    """Return how the photo of an id looks."""
    _recent: deque[Described] = field(default_factory=lambda: deque(maxlen=_KEPT))
    _expected: deque[Photo] = field(default_factory=lambda: deque(maxlen=_EXPECTED))

    def expect(self, photo: Photo) -> None:
        """Remember a photo that is being described now."""
        self._expected.appendleft(photo)

    def add(self, photo: Photo, suggestion_id: str) -> None:
        """Remember a photo that got words of its own."""
        if photo.taken_at is not None:
            self._recent.appendleft(
                Described(photo.id, photo.taken_at, photo.camera, suggestion_id)
            )

    def may_have_twin(self, photo: Photo) -> bool:
        """Return whether a photo was taken so close to another that it may show it."""
        recent = ((one.taken_at, one.camera) for one in self._recent)
        expected = ((one.taken_at, one.camera) for one in self._expected)
        return any(_is_near(photo, *one) for one in (*recent, *expected))

    async def twin_of(self, photo: Photo) -> Described | None:
        """Return a photo that shows the same; one that can't be read has none."""
        near = [r for r in self._recent if _is_near(photo, r.taken_at, r.camera)]
        if not near:
            return None
        try:
            look = await self.inspect(photo.id)
            for one in near:
                one.look = one.look or await self.inspect(one.photo_id)
                if shows_same(one.look, look):
                    return one
        except EdgeRuntimeError:
            return None
        return None


def _is_near(photo: Photo, taken_at: int | None, camera: str | None) -> bool:
    if photo.taken_at is None or taken_at is None:
        return False
    return abs(photo.taken_at - taken_at) <= WINDOW_MS and photo.camera == camera


def shows_same(first: Inspection, second: Inspection) -> bool:
    """Return whether two pictures show the same, by hash or by brightness."""
    if (first.width > first.height) != (second.width > second.height):
        return False
    distance = (first.perceptual_hash ^ second.perceptual_hash).bit_count()
    return distance <= _MAX_DISTANCE or looks_same(first.brightness, second.brightness)
