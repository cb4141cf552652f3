"""Write a caption into the XMP file beside a photo."""

from dataclasses import replace
from pathlib import Path
import stat

from .containers.base import Plan
from .errors import FolderReadOnlyError, MetadataDamagedError, MetadataError
from .ownership import Target, decide
from .packet import parse_packet
from .photo_file import MemoryBytes, display_name
from .provenance import Mark, read_mark
from .request import (
    CaptionToWrite,
    WriteMode,
    WriteOptions,
    WriteResult,
    WrittenText,
)
from .rewrite import NewFile, remove_file, replace_file
from .sidecar import sidecar_to_write
from .state import PhotoState, Sidecar, sidecar_hash
from .xmp import read_xmp
from .xmp_block import Additions
from .xmp_edit import add


def write_sidecar(
    state: PhotoState, caption: CaptionToWrite, options: WriteOptions
) -> WriteResult:
    """Write what there is room for into a photo's sidecar; make one if need be."""
    path = sidecar_to_write(state.path, options.sidecar_name)
    old = next((s for s in state.sidecars if s.path == path), None)
    name = display_name(path)
    if old is not None and old.data is None:
        raise MetadataError(f"{name}: can't be read, so nothing can be added to it")
    base = None if old is None else old.base
    try:
        xmp = None
        if base is not None:
            xmp = read_xmp(parse_packet(base)[1], path.name)
        target = Target(xmp, path.name)
        decision = decide(state.without_us(), state.hashes, target, caption)
        records = tuple(decision.additions.records())
        created = frozenset({"packet"} if base is None else ())
        before = sidecar_hash(base)
        if old is not None and old.mark is not None:
            before = old.mark.before  # the first time counts
        mark = Mark(caption.provenance, records, created, before)
        new = base
        if records:
            new = with_mark(base, decision.additions, mark, padded=False)
    except MetadataDamagedError as err:
        raise MetadataDamagedError(
            f"{name}: {err}; mend it or move it away, it is not overwritten"
        ) from None
    changed = put_sidecar(state, path, old, new)
    return WriteResult(
        state.path,
        WriteMode.SIDECAR,
        path if changed else None,
        written_texts(decision.additions),
        tuple(decision.kept),
    )


def put_sidecar(
    state: PhotoState, path: Path, old: Sidecar | None, new: bytes | None
) -> bool:
    """Give a sidecar new bytes, or remove it; return whether anything changed."""
    if new == (None if old is None else old.data):
        return False
    status = None if old is None else old.status
    real = path.resolve()
    if status is not None and not status.st_mode & (
        stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
    ):
        raise FolderReadOnlyError(f"{display_name(path)}: is read-only; allow writing")
    if new is None:
        if status is not None:
            remove_file(real, status)
        return True
    like = status or state.photo.status
    wanted = NewFile(real, status, MemoryBytes(b""), Plan((new,)), like)
    replace_file(wanted, verify=lambda _written: True)
    return True


def with_mark(
    base: bytes | None, additions: Additions, mark: Mark, *, padded: bool
) -> bytes:
    """Return a packet with what is new, and make sure that it reads back."""
    new = add(base, additions, mark, padded=padded)
    read = read_mark(read_xmp(parse_packet(new)[1], ""))
    if read is None or replace(read, replaced=()) != mark:
        raise MetadataDamagedError("the XMP is built in a way that can't be added to")
    return new


def written_texts(additions: Additions) -> tuple[WrittenText, ...]:
    """Return the fields and languages that are written."""
    found = [
        WrittenText(name, language)
        for name, texts in additions.alternatives.items()
        for language in texts
    ]
    found += [WrittenText(name, "") for name in additions.lists]
    return tuple(found)
