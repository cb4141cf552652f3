"""The multi-picture index of a JPEG: previews, gain maps, views for both eyes.

Its offsets count from a place inside itself, its first size is that of the whole first
picture, metadata included: both change when metadata grow (CIPA DC-007).
"""

from dataclasses import dataclass
import struct
from typing import Final

MPF_MARK: Final = b"MPF\0"

_ENTRIES: Final = 0xB002
_ENTRY_BYTES: Final = 16
_TIFF_START: Final = 8
"""Behind marker, length and mark."""
_MAX_IFD_ENTRIES: Final = 64
_MAX_PICTURES: Final = 64
_LIMIT: Final = 2**32


@dataclass(frozen=True, slots=True)
class MultiPicture:
    """The index, with the place of each picture's size and offset in it."""

    segment: bytes
    segment_start: int
    order: str
    places: tuple[int, ...]
    """Where in the segment each picture's size stands; its offset follows."""

    @property
    def base(self) -> int:
        """Return where in the file the offsets count from."""
        return self.segment_start + _TIFF_START

    def pictures(self) -> list[tuple[int, int]]:
        """Return begin and end in the file of every picture but the first."""
        found = []
        for place in self.places:
            size, offset = self._numbers(place)
            if offset:
                found.append((self.base + offset, self.base + offset + size))
        return found

    def patched(self, grown: int, behind: int) -> bytes:
        """Return the segment for a file whose head grew, part of it behind the index.

        Growing back gives the same bytes again.
        """
        data = bytearray(self.segment)
        for place in self.places:
            size, offset = self._numbers(place)
            if offset:
                offset += behind
            else:
                size += grown
            if 0 <= size < _LIMIT and 0 <= offset < _LIMIT:
                struct.pack_into(self.order + "II", data, place, size, offset)
        return bytes(data)

    def _numbers(self, place: int) -> tuple[int, int]:
        size, offset = struct.unpack_from(self.order + "II", self.segment, place)
        return size, offset


def read_mpf(segment: bytes, start: int) -> MultiPicture | None:
    """Return the index of a whole APP2 segment, or None if it is broken."""
    order = {b"II": "<", b"MM": ">"}.get(segment[_TIFF_START : _TIFF_START + 2])
    if order is None:
        return None
    try:
        return MultiPicture(segment, start, order, tuple(_places(segment, order)))
    except struct.error:
        return None


def _places(segment: bytes, order: str) -> list[int]:
    (first,) = struct.unpack_from(order + "I", segment, _TIFF_START + 4)
    at = _TIFF_START + first
    (count,) = struct.unpack_from(order + "H", segment, at)
    for index in range(min(count, _MAX_IFD_ENTRIES)):
        place = at + 2 + 12 * index
        tag, _, size, offset = struct.unpack_from(order + "HHII", segment, place)
        begin = _TIFF_START + offset
        if tag == _ENTRIES and begin + size <= len(segment):
            count = min(size // _ENTRY_BYTES, _MAX_PICTURES)
            # each entry begins with four bytes of attributes
            return [begin + 4 + _ENTRY_BYTES * picture for picture in range(count)]
    return []
