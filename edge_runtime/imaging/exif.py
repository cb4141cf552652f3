"""Read the few EXIF facts that decoding needs, from TIFF structures of any origin."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
import struct

from .source import PhotoSource

TAG_NEW_SUBFILE_TYPE = 0x00FE
TAG_WIDTH = 0x0100
TAG_HEIGHT = 0x0101
TAG_BITS_PER_SAMPLE = 0x0102
TAG_COMPRESSION = 0x0103
TAG_PHOTOMETRIC = 0x0106
TAG_ORIENTATION = 0x0112
TAG_SAMPLES_PER_PIXEL = 0x0115
TAG_ROWS_PER_STRIP = 0x0116
TAG_SUB_IFDS = 0x014A
TAG_PREVIEW_OFFSET = 0x0201
TAG_PREVIEW_BYTES = 0x0202
TAG_DNG_VERSION = 0xC612

_NO_ORIENTATION = 1
_LAST_ORIENTATION = 8
_MAX_ENTRIES = 512
_CLASSIC = 42
_BIG = 43
_VALUE_FORMATS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}


@dataclass(frozen=True, slots=True)
class TiffLayout:
    """How the numbers of one TIFF structure are written."""

    start: int
    """Offset in the file that all other offsets are counted from."""
    order: str
    """`<` or `>`, as struct wants it."""
    is_big: bool
    first_ifd: int


@dataclass(frozen=True, slots=True)
class Ifd:
    """One image file directory: whole-number tags, and where the next one lies."""

    tags: Mapping[int, int]
    next_offset: int


@dataclass(frozen=True, slots=True)
class ExifFacts:
    """Orientation, and where the embedded preview lies in the file."""

    orientation: int = _NO_ORIENTATION
    preview_offset: int = 0
    preview_bytes: int = 0


def read_layout(source: PhotoSource, start: int) -> TiffLayout | None:
    """Return the byte order and first directory, or None if this is no TIFF."""
    order = {b"II": "<", b"MM": ">"}.get(source.read_at(start, 2))
    if order is None:
        return None
    magic = source.unpack_at(start + 2, order + "H")
    is_big = magic == (_BIG,)
    first = source.unpack_at(
        start + (8 if is_big else 4), order + ("Q" if is_big else "I")
    )
    if first is None or magic not in {(_CLASSIC,), (_BIG,)}:
        return None
    return TiffLayout(start, order, is_big, first[0])


def read_ifd(source: PhotoSource, layout: TiffLayout, offset: int) -> Ifd:
    """Return the first value of every whole-number tag of one directory."""
    count_format, entry_size, next_format = (
        ("Q", 20, "Q") if layout.is_big else ("H", 12, "I")
    )
    place = layout.start + offset
    counted = source.unpack_at(place, layout.order + count_format)
    if offset <= 0 or counted is None:
        return Ifd({}, 0)
    (count,) = counted
    place += struct.calcsize("<" + count_format)
    entries = source.read_at(place, min(count, _MAX_ENTRIES) * entry_size)
    tags = dict(_entries(source, layout, entries, entry_size))
    following = source.unpack_at(place + count * entry_size, layout.order + next_format)
    return Ifd(tags, following[0] if following else 0)


def read_exif(source: PhotoSource, start: int) -> ExifFacts:
    """Return what decoding needs of the EXIF data that begins at an offset."""
    layout = read_layout(source, start)
    if layout is None:
        return ExifFacts()
    main = read_ifd(source, layout, layout.first_ifd)
    orientation = checked_orientation(main.tags.get(TAG_ORIENTATION))
    preview = read_ifd(source, layout, main.next_offset).tags
    offset = preview.get(TAG_PREVIEW_OFFSET, 0)
    size = preview.get(TAG_PREVIEW_BYTES, 0)
    if offset <= 0 or size <= 0 or start + offset + size > source.size:
        return ExifFacts(orientation)
    return ExifFacts(orientation, start + offset, size)


def checked_orientation(value: int | None) -> int:
    """Return a valid EXIF orientation; anything else means 'as stored'."""
    if value is None or not _NO_ORIENTATION <= value <= _LAST_ORIENTATION:
        return _NO_ORIENTATION
    return value


def _entries(
    source: PhotoSource, layout: TiffLayout, entries: bytes, entry_size: int
) -> Iterator[tuple[int, int]]:
    room = 8 if layout.is_big else 4
    count_format = "Q" if layout.is_big else "I"
    for position in range(0, len(entries) - entry_size + 1, entry_size):
        tag, kind = struct.unpack_from(layout.order + "HH", entries, position)
        value_format = _VALUE_FORMATS.get(kind)
        if value_format is None:
            continue
        (count,) = struct.unpack_from(
            layout.order + count_format, entries, position + 4
        )
        value = entries[position + entry_size - room : position + entry_size]
        size = struct.calcsize("<" + value_format)
        if count * size > room:
            (offset,) = struct.unpack(layout.order + count_format, value)
            value = source.read_at(layout.start + offset, size)
        if len(value) >= size:
            yield tag, struct.unpack_from(layout.order + value_format, value)[0]
