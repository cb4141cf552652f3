"""HEIC and AVIF: the metadata items beside the pictures. They are only read."""

from contextlib import suppress
import os
import struct
from typing import Final

from ...picture_hash.items import _boxes, _kinds, _locations, _read_meta
from ..model import FileKind
from ..photo_file import MemoryBytes, PhotoFile
from .base import MAX_BLOCK_BYTES, Blocks

_EXIF_KIND, _MIME_KIND = b"Exif", b"mime"
_EXIF_MARK: Final = b"Exif\0\0"
_IN_FILE, _IN_IDAT = 0, 1
_MAX_BRANDS: Final = 256
_AVIF: Final = frozenset({b"avif", b"avis"})
_HEIC: Final = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"mif2"}
)


def heif_kind(source: PhotoFile) -> FileKind:
    """Return which of the two a file is, by the brands it names."""
    length = int.from_bytes(source.read_at(0, 4), "big")
    head = source.read_at(8, min(max(length - 8, 0), 4 * _MAX_BRANDS))
    brands = {head[at : at + 4] for at in range(0, len(head) - 3, 4)}
    if brands & _AVIF:
        return FileKind.AVIF
    if b"crx " in brands:
        return FileKind.RAW
    return FileKind.HEIC if brands & _HEIC else FileKind.OTHER


def heif_blocks(source: PhotoFile) -> Blocks:
    """Return the metadata to read."""
    found = Blocks()
    with suppress(struct.error, IndexError, ValueError, KeyError):
        for kind, data in _metadata_items(source):
            if kind == _EXIF_KIND and found.exif is None:
                skipped = 4 + int.from_bytes(data[:4], "big")
                found.exif = MemoryBytes(data[skipped:].removeprefix(_EXIF_MARK))
            elif kind == _MIME_KIND and b"rdf:RDF" in data:
                found.xmp.append(data)
    return found


def _metadata_items(source: PhotoFile) -> list[tuple[bytes, bytes]]:
    with os.fdopen(os.dup(source.descriptor), "rb") as stream:
        boxes = dict(_boxes(_read_meta(stream, source.size)))
    kinds, idat = _kinds(boxes[b"iinf"]), boxes.get(b"idat", b"")
    found = []
    for number, method, extents in _locations(boxes[b"iloc"]):
        kind = kinds.get(number, b"")
        if kind not in {_EXIF_KIND, _MIME_KIND}:
            continue
        if sum(length for _, length in extents) > MAX_BLOCK_BYTES:
            continue
        if method == _IN_IDAT:
            parts = [idat[at : at + length] for at, length in extents]
        elif method == _IN_FILE:
            parts = [source.read_at(at, length) for at, length in extents]
        else:
            continue
        found.append((kind, b"".join(parts)))
    return found
