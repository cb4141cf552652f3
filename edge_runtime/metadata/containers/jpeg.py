"""JPEG: the segments before the picture, and how they are replaced."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
import hashlib
import re
import struct
from typing import Final

from ..iptc import IPTC_RESOURCE, PHOTOSHOP_MARK, resources
from ..photo_file import MemoryBytes, Readable
from ..tiff_tags import decode_text
from .base import (
    MAX_BLOCK_BYTES,
    MAX_LOADED_BYTES,
    Blocks,
    EditableBlocks,
    Piece,
    Plan,
    joined,
    spliced,
)
from .jpeg_trailer import why_fixed
from .mpf import MPF_MARK, MultiPicture, read_mpf

SIGNATURE: Final = b"\xff\xd8\xff"
XMP_MARK: Final = b"http://ns.adobe.com/xap/1.0/\0"
MAX_PAYLOAD: Final = 65_533

_EXTENSION_MARK: Final = b"http://ns.adobe.com/xmp/extension/\0"
_EXIF_MARK: Final = b"Exif\0"
_EXIF_MARK_BYTES: Final = 6
_GUID_BYTES: Final = 32
_EXTENSION_HEAD: Final = len(_EXTENSION_MARK) + _GUID_BYTES + 8
_APP0, _APP1, _APP2, _APP13, _COMMENT = 0xE0, 0xE1, 0xE2, 0xED, 0xFE
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
_STANDALONE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
_MARKER: Final = re.compile(rb"\xff([\x01-\xfe])")
_MAX_SEGMENTS: Final = 4096
_JFIF_BYTES: Final = 12
_MAX_FILL_BYTES: Final = 4096
_HAS_EXTENSION: Final = re.compile(rb"HasExtendedXMP\s*(?:=\s*[\"']|>)\s*(\w{32})")


class Role(Enum):
    """What a segment is to us."""

    OTHER = 0
    JFIF = 1
    EXIF = 2
    EXIF_REST = 3
    """More of an EXIF block that did not fit into one segment."""
    XMP = 4
    EXTENSION = 5
    RESOURCES = 6
    MULTI_PICTURE = 7
    COMMENT = 8


@dataclass(frozen=True, slots=True)
class Segment:
    """One marker segment; `payload` is loaded where it is metadata."""

    marker: int
    start: int
    end: int
    role: Role = Role.OTHER
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class JpegFile:
    """The head of a JPEG, up to its first scan."""

    source: Readable
    segments: tuple[Segment, ...]
    scan: int | None
    """Where the first scan begins; None if there is none."""
    problems: tuple[str, ...]

    def of(self, role: Role) -> list[Segment]:
        """Return the segments of a role."""
        return [segment for segment in self.segments if segment.role is role]

    @property
    def blocks(self) -> Blocks:
        """Return the metadata to read."""
        found = Blocks(problems=list(self.problems))
        found.xmp = [s.payload[len(XMP_MARK) :] for s in self.of(Role.XMP)]
        found.xmp += _extension(self.of(Role.EXTENSION), found)
        exif = [*self.of(Role.EXIF), *self.of(Role.EXIF_REST)]
        if exif:
            data = b"".join(s.payload[_EXIF_MARK_BYTES:] for s in exif)
            found.exif = MemoryBytes(data)
        marked = (s.payload[len(PHOTOSHOP_MARK) :] for s in self.of(Role.RESOURCES))
        block = b"".join(marked)
        found.iptc = b"".join(
            block[r.data_start : r.data_end]
            for r in resources(block)
            if r.number == IPTC_RESOURCE
        )
        for comment in self.of(Role.COMMENT):
            text = decode_text(comment.payload.rstrip(b"\0"))
            found.texts.append(("jpeg:Comment", text))
        return found

    @property
    def editable(self) -> EditableBlocks:
        """Return the blocks as they are now."""
        xmp, exif = self._first(Role.XMP), self._first(Role.EXIF)
        irb = self._resources()
        return EditableBlocks(
            None if xmp is None else xmp.payload[len(XMP_MARK) :],
            None if exif is None else exif.payload[_EXIF_MARK_BYTES:],
            None if irb is None else irb.payload[len(PHOTOSHOP_MARK) :],
        )

    @property
    def density(self) -> tuple[int, int, int]:
        """Return the resolution across and down and EXIF's unit, as JFIF has it."""
        jfif = self._first(Role.JFIF)
        if jfif is None or len(jfif.payload) < _JFIF_BYTES:
            return 72, 72, 2
        unit, across, down = struct.unpack_from(">BHH", jfif.payload, 7)
        return max(across, 1), max(down, 1), min(unit, 2) + 1

    @property
    def fixed(self) -> frozenset[str]:
        """Return the names of the blocks that are spread over several segments."""
        spread = set()
        if self.of(Role.EXIF_REST) or len(self.of(Role.EXIF)) > 1:
            spread.add("exif")
        if len(self.of(Role.RESOURCES)) > 1:
            spread.add("irb")
        return frozenset(spread)

    def too_large(self, new: EditableBlocks) -> frozenset[str]:
        """Return the names of the blocks that don't fit into a segment."""
        sizes = {
            "xmp": len(XMP_MARK) + len(new.xmp or b""),
            "exif": _EXIF_MARK_BYTES + len(new.exif or b""),
            "irb": len(PHOTOSHOP_MARK) + len(new.irb or b""),
        }
        return frozenset(name for name, size in sizes.items() if size > MAX_PAYLOAD)

    def why_not(self) -> str | None:
        """Return why this file had better not be rewritten, or None."""
        if self.problems:
            return self.problems[0]
        if self.scan is None:
            return "the JPEG ends before its picture begins"
        if len(self.of(Role.XMP)) > 1:
            return "the JPEG holds two XMP packets"
        return why_fixed(self.source, self.scan, self._multi_picture(), self._exif())

    def plan(self, new: EditableBlocks) -> Plan:
        """Return the file with other blocks; what lies behind the head moves whole."""
        old = self.editable
        if new == old:
            return Plan(((0, self.source.size),))
        edits = []
        for role, before, after in (
            (Role.EXIF, old.exif, new.exif),
            (Role.XMP, old.xmp, new.xmp),
            (Role.RESOURCES, old.irb, new.irb),
        ):
            if before != after:
                start, end = self._place(role)
                written = b"" if after is None else self._written(role, after)
                edits.append((start, end, written))
        return self._with_moved_pictures(spliced(self.source.size, edits))

    def head_ranges(self) -> list[tuple[int, int]]:
        """Return the head."""
        return [(0, self.source.size if self.scan is None else self.scan)]

    def _place(self, role: Role) -> tuple[int, int]:
        """Return the range of a block's segment; an empty one where it would go.

        New ones stand before a multi-picture index, whose offsets count from itself.
        """
        there = self._resources() if role is Role.RESOURCES else self._first(role)
        if there is not None:
            return there.start, there.end
        leading = {Role.JFIF, Role.EXIF, Role.EXIF_REST, Role.XMP}
        if role is Role.EXIF:
            leading = {Role.JFIF}
        ends = [segment.end for segment in self.segments if segment.role in leading]
        end = ends[-1] if ends else len(SIGNATURE) - 1
        return end, end

    def _with_moved_pictures(self, plan: Plan) -> Plan:
        index = self._multi_picture()
        if index is None or self.scan is None:
            return plan
        segment = index.segment_start
        grown = plan.moved(self.scan) - self.scan
        behind = grown - (plan.moved(segment) - segment)
        patched = index.patched(grown, behind)
        result: list[Piece] = []
        for piece in plan.pieces:
            if isinstance(piece, tuple) and piece[0] <= segment < piece[1]:
                end = segment + len(patched)
                result += [(piece[0], segment), patched, (end, piece[1])]
            else:
                result.append(piece)
        return joined(result)

    def _written(self, role: Role, payload: bytes) -> bytes:
        if role is Role.EXIF:
            first = self._first(Role.EXIF)
            mark = first.payload[:_EXIF_MARK_BYTES] if first else b"Exif\0\0"
            return segment_bytes(_APP1, mark + payload)
        if role is Role.XMP:
            return segment_bytes(_APP1, XMP_MARK + payload)
        return segment_bytes(_APP13, PHOTOSHOP_MARK + payload)

    def _first(self, role: Role) -> Segment | None:
        return next(iter(self.of(role)), None)

    def _resources(self) -> Segment | None:
        """Return the segment whose resources hold the IPTC datasets, else the first."""
        found = self.of(Role.RESOURCES)
        for segment in found:
            block = segment.payload[len(PHOTOSHOP_MARK) :]
            if any(r.number == IPTC_RESOURCE for r in resources(block)):
                return segment
        return found[0] if found else None

    def _multi_picture(self) -> MultiPicture | None:
        segment = self._first(Role.MULTI_PICTURE)
        if segment is None:
            return None
        whole = self.source.read_at(segment.start, segment.end - segment.start)
        return read_mpf(whole, segment.start)

    def _exif(self) -> tuple[int, bytes] | None:
        segment = self._first(Role.EXIF)
        if segment is None:
            return None
        return segment.start + 4 + _EXIF_MARK_BYTES, segment.payload[_EXIF_MARK_BYTES:]


