"""Find the picture that a camera put into its RAW photo: a JPEG, often of full size."""

from collections.abc import Iterator
from dataclasses import replace
import io
from typing import Any, BinaryIO, Final, cast

from ..errors import PhotoError
from .exif import TAG_ORIENTATION, TiffLayout, checked_orientation, read_ifd
from .jpeg import SIGNATURE, read_jpeg
from .model import PhotoFormat, PhotoHeader, Preview
from .source import PhotoSource

MIN_SIDE: Final = 120
"""A smaller preview shows too little to be described."""
_CHUNK: Final = 1024 * 1024
_MAX_SEARCHED: Final = 400 * 1024 * 1024
"""Above the largest RAW photos of medium format."""
_MAX_CANDIDATES: Final = 64
_PLAIN: Final = frozenset({1, 3})
"""Colours of a picture; the sensor's own data have two or four."""


class _Window(io.RawIOBase):
    """A file from some offset on."""

    def __init__(self, source: PhotoSource, start: int) -> None:
        self._source, self._start, self._place = source, start, 0

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def seekable(self) -> bool:
        """Return that it can be read at any place."""
        return True

    def tell(self) -> int:
        """Return the place."""
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to a place."""
        size = self._source.size - self._start
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: size}[whence]
        self._place = max(0, base + offset)
        return self._place

    def readinto(self, buffer: Any, /) -> int:
        """Fill a buffer from the place on."""
        data = self._source.read_at(self._start + self._place, len(buffer))
        buffer[: len(data)] = data
        self._place += len(data)
        return len(data)


def read_raw(source: PhotoSource) -> PhotoHeader | None:
    """Return the header of a RAW photo as its largest preview shows it, if any."""
    best: PhotoHeader | None = None
    for offset in _starts(source):
        found = _preview_at(source, offset)
        if found is not None and (best is None or _pixels(found) > _pixels(best)):
            best = found
    if best is None:
        return None
    return replace(best, orientation=_orientation(source) or best.orientation)


def picture_of(
    source: PhotoSource, header: PhotoHeader
) -> tuple[PhotoSource, PhotoHeader]:
    """Return the preview of a RAW photo as a photo of its own, turned as the RAW is."""
    offset = header.preview.offset if header.preview else 0
    inner = _from(source, offset)
    return inner, replace(read_jpeg(inner), orientation=header.orientation)


def _from(source: PhotoSource, offset: int) -> PhotoSource:
    stream = io.BufferedReader(_Window(source, offset))
    return PhotoSource(source.name, source.size - offset, cast("BinaryIO", stream))


def _starts(source: PhotoSource) -> Iterator[int]:
    """Yield where a JPEG may begin."""
    found = 0
    for start in range(0, min(source.size, _MAX_SEARCHED), _CHUNK):
        data = source.read_at(start, _CHUNK + len(SIGNATURE) - 1)
        place = data.find(SIGNATURE)
        while place >= 0:
            yield start + place
            found += 1
            if found == _MAX_CANDIDATES:
                return
            place = data.find(SIGNATURE, place + 1)


def _preview_at(source: PhotoSource, offset: int) -> PhotoHeader | None:
    try:
        header = read_jpeg(_from(source, offset))
    except PhotoError:
        return None  # bytes of the sensor, or a lossless JPEG of its data
    if header.channels not in _PLAIN or min(header.width, header.height) < MIN_SIDE:
        return None
    preview = Preview(offset, source.size - offset, header.width, header.height)
    return replace(header, format=PhotoFormat.RAW, bytes=source.size, preview=preview)


def _pixels(header: PhotoHeader) -> int:
    return header.width * header.height


def _orientation(source: PhotoSource) -> int | None:
    """Return how the camera was held, where the RAW photo is built like a TIFF."""
    order = {b"II": "<", b"MM": ">"}.get(source.read_at(0, 2))
    first = None if order is None else source.unpack_at(4, order + "I")
    if order is None or first is None:
        return None
    ifd = read_ifd(source, TiffLayout(0, order, False, first[0]), first[0])  # noqa: FBT003 - a record
    value = ifd.tags.get(TAG_ORIENTATION)
    return None if value is None else checked_orientation(value)
