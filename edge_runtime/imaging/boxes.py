"""Walk the boxes that HEIC, AVIF and videos are made of."""

from collections.abc import Iterator
from dataclasses import dataclass
import struct

from .source import PhotoSource

MAX_BOXES = 4096

_MAX_META_BYTES = 4 * 1024 * 1024
_EXTENDED_SIZE = 1
_TO_THE_END = 0
_HEAD_BYTES = 8
_LONG_HEAD_BYTES = 16
_FULL_BOX_BYTES = 4
"""Version and flags, which come first in many boxes."""


@dataclass(frozen=True, slots=True)
class Box:
    """One box: its kind, and its payload with the offset where that begins."""

    kind: bytes
    offset: int
    payload: bytes


def boxes(data: bytes, start: int = 0) -> Iterator[Box]:
    """Return the boxes inside a payload, from an offset on."""
    offset = start
    for _ in range(MAX_BOXES):
        head = _parse_head(data[offset : offset + _LONG_HEAD_BYTES], len(data) - offset)
        if head is None:
            return
        kind, begin, size = head
        yield Box(kind, offset + begin, data[offset + begin : offset + size])
        offset += size


def first_box(data: bytes, kind: bytes) -> Box:
    """Return the first box of a kind; an empty one if there is none."""
    return next((box for box in boxes(data) if box.kind == kind), Box(kind, 0, b""))


def read_meta(source: PhotoSource) -> Box:
    """Return the box that describes the pictures; its offset is one of the file."""
    offset = 0
    for _ in range(MAX_BOXES):
        found = _parse_head(
            source.read_at(offset, _LONG_HEAD_BYTES), source.size - offset
        )
        if found is None:
            break
        kind, begin, size = found
        if kind == b"meta":
            begin += _FULL_BOX_BYTES
            length = min(size - begin, _MAX_META_BYTES)
            return Box(kind, offset + begin, source.read_at(offset + begin, length))
        offset += size
    return Box(b"meta", 0, b"")


def _parse_head(head: bytes, rest: int) -> tuple[bytes, int, int] | None:
    if len(head) < _HEAD_BYTES:
        return None
    size, kind = struct.unpack_from(">I4s", head)
    begin = _HEAD_BYTES
    if size == _EXTENDED_SIZE and len(head) == _LONG_HEAD_BYTES:
        (size,) = struct.unpack_from(">Q", head, _HEAD_BYTES)
        begin = _LONG_HEAD_BYTES
    elif size == _TO_THE_END:
        size = rest
    return (kind, begin, size) if size >= begin else None