def segment_bytes(marker: int, payload: bytes) -> bytes:
    """Return a segment as it is stored."""
    return bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2, "big") + payload


def read_jpeg(source: Readable) -> JpegFile:
    """Walk the segments up to the first scan."""
    found: list[Segment] = []
    problems: list[str] = []
    loaded = 0
    for segment in _segments(source):
        if segment.marker == _START_OF_SCAN:
            return JpegFile(source, tuple(found), segment.start, tuple(problems))
        known = _load(source, segment)
        loaded += len(known.payload)
        if loaded > MAX_LOADED_BYTES:
            problems.append("the JPEG holds more metadata than any program writes")
            break
        found.append(known)
    return JpegFile(source, tuple(found), None, tuple(problems))


def _segments(source: Readable) -> Iterator[Segment]:
    at = 2
    for _ in range(_MAX_SEGMENTS):
        head = source.read_at(at, 4)
        marker = _MARKER.match(head)
        start = at
        if marker is None:  # fill bytes, and a few that some cameras leave there
            marker = _MARKER.search(source.read_at(at, _MAX_FILL_BYTES))
            if marker is None:
                return
            start = at + marker.start()
            head = source.read_at(start, 4)
        kind = marker[1][0]
        if kind == _END_OF_IMAGE:
            return
        if kind in _STANDALONE:
            at = start + 2
            continue
        end = start + 2 + int.from_bytes(head[2:], "big")
        if len(head) < 4 or end < start + 4 or end > source.size:  # noqa: PLR2004
            return
        yield Segment(kind, start, end)
        at = end


