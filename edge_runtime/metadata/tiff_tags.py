"""Read the directories of TIFF structures: EXIF blocks, TIFF files, RAW photos."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
import struct
from typing import Final

from .photo_file import Readable, unpack_at

_MAX_ENTRIES: Final = 1024
_MAX_VALUE_BYTES: Final = 8 * 1024 * 1024
_SIZES: Final = {
    1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8,
    13: 4, 16: 8, 17: 8, 18: 8, 129: 1,
}  # fmt: skip
_WHOLE: Final = {1: "B", 3: "H", 4: "I", 8: "h", 9: "i", 13: "I", 16: "Q", 18: "Q"}
_RATIONAL: Final = {5: "I", 10: "i"}
_MAX_NUMBERS: Final = 16
_BIG: Final = 43
_MAGICS: Final = frozenset({42, _BIG, 0x4F52, 0x5352, 0x55})
"""TIFF and BigTIFF; Olympus and Panasonic put marks of their own there."""

ASCII: Final = 2
UTF8: Final = 129


@dataclass(frozen=True, slots=True)
class Layout:
    """How the numbers of one TIFF structure are written."""

    order: str
    """`<` or `>`, as struct wants it."""
    is_big: bool
    first: int
    """Offset of the first directory."""
    magic: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One value of a directory, not read yet."""

    tag: int
    kind: int
    count: int
    offset: int
    """Where the value's bytes begin."""
    size: int


@dataclass(frozen=True, slots=True)
class Directory:
    """One image file directory."""

    source: Readable
    layout: Layout
    entries: Mapping[int, Entry]
    next_offset: int

    def raw(self, tag: int) -> bytes:
        """Return a value's bytes; empty if the tag is not there or too long."""
        entry = self.entries.get(tag)
        if entry is None or entry.size > _MAX_VALUE_BYTES:
            return b""
        return self.source.read_at(entry.offset, entry.size)

    def numbers(self, tag: int) -> list[float]:
        """Return a value as numbers; a fraction over zero ends the list."""
        entry = self.entries.get(tag)
        if entry is None:
            return []
        count = min(entry.count, _MAX_NUMBERS)
        fraction = _RATIONAL.get(entry.kind)
        whole = _WHOLE.get(entry.kind)
        letters = f"{2 * count}{fraction}" if fraction else f"{count}{whole}"
        if not (fraction or whole):
            return []
        found = unpack_at(self.source, entry.offset, self.layout.order + letters)
        if found is None:
            return []
        return list(_divided(found)) if fraction else [float(n) for n in found]

    def whole(self, tag: int) -> int | None:
        """Return the first number of a value, if it is a whole one."""
        entry = self.entries.get(tag)
        if entry is None or entry.kind not in _WHOLE:
            return None
        numbers = self.numbers(tag)
        return int(numbers[0]) if numbers else None

    def text(self, tag: int) -> str:
        """Return a value as text, up to the first NUL; UTF-8, else Western."""
        entry = self.entries.get(tag)
        if entry is None or entry.kind not in {ASCII, UTF8, 1, 7}:
            return ""
        return decode_text(self.raw(tag).partition(b"\0")[0])


def decode_text(data: bytes) -> str:
    """Return bytes of no named encoding as text: UTF-8, else Windows' Western."""
    try:
        return data.decode().strip()
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace").strip()


def read_layout(source: Readable, start: int = 0) -> Layout | None:
    """Return how a TIFF structure is written, or None if this is none."""
    order = {b"II": "<", b"MM": ">"}.get(source.read_at(start, 2))
    if order is None:
        return None
    magic = unpack_at(source, start + 2, order + "H")
    if magic is None or magic[0] not in _MAGICS:
        return None
    is_big = magic[0] == _BIG
    first = unpack_at(
        source, start + (8 if is_big else 4), order + ("Q" if is_big else "I")
    )
    return None if first is None else Layout(order, is_big, first[0], magic[0])


def read_directory(source: Readable, layout: Layout, offset: int) -> Directory:
    """Return the directory at an offset; an empty one if there is none."""
    head, entry_size, link = ("Q", 20, "Q") if layout.is_big else ("H", 12, "I")
    counted = unpack_at(source, offset, layout.order + head)
    if offset <= 0 or counted is None or counted[0] > _MAX_ENTRIES:
        return Directory(source, layout, {}, 0)
    begin = offset + struct.calcsize("<" + head)
    table = source.read_at(begin, counted[0] * entry_size)
    entries = {e.tag: e for e in _entries(layout, table, begin, entry_size)}
    following = unpack_at(source, begin + counted[0] * entry_size, layout.order + link)
    return Directory(source, layout, entries, following[0] if following else 0)


def _entries(
    layout: Layout, table: bytes, begin: int, entry_size: int
) -> Iterator[Entry]:
    room, number = (8, "Q") if layout.is_big else (4, "I")
    for at in range(0, len(table) - entry_size + 1, entry_size):
        tag, kind, count = struct.unpack_from(layout.order + "HH" + number, table, at)
        size = _SIZES.get(kind, 0) * count
        if not size:
            continue
        place = at + entry_size - room
        offset = begin + place
        if size > room:
            (offset,) = struct.unpack_from(layout.order + number, table, place)
        yield Entry(tag, kind, count, offset, size)


def _divided(numbers: tuple[int, ...]) -> Iterator[float]:
    for upper, lower in zip(numbers[::2], numbers[1::2], strict=True):
        if lower == 0:
            return
        yield upper / lower
