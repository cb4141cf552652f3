"""Write a caption into a photo's own file, beside its picture data."""

from dataclasses import dataclass, field, replace
from pathlib import Path
import stat

from . import iptc
from .containers import editable_of
from .containers.base import Editable, EditableBlocks
from .errors import EmbedRefusedError, MetadataDamagedError
from .exif_edit import new_block, with_description
from .iptc_edit import with_caption
from .model import EMBEDDED, FileKind
from .ownership import Decision, Target, decide, why_no_exif
from .packet import parse_packet
from .photo_file import PhotoFile
from .provenance import Mark, Record, text_hash
from .request import (
    CaptionToWrite,
    KeptReason,
    KeptText,
    WriteMode,
    WriteOptions,
    WriteResult,
    WrittenText,
)
from .rewrite import NewFile, replace_file
from .sidecar_writing import put_sidecar, with_mark, written_texts
from .state import PhotoState
from .xmp import read_xmp
from .xmp_values import DEFAULT_LANGUAGE

IPTC_FIELD = "iptc:Caption-Abstract"
EXIF_FIELD = "exif:ImageDescription"


@dataclass(slots=True)
class _Mirrors:
    """The fields outside XMP that hold the caption too."""

    exif: bytes | None
    irb: bytes | None
    exif_before: str = ""
    records: list[Record] = field(default_factory=list)
    created: set[str] = field(default_factory=set)
    kept: list[KeptText] = field(default_factory=list)

    def keep(self, name: str, reason: KeptReason) -> None:
        self.kept.append(KeptText(name, DEFAULT_LANGUAGE, reason, name))

    def wrote(self, name: str, text: str) -> None:
        self.records.append(Record(name, DEFAULT_LANGUAGE, text_hash(text)))


def why_not_embed(state: PhotoState) -> str | None:
    """Return why the photo's file is left alone, or None if it may be rewritten."""
    status = state.photo.status
    if state.now is None:
        kind = "files of this kind"
        if state.kind is not FileKind.OTHER:
            kind = f"{state.kind.upper()} files"
        return f"{kind} are not rewritten; their captions go into a sidecar"
    if not status.st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH):
        return "the file is read-only"
    if status.st_nlink > 1:
        return "the file has several names (hard links), which a rewrite would part"
    return state.now.why_not()


def embed(
    state: PhotoState, real: Path, caption: CaptionToWrite, options: WriteOptions
) -> WriteResult:
    """Write what there is room for into the photo; raise EmbedRefusedError if none."""
    now, base = state.now, state.base
    if now is None or base is None:
        raise EmbedRefusedError(f"{state.photo.name}: is not rewritten")
    try:
        decision, new, mirrors = _new_blocks(state, base, caption)
    except MetadataDamagedError as err:
        raise EmbedRefusedError(f"{state.photo.name}: {err}") from None
    changed = put_blocks(state, real, new, keep_mtime=options.keep_mtime)
    for sidecar in state.sidecars:  # what we wrote there earlier would hide this
        if sidecar.mark is not None:
            put_sidecar(state, sidecar.path, sidecar, sidecar.base)
    mirrored = (WrittenText(r.field, r.language) for r in mirrors.records)
    return WriteResult(
        state.path,
        WriteMode.EMBED,
        state.path if changed else None,
        (*written_texts(decision.additions), *mirrored),
        (*decision.kept, *mirrors.kept),
    )


def put_blocks(
    state: PhotoState, real: Path, new: EditableBlocks, *, keep_mtime: bool
) -> bool:
    """Give the photo other blocks; return whether anything had to be changed."""
    if state.now is None:
        return False
    plan = state.now.plan(new)
    if plan.is_copy_of(state.photo):
        return False
    status = state.photo.status

    def verify(written: PhotoFile) -> bool:
        read = editable_of(written, state.kind)
        return read is not None and _same_blocks(read.editable, new)

    wanted = NewFile(
        real,
        status,
        state.photo,
        plan,
        like=status,
        is_photo=True,
        keep_mtime=keep_mtime,
    )
    replace_file(wanted, verify)
    return True


def _new_blocks(
    state: PhotoState, base: Editable, caption: CaptionToWrite
) -> tuple[Decision, EditableBlocks, _Mirrors]:
    old = base.editable
    facts = state.without_us()
    xmp = None
    if old.xmp is not None:
        xmp = read_xmp(parse_packet(old.xmp)[1], EMBEDDED)
    decision = decide(facts, state.hashes, Target(xmp, EMBEDDED), caption)
    mirrors = _Mirrors(old.exif, old.irb)
    if decision.mirror:
        _mirror_in_exif(mirrors, base, why_no_exif(facts), decision.mirror)
        has_caption = any(d.key == iptc.CAPTION for d in facts.iptc)
        if state.kind is FileKind.JPEG:
            _mirror_in_iptc(mirrors, base, decision.mirror, is_taken=has_caption)
    records = (*decision.additions.records(), *mirrors.records)
    if not records:
        return decision, old, mirrors
    created = set(mirrors.created)
    if old.xmp is None:
        created.add("packet")
    if old.is_simple:
        created.add("header")
    mark = Mark(
        caption.provenance,
        records,
        frozenset(created),
        # the first time counts
        state.base_hash() if state.mark is None else state.mark.before,
        mirrors.exif_before,
    )
    packet = with_mark(old.xmp, decision.additions, mark, padded=True)
    new = EditableBlocks(packet, mirrors.exif, mirrors.irb, is_simple=old.is_simple)
    if base.too_large(new):
        raise EmbedRefusedError(
            f"{state.photo.name}: has no room for more metadata in its file"
        )
    return decision, new, mirrors


def _mirror_in_exif(
    mirrors: _Mirrors, base: Editable, taken: KeptText | None, text: str
) -> None:
    if taken is not None:
        mirrors.kept.append(taken)
        return
    changed = None
    if "exif" not in base.fixed:
        changed = _described(mirrors.exif, base, text)
    if changed is None:
        mirrors.keep(EXIF_FIELD, KeptReason.FORM)
        return
    block, undo = changed
    if "exif" in base.too_large(replace(base.editable, exif=block)):
        mirrors.keep(EXIF_FIELD, KeptReason.ROOM)
        return
    if mirrors.exif is None:
        mirrors.created.add("exif")
    mirrors.exif, mirrors.exif_before = block, undo
    mirrors.wrote(EXIF_FIELD, text)


def _described(
    block: bytes | None, base: Editable, text: str
) -> tuple[bytes, str] | None:
    if block is None:
        return new_block(text, base.density), ""
    return with_description(block, text)


def _mirror_in_iptc(
    mirrors: _Mirrors, base: Editable, text: str, *, is_taken: bool
) -> None:
    if is_taken or "irb" in base.fixed:
        mirrors.keep(IPTC_FIELD, KeptReason.CAMERA if is_taken else KeptReason.FORM)
        return
    changed = with_caption(mirrors.irb, text)
    if isinstance(changed, KeptReason):
        mirrors.keep(IPTC_FIELD, changed)
        return
    block, created = changed
    if "irb" in base.too_large(replace(base.editable, irb=block)):
        mirrors.keep(IPTC_FIELD, KeptReason.ROOM)
        return
    mirrors.created |= created
    mirrors.irb = block
    mirrors.wrote(IPTC_FIELD, text)


def _same_blocks(one: EditableBlocks, other: EditableBlocks) -> bool:
    return (one.xmp, one.exif, one.irb) == (other.xmp, other.exif, other.irb)
