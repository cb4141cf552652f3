"""A photo as it is, and as it would be without our words."""

from dataclasses import dataclass
import hashlib
import os
from pathlib import Path

from .containers import blocks_of, editable_of, kind_of
from .containers.base import Editable, EditableBlocks, PlannedFile, head_hash
from .errors import MetadataError
from .exif_edit import without_description
from .gathering import Gathered, SidecarBytes, gather, load_sidecars
from .iptc_edit import without_caption
from .model import FileKind
from .packet import parse_packet
from .photo_file import PhotoFile, Readable
from .provenance import Mark, read_mark
from .xmp import XmpData, read_xmp
from .xmp_edit import remove


@dataclass(frozen=True, slots=True)
class Sidecar:
    """One sidecar, and what it would be without our words."""

    path: Path
    data: bytes | None
    status: os.stat_result | None
    mark: Mark | None
    base: bytes | None
    """None if it would hold nothing, so that it can go; or can't be read."""


@dataclass(frozen=True, slots=True)
class PhotoState:
    """A photo, its sidecars and our marks in them."""

    path: Path
    photo: PhotoFile
    kind: FileKind
    now: Editable | None
    """The file as it is; None if its kind is only read."""
    mark: Mark | None
    """Our mark in the file itself."""
    base: Editable | None
    """The file without our words."""
    base_source: Readable
    sidecars: tuple[Sidecar, ...]
    hashes: frozenset[str]
    """Of every text of ours, wherever our marks stand."""

    def without_us(self) -> Gathered:
        """Return what photo and sidecars say without our words."""
        if self.base is not None:
            blocks = self.base.blocks
        else:
            blocks = blocks_of(self.photo, self.kind)
        left = [
            SidecarBytes(sidecar.path, sidecar.base)
            for sidecar in self.sidecars
            if sidecar.base is not None
        ]
        return gather(self.kind, blocks, left)

    def our_packets(self) -> list[tuple[XmpData, Mark]]:
        """Return the packets that hold words of ours, with our mark in them."""
        embedded = None if self.now is None else self.now.editable.xmp
        found = [(embedded, self.mark), *((s.data, s.mark) for s in self.sidecars)]
        return [
            (read_xmp(parse_packet(data)[1], ""), mark)
            for data, mark in found
            if data is not None and mark is not None
        ]

    def base_hash(self) -> str:
        """Return the hash of the file without our words, its picture left out."""
        if self.base is None:
            return ""
        return head_hash(self.base_source, self.base.head_ranges())


def load_state(photo: PhotoFile, path: Path) -> PhotoState:
    """Read a photo and its sidecars and find what is ours."""
    kind = kind_of(photo)
    now = editable_of(photo, kind)
    mark = _mark_in(None if now is None else now.editable.xmp)
    loaded = load_sidecars(path)
    beside = [(sidecar, _mark_in(sidecar.data)) for sidecar in loaded]
    marks = [m for m in (mark, *(m for _, m in beside)) if m is not None]
    hashes = frozenset(digest for m in marks for digest in m.caption_hashes)
    base: Editable | None = now
    source: Readable = photo
    if now is not None and mark is not None:
        source, base = _without(photo, kind, now, mark, hashes)
    sidecars = tuple(_sidecar(s, m, hashes) for s, m in beside)
    return PhotoState(path, photo, kind, now, mark, base, source, sidecars, hashes)


def sidecar_hash(data: bytes | None) -> str:
    """Return the hash under which a sidecar remembers what it was before."""
    return "" if data is None else hashlib.sha256(data).hexdigest()


def _without(
    photo: PhotoFile, kind: FileKind, now: Editable, mark: Mark, hashes: frozenset[str]
) -> tuple[Readable, Editable | None]:
    old = now.editable
    xmp, exif, irb = old.xmp, old.exif, old.irb
    if xmp is not None:
        xmp = remove(xmp, mark, hashes)
    if exif is not None and "exif" not in now.fixed:
        was_created = "exif" in mark.created
        exif = without_description(
            exif, hashes, mark.exif_before, was_created=was_created
        )
    if irb is not None and "irb" not in now.fixed:
        irb = without_caption(irb, hashes, mark.created)
    was_simple = "header" in mark.created
    base = EditableBlocks(xmp, exif, irb, is_simple=old.is_simple or was_simple)
    view = PlannedFile(photo, now.plan(base))
    return view, editable_of(view, kind)


def _sidecar(
    loaded: SidecarBytes, mark: Mark | None, hashes: frozenset[str]
) -> Sidecar:
    base = loaded.data
    if mark is not None and base is not None:
        base = remove(base, mark, hashes)
    return Sidecar(loaded.path, loaded.data, loaded.status, mark, base)


def _mark_in(data: bytes | None) -> Mark | None:
    if data is None:
        return None
    try:
        return read_mark(read_xmp(parse_packet(data)[1], ""))
    except MetadataError:
        return None
