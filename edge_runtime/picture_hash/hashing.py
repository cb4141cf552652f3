"""The hash of a picture without its metadata: it stays when a photo is tagged or moved.

JPEG: tables, frame and scans. PNG: header, palette and picture data. WebP: picture
chunks. HEIC and AVIF: the payload of every item that is no metadata. Any other file,
and one that is not built as it should be, is hashed as a whole.
"""

from collections.abc import Callable, Generator, Iterator
import hashlib
import os
from pathlib import Path
import re
import stat
import struct
from typing import BinaryIO, Final

from ..errors import PhotoNotFoundError, PhotoUnreadableError
from ..units import printable
from .items import picture_items

# small enough for memory that malloc keeps: larger chunks are mapped anew every time
_CHUNK_BYTES: Final = 64 * 1024
# A pipe that nobody writes to must not hold us up.
_OPEN_FLAGS: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK

_JPEG_MARK: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""A marker inside a scan that is no stuffed byte, restart or fill byte."""
_JPEG_MARKER: Final = re.compile(rb"\xff[^\x00\xff]")
_MAX_FILL_BYTES: Final = 4096
"""Bytes between segments are not allowed, and some cameras write a few."""
_START_OF_SCAN: Final = 0xDA
_END_OF_IMAGE: Final = 0xD9
_STANDALONE: Final = frozenset({0x01, 0xD8, *range(0xD0, 0xD8)})
_COMMENT: Final = 0xFE
_APP: Final = range(0xE0, 0xF0)
_MAX_PARTS: Final = 65_536

_PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_PNG_PICTURE: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"fcTL", b"fdAT"})
_WEBP_PICTURE: Final = frozenset({b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF"})


class _OddFileError(Exception):
    """The file is not built as its first bytes promise."""


def picture_hash(path: Path) -> str:
    """Return the hex sha256 of the coded picture in a file, without its metadata.

    Blocks while it reads. Raises PhotoNotFoundError or PhotoUnreadableError.
    """
    name = printable(os.fsdecode(path))
    try:
        with os.fdopen(os.open(path, _OPEN_FLAGS), "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise PhotoUnreadableError(f"{name}: is no file; name a photo file")
            return hash_stream(stream)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise PhotoNotFoundError(
            f"{name}: there is no such file; check the path"
        ) from None
    except OSError as err:
        reason = err.strerror or type(err).__name__
        raise PhotoUnreadableError(f"{name}: can't be read ({reason})") from None


def hash_stream(stream: BinaryIO) -> str:
    """Return the hash of the picture in a stream that can be sought."""
    size = stream.seek(0, os.SEEK_END)
    kind, parts = _parts_of(stream, size)
    digest = hashlib.sha256(kind)
    try:
        if parts is not None:
            for part in parts(stream, size):
                digest.update(part)
            return digest.hexdigest()
    except _OddFileError:
        pass
    digest = hashlib.sha256(b"file")
    for part in _read(stream, 0, size):
        digest.update(part)
    return digest.hexdigest()


_Parts = Callable[[BinaryIO, int], Iterator[bytes]]


def _parts_of(stream: BinaryIO, size: int) -> tuple[bytes, _Parts | None]:
    head = b"".join(_read(stream, 0, min(size, 12)))
    if head.startswith(b"\xff\xd8\xff"):
        return b"jpeg", _jpeg_parts
    if head.startswith(_PNG_SIGNATURE):
        return b"png", _png_parts
    if head[:4] == b"RIFF" and head[8:] == b"WEBP":
        return b"webp", _webp_parts
    if head[4:8] == b"ftyp":
        return b"heif", _heif_parts
    return b"file", None


def _jpeg_parts(stream: BinaryIO, size: int) -> Iterator[bytes]:
    """Yield every segment but APPn and comments, up to the first end of image.

    What follows it (previews, a gain map, a film) belongs to no picture of this name.
    """
    offset, has_scan = 2, False
    for _ in range(_MAX_PARTS):
        marker, offset = _jpeg_marker(stream, offset, size)
        if marker == _END_OF_IMAGE:
            break
        if marker in _STANDALONE:
            continue
        length = int.from_bytes(_exactly(stream, offset, 2), "big")
        if marker not in _APP and marker != _COMMENT:
            yield bytes((marker,))
            yield _exactly(stream, offset, length)
        offset += length
        if marker == _START_OF_SCAN:
            has_scan = True
            offset = yield from _scan(stream, offset, size)
            if offset >= size:
                break  # cut off: what there is of it still is this picture
    if not has_scan:
        raise _OddFileError


def _jpeg_marker(stream: BinaryIO, offset: int, size: int) -> tuple[int, int]:
    """Return the next marker and the offset behind it; fill bytes are passed over."""
    length = min(_MAX_FILL_BYTES, size - offset)
    found = _JPEG_MARKER.search(b"".join(_read(stream, offset, length)))
    if found is None:
        raise _OddFileError
    return found[0][1], offset + found.end()


def _scan(stream: BinaryIO, offset: int, size: int) -> Generator[bytes, None, int]:
    """Yield a scan's coded data; return the offset of the marker that ends it."""
    while offset < size:
        stream.seek(offset)
        chunk = stream.read(min(_CHUNK_BYTES, size - offset))
        if found := _JPEG_MARK.search(chunk):
            yield chunk[: found.start()]
            return offset + found.start()
        if len(chunk) <= 1:
            yield chunk
            break
        yield chunk[:-1]
        offset += len(chunk) - 1  # a marker may lie across two chunks
    return size


def _png_parts(stream: BinaryIO, size: int) -> Iterator[bytes]:
    offset, has_data = len(_PNG_SIGNATURE), False
    for _ in range(_MAX_PARTS):
        if offset + 8 > size:
            break
        length, kind = struct.unpack(">I4s", _exactly(stream, offset, 8))
        if kind in _PNG_PICTURE:
            # Writers cut the picture's data into chunks as they like.
            if kind != b"IDAT":
                yield kind
            yield from _read(stream, offset + 8, min(length, size - offset - 8))
            has_data = has_data or kind == b"IDAT"
        offset += 12 + length
        if kind == b"IEND":
            break
    if not has_data:
        raise _OddFileError


def _webp_parts(stream: BinaryIO, size: int) -> Iterator[bytes]:
    offset, has_data = 12, False
    for _ in range(_MAX_PARTS):
        if offset + 8 > size:
            break
        kind, length = struct.unpack("<4sI", _exactly(stream, offset, 8))
        if kind in _WEBP_PICTURE:
            has_data = True
            yield kind
            yield from _read(stream, offset + 8, min(length, size - offset - 8))
        offset += 8 + length + (length & 1)
    if not has_data:
        raise _OddFileError


def _heif_parts(stream: BinaryIO, size: int) -> Iterator[bytes]:
    items = picture_items(stream, size)
    if not items:
        raise _OddFileError
    for item in items:
        yield item.kind
        yield item.inline
        for offset, length in item.extents:
            yield from _read(stream, offset, length)


def _read(stream: BinaryIO, offset: int, length: int) -> Iterator[bytes]:
    stream.seek(offset)
    while length > 0:
        data = stream.read(min(length, _CHUNK_BYTES))
        if not data:
            return
        length -= len(data)
        yield data


def _exactly(stream: BinaryIO, offset: int, length: int) -> bytes:
    data = b"".join(_read(stream, offset, length))
    if len(data) != length:
        raise _OddFileError
    return data
