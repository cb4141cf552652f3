"""What every kind of file offers: its blocks of metadata, and a plan to change them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
import hashlib
from typing import Final, Protocol
import zlib

from ..photo_file import Readable, chunks

MAX_BLOCK_BYTES: Final = 8 * 1024 * 1024
MAX_LOADED_BYTES: Final = 16 * 1024 * 1024
MAX_PARTS: Final = 65_536

Piece = tuple[int, int] | bytes
"""A range of the old file that is copied, or new bytes."""


@dataclass(slots=True)
class Blocks:
    """The raw metadata of one file, not parsed yet."""

    xmp: list[bytes] = field(default_factory=list)
    """The main packet first, then its extension."""
    exif: Readable | None = None
    """A TIFF structure."""
    iptc: bytes = b""
    """IPTC datasets."""
    texts: list[tuple[str, str]] = field(default_factory=list)
    """Texts of the file format itself: place (such as `png:Title`) and text."""
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class EditableBlocks:
    """The blocks of a file that can be replaced; None: there is no such block."""

    xmp: bytes | None
    exif: bytes | None
    irb: bytes | None = None
    """Photoshop's resources, where IPTC lives; JPEG only."""
    is_simple: bool = False
    """A WebP without the header that metadata need."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A new file, made of pieces of the old one and new bytes."""

    pieces: tuple[Piece, ...]

    @property
    def size(self) -> int:
        """Return the length of the new file."""
        return sum(_length(piece) for piece in self.pieces)

    def is_copy_of(self, source: Readable) -> bool:
        """Return whether the new file is the old one, unchanged."""
        return self.pieces == ((0, source.size),)

    def moved(self, offset: int) -> int:
        """Return where a copied byte of the old file lies in the new one."""
        at = 0
        for piece in self.pieces:
            if isinstance(piece, tuple) and piece[0] <= offset < piece[1]:
                return at + offset - piece[0]
            at += _length(piece)
        raise ValueError(offset)


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A planned file, read as if it were there already."""

    source: Readable
    plan: Plan

    @property
    def size(self) -> int:
        """Return the length of the new file."""
        return self.plan.size

    def read_at(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes; fewer (or none) past the end."""
        if offset < 0 or length <= 0:
            return b""
        parts, at = [], 0
        for piece in self.plan.pieces:
            skip, end = max(offset - at, 0), min(_length(piece), offset + length - at)
            if skip < end:
                if isinstance(piece, bytes):
                    parts.append(piece[skip:end])
                else:
                    parts.append(self.source.read_at(piece[0] + skip, end - skip))
            at += _length(piece)
        return b"".join(parts)


class Editable(Protocol):
    """A file whose metadata can be replaced without touching its picture."""

    @property
    def blocks(self) -> Blocks:
        """Return the metadata to read."""
        ...

    @property
    def editable(self) -> EditableBlocks:
        """Return the blocks that can be replaced, as they are now."""
        ...

    @property
    def density(self) -> tuple[int, int, int] | None:
        """Return the resolution across and down and EXIF's unit, if EXIF needs it."""
        ...

    @property
    def fixed(self) -> frozenset[str]:
        """Return the names of the blocks that can't be changed in this file."""
        ...

    def too_large(self, new: EditableBlocks) -> frozenset[str]:
        """Return the names of the blocks that have no room in such a file."""
        ...

    def why_not(self) -> str | None:
        """Return why this file had better not be rewritten, or None."""
        ...

    def plan(self, new: EditableBlocks) -> Plan:
        """Return the file with other blocks; equal blocks stay as they lie."""
        ...

    def head_ranges(self) -> list[tuple[int, int]]:
        """Return the parts of the file that are no picture data."""
        ...


def head_hash(source: Readable, ranges: Sequence[tuple[int, int]]) -> str:
    """Return the hex sha256 of everything in a file but its picture data."""
    digest = hashlib.sha256()
    for start, end in ranges:
        digest.update(end.to_bytes(8, "big"))
        for data in chunks(source, start, end):
            digest.update(data)
    return digest.hexdigest()


def complement(ranges: Iterator[tuple[int, int]], size: int) -> list[tuple[int, int]]:
    """Return what lies between ranges, up to a size."""
    gaps, at = [], 0
    for start, end in ranges:
        if start > at:
            gaps.append((at, start))
        at = max(at, end)
    if at < size:
        gaps.append((at, size))
    return gaps


def spliced(size: int, edits: Sequence[tuple[int, int, bytes]]) -> Plan:
    """Return a file of a size with ranges of it replaced; edits at one place in turn.

    Each edit is start, end and the new bytes.
    """
    pieces: list[Piece] = []
    at = 0
    for start, end, new in sorted(edits, key=lambda edit: edit[:2]):
        pieces += [(at, start), new]
        at = end
    return joined([*pieces, (at, size)])


def joined(pieces: Sequence[Piece]) -> Plan:
    """Return a plan with neighbouring ranges joined and empty pieces left out."""
    result: list[Piece] = []
    for piece in pieces:
        last = result[-1] if result else None
        if not _length(piece):
            continue
        if isinstance(piece, tuple) and isinstance(last, tuple) and last[1] == piece[0]:
            result[-1] = (last[0], piece[1])
        else:
            result.append(piece)
    return Plan(tuple(result))


def inflate(data: bytes) -> bytes:
    """Return zlib data unpacked; empty if it is broken or grows beyond all bounds."""
    unpacker = zlib.decompressobj()
    try:
        unpacked = unpacker.decompress(data, MAX_BLOCK_BYTES)
    except zlib.error:
        return b""
    return unpacked if unpacker.eof else b""


def _length(piece: Piece) -> int:
    return len(piece) if isinstance(piece, bytes) else piece[1] - piece[0]
