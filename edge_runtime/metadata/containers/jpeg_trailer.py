"""Decide whether what lies behind a JPEG's picture may move with the rest of the file.

Films of motion photos are found from the end of the file, pictures of a multi-picture
index by an index that we correct. Anything else may be found by a place in the file
that we can't know of, so such a file is left alone.
"""

import re
import struct
from typing import Final

from ..photo_file import CHUNK_BYTES, Readable, chunks
from .mpf import MultiPicture

_MARK: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_STANDALONE: Final = frozenset({0x01, 0xD8})
_END_OF_IMAGE: Final = 0xD9
_FILLER: Final = b"\0\xff\r\n \t"
_MAX_GAP: Final = 65_536
_GOOGLE: Final = (
    b"http://ns.google.com/photos/1.0/container/",
    b"http://ns.google.com/photos/1.0/camera/",
)
_SAMSUNG_END: Final = b"SEFT"
_MAX_SEGMENTS: Final = 65_536


def why_fixed(
    source: Readable,
    scan: int,
    index: MultiPicture | None,
    exif: tuple[int, bytes] | None,
) -> str | None:
    """Return why the rest of the file must not move, or None if it may.

    `exif` is where the EXIF block's TIFF structure begins, and its bytes.
    """
    end = end_of_picture(source, scan)
    if end is None:
        return "the JPEG is cut off, or still being copied"
    if end >= source.size:
        return None
    pictures = [] if index is None else index.pictures()
    if exif is not None and any(_names(exif, begin) for begin, _ in pictures):
        return "the camera's own notes point to a preview behind the picture"
    at = _behind(pictures, end)
    if at >= source.size or _is_filler(source, at):
        return None
    if source.read_at(at + 4, 4) == b"ftyp" or _is_known(source, scan):
        return None
    return "there are data of an unknown kind behind the picture"


def end_of_picture(source: Readable, scan: int) -> int | None:
    """Return the offset behind the end-of-image marker; None if there is none."""
    at = scan
    for _ in range(_MAX_SEGMENTS):
        found = _next_mark(source, at)
        if found is None:
            return None
        marker, at = found
        if marker == _END_OF_IMAGE:
            return at
        if marker not in _STANDALONE:
            length = int.from_bytes(source.read_at(at, 2), "big")
            at += max(length, 2)
    return None


def _next_mark(source: Readable, at: int) -> tuple[int, int] | None:
    while at < source.size:
        data = source.read_at(at, CHUNK_BYTES)
        found = _MARK.search(data)
        if found is not None:
            return found[0][1], at + found.end()
        if len(data) < 2:  # noqa: PLR2004 - a marker has two bytes
            return None
        at += len(data) - 1  # a marker may lie across two pieces
    return None


def _behind(pictures: list[tuple[int, int]], end: int) -> int:
    """Return where the pictures of the index end, as far as they follow on."""
    for begin, stop in sorted(pictures):
        if end <= begin <= end + _MAX_GAP:
            end = max(end, stop)
    return end


def _is_filler(source: Readable, at: int) -> bool:
    return all(not data.strip(_FILLER) for data in chunks(source, at, source.size))


def _is_known(source: Readable, scan: int) -> bool:
    if source.read_at(source.size - 4, 4) == _SAMSUNG_END:
        return True
    head = source.read_at(0, min(scan, CHUNK_BYTES))
    return any(mark in head for mark in _GOOGLE)


def _names(exif: tuple[int, bytes], place: int) -> bool:
    start, block = exif
    order = ">" if block[:2] == b"MM" else "<"
    return place > start and struct.pack(order + "I", place - start) in block
