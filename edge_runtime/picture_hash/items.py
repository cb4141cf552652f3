"""Where the pictures of a HEIC or AVIF lie, metadata left out (ISO/IEC 14496-12)."""

from collections.abc import Iterator
from dataclasses import dataclass
import struct
from typing import BinaryIO, Final

_MAX_META_BYTES: Final = 4 * 1024 * 1024
_MAX_BOXES: Final = 4096
_MAX_ITEMS: Final = 65_536
_METADATA: Final = frozenset({b"Exif", b"mime", b"uri "})
_EXTENDED_SIZE: Final = 1
_IN_FILE, _IN_IDAT = 0, 1


@dataclass(frozen=True, slots=True)
class PictureItem:
    """One picture (or tile) inside the file."""

    kind: bytes
    inline: bytes
    """What lies inside the description itself, such as the grid of tiles."""
    extents: tuple[tuple[int, int], ...]
    """Offset and length of its coded data in the file."""


def picture_items(stream: BinaryIO, size: int) -> list[PictureItem]:
    """Return the items that are no metadata, by their number; empty if unreadable."""
    try:
        meta = _read_meta(stream, size)
        return _items(meta, size)
    except (struct.error, IndexError, ValueError):
        return []


def _read_meta(stream: BinaryIO, size: int) -> bytes:
    offset = 0
    for _ in range(_MAX_BOXES):
        stream.seek(offset)
        kind, begin, length = _box_head(stream.read(16), size - offset)
        if kind == b"meta":
            stream.seek(offset + begin + 4)  # version and flags come first
            return stream.read(min(length - begin - 4, _MAX_META_BYTES))
        offset += length
    raise ValueError


def _items(meta: bytes, size: int) -> list[PictureItem]:
    found = dict(_boxes(meta))
    kinds = _kinds(found[b"iinf"]) if b"iinf" in found else {}
    idat = found.get(b"idat", b"")
    items = []
    for number, method, extents in sorted(_locations(found.get(b"iloc", b""))):
        kind = kinds.get(number, b"")
        if kind in _METADATA or not kind:
            continue
        if method == _IN_IDAT:
            inline = b"".join(idat[at : at + length] for at, length in extents)
            items.append(PictureItem(kind, inline, ()))
        elif method == _IN_FILE:
            inside = all(at + length <= size for at, length in extents)
            if not inside:
                return []
            items.append(PictureItem(kind, b"", extents))
    return items


def _kinds(iinf: bytes) -> dict[int, bytes]:
    wide = iinf[0] > 0
    start = 8 if wide else 6
    kinds = {}
    for box, payload in _boxes(iinf, start):
        if box != b"infe" or payload[0] < 2:  # noqa: PLR2004 - older ones name no kind
            continue
        layout = ">I2x4s" if payload[0] > 2 else ">H2x4s"  # noqa: PLR2004
        number, kind = struct.unpack_from(layout, payload, 4)
        kinds[number] = kind
    return kinds


_Location = tuple[int, int, tuple[tuple[int, int], ...]]


def _locations(iloc: bytes) -> Iterator[_Location]:
    """Yield number, construction method and extents of each item."""
    version = iloc[0]
    offset_bytes, length_bytes = iloc[4] >> 4, iloc[4] & 15
    base_bytes, index_bytes = iloc[5] >> 4, iloc[5] & 15 if version else 0
    number_bytes = 4 if version > 1 else 2
    reader = _Reader(iloc, 6)
    for _ in range(min(reader.number(number_bytes), _MAX_ITEMS)):
        item = reader.number(number_bytes)
        method = reader.number(2) & 15 if version else _IN_FILE
        reader.number(2)  # which file: always this one
        base = reader.number(base_bytes)
        extents = []
        for _ in range(reader.number(2)):
            reader.number(index_bytes)
            at = base + reader.number(offset_bytes)
            extents.append((at, reader.number(length_bytes)))
        yield item, method, tuple(extents)


@dataclass(slots=True)
class _Reader:
    data: bytes
    offset: int

    def number(self, size: int) -> int:
        if self.offset + size > len(self.data):
            raise ValueError
        value = int.from_bytes(self.data[self.offset : self.offset + size], "big")
        self.offset += size
        return value


def _boxes(data: bytes, start: int = 0) -> Iterator[tuple[bytes, bytes]]:
    offset = start
    for _ in range(_MAX_BOXES):
        if offset + 8 > len(data):
            return
        kind, begin, length = _box_head(data[offset : offset + 16], len(data) - offset)
        yield kind, data[offset + begin : offset + length]
        offset += length


def _box_head(head: bytes, rest: int) -> tuple[bytes, int, int]:
    """Return kind, length of the head and length of the whole box."""
    length, kind = struct.unpack_from(">I4s", head)
    begin = 8
    if length == _EXTENDED_SIZE:
        (length,) = struct.unpack_from(">Q", head, 8)
        begin = 16
    if length == 0:
        length = rest
    if length < begin or length > rest:
        raise ValueError
    return kind, begin, length
