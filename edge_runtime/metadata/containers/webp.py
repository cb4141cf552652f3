"""WebP: the chunks of the RIFF file, and how metadata come into them."""

from collections.abc import Iterator
from dataclasses import dataclass
import struct
from typing import Final

from ..photo_file import MemoryBytes, Readable
from .base import (
    MAX_BLOCK_BYTES,
    MAX_PARTS,
    Blocks,
    EditableBlocks,
    Plan,
    complement,
    spliced,
)

_RIFF_HEAD_BYTES: Final = 12
_CHUNK_HEAD_BYTES: Final = 8
_HEADER: Final = b"VP8X"
_HEADER_BYTES: Final = 10
_EXIF, _XMP = b"EXIF", b"XMP "
_EXIF_MARK: Final = b"Exif\0\0"
_PICTURE_KINDS: Final = frozenset({b"VP8 ", b"VP8L", b"ALPH", b"ANMF"})
_EXIF_FLAG, _XMP_FLAG, _ALPHA_FLAG = 0x08, 0x04, 0x10
_LOSSLESS_MARK: Final = 0x2F
_MAX_RIFF_BYTES: Final = 2**32 - 10


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk; its end counts the byte that makes its length even."""

    kind: bytes
    start: int
    end: int
    length: int


@dataclass(frozen=True, slots=True)
class WebpFile:
    """The chunks of a WebP."""

    source: Readable
    chunks: tuple[Chunk, ...]
    end: int
    """Where the RIFF file ends; anything behind it is not WebP's."""
    is_whole: bool

    @property
    def blocks(self) -> Blocks:
        """Return the metadata to read."""
        now = self.editable
        found = Blocks(xmp=[now.xmp] if now.xmp else [])
        if now.exif:
            found.exif = MemoryBytes(now.exif)
        return found

    @property
    def editable(self) -> EditableBlocks:
        """Return the blocks as they are now."""
        exif = self._data(_EXIF)
        return EditableBlocks(
            self._data(_XMP),
            None if exif is None else exif.removeprefix(_EXIF_MARK),
            is_simple=self._first(_HEADER) is None,
        )

    @property
    def density(self) -> None:
        """Return nothing: EXIF need not repeat the resolution here."""
        return

    @property
    def fixed(self) -> frozenset[str]:
        """Return the names of the blocks that a WebP lacks."""
        return frozenset({"irb"})

    def too_large(self, new: EditableBlocks) -> frozenset[str]:
        """Return the names of the blocks that readers would not take."""
        sizes = {"xmp": len(new.xmp or b""), "exif": len(new.exif or b"")}
        return frozenset(n for n, size in sizes.items() if size > MAX_BLOCK_BYTES)

    def why_not(self) -> str | None:
        """Return why this file had better not be rewritten, or None."""
        has_header = self._first(_HEADER) is not None
        if not self.is_whole or (not has_header and self._new_header() is None):
            return "the WebP is cut off or broken"
        if any(c.length > MAX_BLOCK_BYTES for c in self.chunks if c.kind == _XMP):
            return "the WebP holds more metadata than any program writes"
        for kind in (_XMP, _EXIF):
            if sum(chunk.kind == kind for chunk in self.chunks) > 1:
                return "the WebP holds a block of metadata twice"
        return None

    def plan(self, new: EditableBlocks) -> Plan:
        """Return the file with other blocks, flags and sizes corrected."""
        old = self.editable
        edits = []
        for kind, before, after in (
            (_EXIF, old.exif, new.exif),
            (_XMP, old.xmp, new.xmp),
        ):
            if before == after:
                continue
            mark = _EXIF_MARK if kind == _EXIF and self._has_exif_mark else b""
            written = b"" if after is None else _written(kind, mark + after)
            start, end = self._place(kind)
            edits.append((start, end, written))
        if not edits:
            return Plan(((0, self.source.size),))
        edits.append(self._header_edit(new))
        grown = sum(len(data) - (end - start) for start, end, data in edits)
        riff = struct.pack("<I", self.end - _CHUNK_HEAD_BYTES + grown)
        return spliced(self.source.size, [*edits, (4, 8, riff)])

    def head_ranges(self) -> list[tuple[int, int]]:
        """Return everything but the picture data."""
        pictures = ((c.start, c.end) for c in self.chunks if c.kind in _PICTURE_KINDS)
        return complement(pictures, self.source.size)

    def _header_edit(self, new: EditableBlocks) -> tuple[int, int, bytes]:
        header = self._first(_HEADER)
        if header is None:
            data = bytearray(self._new_header() or b"")
            start = end = _RIFF_HEAD_BYTES
        else:
            start, end = header.start, header.end
            begin = start + _CHUNK_HEAD_BYTES
            data = bytearray(self.source.read_at(begin, header.length))
        if new.is_simple and new.xmp is None and new.exif is None:
            return start, end, b""
        for flag, block in ((_EXIF_FLAG, new.exif), (_XMP_FLAG, new.xmp)):
            data[0] = data[0] & ~flag | (flag if block is not None else 0)
        return start, end, _written(_HEADER, bytes(data))

    def _new_header(self) -> bytes | None:
        """Return a header that says what the only picture says of itself."""
        picture = self._first(b"VP8 ") or self._first(b"VP8L")
        if picture is None:
            return None
        data = self.source.read_at(picture.start + _CHUNK_HEAD_BYTES, 10)
        flags = 0
        if picture.kind == b"VP8L" and len(data) >= 5 and data[0] == _LOSSLESS_MARK:  # noqa: PLR2004
            bits = int.from_bytes(data[1:5], "little")
            width, height = bits & 0x3FFF, bits >> 14 & 0x3FFF
            flags = _ALPHA_FLAG if bits >> 28 & 1 else 0
        elif picture.kind == b"VP8 " and data[3:6] == b"\x9d\x01\x2a":
            width = (int.from_bytes(data[6:8], "little") & 0x3FFF) - 1
            height = (int.from_bytes(data[8:10], "little") & 0x3FFF) - 1
        else:
            return None
        size = width.to_bytes(3, "little") + height.to_bytes(3, "little")
        return bytes((flags, 0, 0, 0)) + size

    def _place(self, kind: bytes) -> tuple[int, int]:
        chunk = self._first(kind)
        if chunk is not None:
            return chunk.start, chunk.end
        xmp = self._first(_XMP)
        if kind == _EXIF and xmp is not None:  # EXIF goes first, says the standard
            return xmp.start, xmp.start
        return self.end, self.end

    @property
    def _has_exif_mark(self) -> bool:
        return (self._data(_EXIF) or b"").startswith(_EXIF_MARK)

    def _first(self, kind: bytes) -> Chunk | None:
        return next((c for c in self.chunks if c.kind == kind), None)

    def _data(self, kind: bytes) -> bytes | None:
        chunk = self._first(kind)
        if chunk is None or chunk.length > MAX_BLOCK_BYTES:
            return None
        return self.source.read_at(chunk.start + _CHUNK_HEAD_BYTES, chunk.length)


def read_webp(source: Readable) -> WebpFile:
    """Walk the chunks."""
    size = int.from_bytes(source.read_at(4, 4), "little") + _CHUNK_HEAD_BYTES
    end = min(size + size % 2, source.size)
    found = list(_chunks(source, end))
    reached = found[-1].end if found else 0
    has_picture = any(chunk.kind in _PICTURE_KINDS for chunk in found)
    is_whole = has_picture and reached == end and size <= min(
        source.size, _MAX_RIFF_BYTES
    )  # fmt: skip
    return WebpFile(source, tuple(found), end, is_whole)


def _chunks(source: Readable, end: int) -> Iterator[Chunk]:
    at = _RIFF_HEAD_BYTES
    for _ in range(MAX_PARTS):
        head = source.read_at(at, _CHUNK_HEAD_BYTES)
        if at + _CHUNK_HEAD_BYTES > end or len(head) < _CHUNK_HEAD_BYTES:
            return
        kind, length = struct.unpack("<4sI", head)
        stop = at + _CHUNK_HEAD_BYTES + length + length % 2
        if stop > end:
            return
        yield Chunk(kind, at, stop, length)
        at = stop


def _written(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
