"""Read a JPEG's header: frame, sampling, orientation and the EXIF preview."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
import re
import struct

from ..errors import PhotoDamagedError, PhotoFormatError
from .exif import ExifFacts, read_exif
from .model import PhotoFormat, PhotoHeader, Preview
from .source import PhotoSource

SIGNATURE = b"\xff\xd8\xff"

_MAX_SEGMENTS = 4096
_SCAN_BYTES = 65_536
_MARKER = re.compile(rb"\xff([\x01-\xfe])")
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_END_OF_IMAGE = 0xD9
_START_OF_SCAN = 0xDA
_APP1 = 0xE1
_EXIF_PREFIX = b"Exif\x00\x00"
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE_FRAMES = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_BITS = 8
_LENGTH_BYTES = 2
_FRAME_BYTES = 6


@dataclass(frozen=True, slots=True)
class _Segment:
    marker: int
    offset: int
    """Of the payload, after marker and length."""
    length: int


@dataclass(frozen=True, slots=True)
class _Frame:
    width: int
    height: int
    bit_depth: int
    sampling: tuple[tuple[int, int], ...]
    progressive: bool


def read_jpeg(source: PhotoSource) -> PhotoHeader:
    """Return the header of a JPEG; raise if it ends before the picture begins."""
    frame, exif = _frame_and_exif(source, 0)
    if frame is None or not frame.width or not frame.height:
        raise PhotoDamagedError(
            f"{source.name}: the JPEG ends before its picture begins; "
            "copy the photo again from where it came from"
        )
    if frame.bit_depth != _BITS:
        raise PhotoFormatError(
            f"{source.name}: is a JPEG with {frame.bit_depth} bits per colour, a "
            "medical or scientific kind that is not supported; save it with 8 bits"
        )
    return PhotoHeader(
        format=PhotoFormat.JPEG,
        width=frame.width,
        height=frame.height,
        bytes=source.size,
        orientation=exif.orientation,
        channels=len(frame.sampling),
        sampling=frame.sampling,
        progressive=frame.progressive,
        preview=read_preview(source, exif),
    )


def read_preview(source: PhotoSource, exif: ExifFacts) -> Preview | None:
    """Return the EXIF preview if it is a JPEG with a size."""
    if not exif.preview_bytes:
        return None
    if source.read_at(exif.preview_offset, 3) != SIGNATURE:
        return None
    frame, _ = _frame_and_exif(source, exif.preview_offset)
    if frame is None or not frame.width or not frame.height:
        return None
    return Preview(exif.preview_offset, exif.preview_bytes, frame.width, frame.height)


def _frame_and_exif(source: PhotoSource, start: int) -> tuple[_Frame | None, ExifFacts]:
    frame: _Frame | None = None
    exif: ExifFacts | None = None
    for segment in _segments(source, start + 2):
        if segment.marker in _FRAMES:
            frame = _read_frame(source, segment)
        elif segment.marker == _START_OF_SCAN and frame is not None:
            colours = source.read_at(segment.offset, 1)
            # several scans need every coefficient at once, progressive or not
            several = bool(colours) and colours[0] < len(frame.sampling)
            frame = replace(frame, progressive=frame.progressive or several)
        elif (
            segment.marker == _APP1
            and exif is None
            and source.read_at(segment.offset, 6) == _EXIF_PREFIX
        ):
            exif = read_exif(source, segment.offset + len(_EXIF_PREFIX))
    return frame, exif or ExifFacts()


def _read_frame(source: PhotoSource, segment: _Segment) -> _Frame | None:
    data = source.read_at(segment.offset, min(segment.length, _FRAME_BYTES + 3 * 4))
    if len(data) < _FRAME_BYTES:
        return None
    bit_depth, height, width, count = struct.unpack_from(">BHHB", data)
    factors = data[7 : 7 + 3 * count : 3]
    sampling = tuple((max(1, byte >> 4), max(1, byte & 15)) for byte in factors)
    progressive = segment.marker in _PROGRESSIVE_FRAMES
    return _Frame(width, height, bit_depth, sampling, progressive)


def _segments(source: PhotoSource, offset: int) -> Iterator[_Segment]:
    for _ in range(_MAX_SEGMENTS):
        found = _next_marker(source, offset)
        if found is None:
            return
        marker, offset = found
        if marker in _STANDALONE:
            continue
        raw = source.read_at(offset, 2)
        if marker == _END_OF_IMAGE or len(raw) < _LENGTH_BYTES:
            return
        length = max(_LENGTH_BYTES, int.from_bytes(raw, "big"))
        yield _Segment(marker, offset + _LENGTH_BYTES, length - _LENGTH_BYTES)
        if marker == _START_OF_SCAN:
            return
        offset += length


def _next_marker(source: PhotoSource, offset: int) -> tuple[int, int] | None:
    # bytes between segments are not allowed and do occur; decoders skip them too
    for size in (4, _SCAN_BYTES):
        found = _MARKER.search(source.read_at(offset, size))
        if found is not None:
            return found[1][0], offset + found.end()
    return None