_MARKS: Final = (
    (_APP0, b"JFIF\0", Role.JFIF),
    (_APP1, _EXIF_MARK, Role.EXIF),
    (_APP1, XMP_MARK, Role.XMP),
    (_APP1, _EXTENSION_MARK, Role.EXTENSION),
    (_APP2, MPF_MARK, Role.MULTI_PICTURE),
    (_APP13, PHOTOSHOP_MARK, Role.RESOURCES),
    (_COMMENT, b"", Role.COMMENT),
)
_LONGEST_MARK: Final = max(len(mark) for _, mark, _ in _MARKS)


def _load(source: Readable, segment: Segment) -> Segment:
    if segment.marker not in {_APP0, _APP1, _APP2, _APP13, _COMMENT}:
        return segment
    start = segment.start + 4
    head = source.read_at(start, min(_LONGEST_MARK + 4, segment.end - start))
    for marker, mark, role in _MARKS:
        if segment.marker == marker and head.startswith(mark):
            payload = source.read_at(start, segment.end - start)
            first = payload[_EXIF_MARK_BYTES : _EXIF_MARK_BYTES + 2]
            if role is Role.EXIF and first not in {b"II", b"MM"}:
                role = Role.EXIF_REST  # noqa: PLW2901
            return Segment(segment.marker, segment.start, segment.end, role, payload)
    return segment


def _extension(segments: list[Segment], found: Blocks) -> list[bytes]:
    """Return the extended XMP that the main packet names, if all of it is there."""
    named = _HAS_EXTENSION.search(found.xmp[0]) if found.xmp else None
    if named is None or not segments:
        return []
    parts: dict[int, bytes] = {}
    for segment in segments:
        head = segment.payload[len(_EXTENSION_MARK) : _EXTENSION_HEAD]
        if head[:_GUID_BYTES] == named[1]:
            offset = int.from_bytes(head[_GUID_BYTES + 4 :], "big")
            parts[offset] = segment.payload[_EXTENSION_HEAD:]
    data = b"".join(parts[offset] for offset in sorted(parts))
    digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
    if len(data) > MAX_BLOCK_BYTES or digest.upper().encode() != named[1].upper():
        found.problems.append("the extended XMP is incomplete")
        return []
    return [data]
