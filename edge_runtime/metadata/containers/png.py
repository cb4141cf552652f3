"""PNG: the chunks around the picture data, and how they are replaced."""

from collections.abc import Iterator
from dataclasses import dataclass
import re
import struct
from typing import Final
import zlib

from ..iptc import IPTC_RESOURCE, PHOTOSHOP_MARK, resources
from ..photo_file import MemoryBytes, Readable
from .base import (
    MAX_BLOCK_BYTES,
    MAX_LOADED_BYTES,
    MAX_PARTS,
    Blocks,
    EditableBlocks,
    Plan,
    complement,
    inflate,
    spliced,
)

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"

_XMP_KEYWORD: Final = b"XML:com.adobe.xmp"
_XMP_HEAD: Final = _XMP_KEYWORD + b"\0\0\0\0\0"
"""Not packed, no language, no translated keyword."""
_TEXT_KINDS: Final = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_EXIF_KIND: Final = b"eXIf"
_PICTURE_KINDS: Final = frozenset({b"IDAT", b"fdAT"})
_RAW_PROFILE: Final = re.compile(rb"\s*\w+\s+(\d+)\s+([0-9A-Fa-f\s]*)")
_EXIF_MARK: Final = b"Exif\0\0"
_XMP_MARK: Final = b"http://ns.adobe.com/xap/1.0/\0"
_KNOWN_TEXTS: Final = {
    b"Description": "png:Description",
    b"Title": "png:Title",
    b"Comment": "png:Comment",
    b"Software": "png:Software",
}


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk; `data` is loaded where it is metadata."""

    kind: bytes
    start: int
    end: int
    data: bytes = b""

    @property
    def keyword(self) -> bytes:
        """Return what a text chunk is about."""
        return self.data.partition(b"\0")[0] if self.kind in _TEXT_KINDS else b""


@dataclass(frozen=True, slots=True)
class PngFile:
    """The chunks of a PNG."""

    source: Readable
    chunks: tuple[Chunk, ...]
    is_whole: bool
    problems: tuple[str, ...]

    @property
    def blocks(self) -> Blocks:
        """Return the metadata to read."""
        found = Blocks(problems=list(self.problems))
        for chunk in self.chunks:
            if chunk.kind == _EXIF_KIND:
                found.exif = MemoryBytes(chunk.data.removeprefix(_EXIF_MARK))
        for chunk in self.chunks:
            if chunk.kind in _TEXT_KINDS:
                _add_text(found, chunk)
        return found

    @property
    def editable(self) -> EditableBlocks:
        """Return the blocks as they are now."""
        xmp, exif = self._xmp(), self._exif()
        return EditableBlocks(
            None if xmp is None else _text_of(xmp)[1],
            None if exif is None else exif.data.removeprefix(_EXIF_MARK),
        )

    @property
    def density(self) -> None:
        """Return nothing: EXIF need not repeat the resolution here."""
        return

    @property
    def fixed(self) -> frozenset[str]:
        """Return the names of the blocks that a PNG lacks, or has in an old form."""
        is_old = self._exif() is None and self.blocks.exif is not None
        return frozenset({"irb", "exif"} if is_old else {"irb"})

    def too_large(self, new: EditableBlocks) -> frozenset[str]:
        """Return the names of the blocks that readers would not take."""
        sizes = {"xmp": len(new.xmp or b""), "exif": len(new.exif or b"")}
        return frozenset(n for n, size in sizes.items() if size > MAX_BLOCK_BYTES)

    def why_not(self) -> str | None:
        """Return why this file had better not be rewritten, or None."""
        if not self.is_whole:
            return "the PNG ends before its picture does"
        if self.problems:
            return self.problems[0]
        packets = [c for c in self.chunks if c.keyword == _XMP_KEYWORD]
        if len(packets) > 1:
            return "the PNG holds two XMP packets"
        if any(c.keyword.lower() == b"raw profile type xmp" for c in self.chunks):
            return "the PNG holds its XMP in an old form"
        return None

    def plan(self, new: EditableBlocks) -> Plan:
        """Return the file with other blocks; new ones stand before the picture."""
        old = self.editable
        edits = []
        for kind, before, after, chunk in (
            (_EXIF_KIND, old.exif, new.exif, self._exif()),
            (b"iTXt", old.xmp, new.xmp, self._xmp()),
        ):
            if before == after:
                continue
            written = b"" if after is None else _written(kind, after, chunk)
            start, end = self._before_picture if chunk is None else chunk_range(chunk)
            edits.append((start, end, written))
        return spliced(self.source.size, edits)

    def head_ranges(self) -> list[tuple[int, int]]:
        """Return everything but the picture data."""
        pictures = (chunk_range(c) for c in self.chunks if c.kind in _PICTURE_KINDS)
        return complement(pictures, self.source.size)

    @property
    def _before_picture(self) -> tuple[int, int]:
        start = next(c.start for c in self.chunks if c.kind == b"IDAT")
        return start, start

    def _xmp(self) -> Chunk | None:
        return next((c for c in self.chunks if c.keyword == _XMP_KEYWORD), None)

    def _exif(self) -> Chunk | None:
        return next((c for c in self.chunks if c.kind == _EXIF_KIND), None)


def chunk_range(chunk: Chunk) -> tuple[int, int]:
    """Return where a chunk begins and ends in the file."""
    return chunk.start, chunk.end


def read_png(source: Readable) -> PngFile:
    """Walk the chunks."""
    found: list[Chunk] = []
    problems: list[str] = []
    loaded = 0
    for chunk in _chunks(source):
        size = chunk.end - chunk.start
        known = chunk
        if chunk.kind in _TEXT_KINDS or chunk.kind == _EXIF_KIND:
            loaded += size
            if size > MAX_BLOCK_BYTES or loaded > MAX_LOADED_BYTES:
                problems.append("the PNG holds more metadata than any program writes")
                break
            data = source.read_at(chunk.start + 8, size - 12)
            known = Chunk(chunk.kind, chunk.start, chunk.end, data)
        found.append(known)
    kinds = {chunk.kind for chunk in found}
    is_whole = b"IDAT" in kinds and found[-1].kind == b"IEND"
    return PngFile(source, tuple(found), is_whole, tuple(problems))


def _chunks(source: Readable) -> Iterator[Chunk]:
    at = len(SIGNATURE)
    for _ in range(MAX_PARTS):
        head = source.read_at(at, 8)
        if len(head) < 8:  # noqa: PLR2004 - length and kind
            return
        length, kind = struct.unpack(">I4s", head)
        end = at + 12 + length
        if end > source.size:
            return
        yield Chunk(kind, at, end)
        if kind == b"IEND":
            return
        at = end


def _add_text(found: Blocks, chunk: Chunk) -> None:
    keyword, text = _text_of(chunk)
    if keyword == _XMP_KEYWORD:
        found.xmp.append(text)
    elif keyword.lower().startswith(b"raw profile type "):
        _add_raw_profile(found, keyword.lower().rpartition(b" ")[2], text)
    elif keyword in _KNOWN_TEXTS:
        encoding = "utf-8" if chunk.kind == b"iTXt" else "latin-1"
        place = _KNOWN_TEXTS[keyword]
        found.texts.append((place, text.decode(encoding, "replace").strip()))


def _text_of(chunk: Chunk) -> tuple[bytes, bytes]:
    """Return keyword and text of a text chunk, unpacked."""
    keyword, _, rest = chunk.data.partition(b"\0")
    if chunk.kind == b"tEXt":
        return keyword, rest
    if chunk.kind == b"zTXt":
        return keyword, inflate(rest[1:])
    is_packed = rest[:1] == b"\x01"
    text = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    return keyword, inflate(text) if is_packed else text


def _add_raw_profile(found: Blocks, kind: bytes, text: bytes) -> None:
    """Add a block as ImageMagick writes it, in hexadecimal digits."""
    match = _RAW_PROFILE.match(text)
    if match is None:
        return
    digits = b"".join(match[2].split())
    data = bytes.fromhex(digits[: len(digits) // 2 * 2].decode())
    if kind == b"xmp" or data.startswith(_XMP_MARK):
        found.xmp.append(data.removeprefix(_XMP_MARK))
    elif kind in {b"exif", b"app1"} and found.exif is None:
        found.exif = MemoryBytes(data.removeprefix(_EXIF_MARK))
    elif kind in {b"iptc", b"8bim"}:
        block = data.removeprefix(PHOTOSHOP_MARK)
        for resource in resources(block):
            if resource.number == IPTC_RESOURCE:
                found.iptc += block[resource.data_start : resource.data_end]


def _written(kind: bytes, payload: bytes, old: Chunk | None) -> bytes:
    if kind == _EXIF_KIND:
        has_mark = old is not None and old.data.startswith(_EXIF_MARK)
        data = (_EXIF_MARK if has_mark else b"") + payload
    else:
        head = old.data[: len(old.data) - _text_size(old)] if old else _XMP_HEAD
        is_packed = old is not None and head[len(_XMP_KEYWORD) + 1] == 1
        data = head + (zlib.compress(payload) if is_packed else payload)
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def _text_size(chunk: Chunk) -> int:
    """Return how many bytes at the end of an iTXt chunk are its text."""
    rest = chunk.data.partition(b"\0")[2][2:]
    return len(rest.partition(b"\0")[2].partition(b"\0")[2])
