"""Write a caption beside a photo or into it, and take it out again."""

from dataclasses import replace
from pathlib import Path

from .. import __version__
from ..const import APP_NAME
from .embedding import embed, put_blocks, why_not_embed
from .errors import EmbedRefusedError
from .merging import with_earlier_words
from .request import (
    CaptionToWrite,
    RestoreResult,
    WriteMode,
    WriteOptions,
    WriteResult,
    checked,
)
from .rewrite import locked_photo
from .sidecar_writing import put_sidecar, write_sidecar
from .state import PhotoState, load_state, sidecar_hash


def write_caption(
    path: Path,
    caption: CaptionToWrite,
    mode: WriteMode = WriteMode.SIDECAR,
    options: WriteOptions | None = None,
) -> WriteResult:
    """Write what a photo's metadata have room for; blocks.

    A person's words are never replaced: what is not written stands in `kept`. What we
    wrote before is replaced as a whole. Raises PhotoError if the photo can't be read,
    MetadataError if nothing could be written; the files are then as they were.
    """
    options = options or WriteOptions()
    caption = _signed(checked(caption))
    real = path.resolve()
    with locked_photo(real, options.lock_timeout_s) as photo:
        state = load_state(photo, path)
        if options.add:
            caption = with_earlier_words(state, caption)
        if mode is WriteMode.SIDECAR:
            return write_sidecar(state, caption, options)
        try:
            _check_embed(state)
            return embed(state, real, caption, options)
        except EmbedRefusedError as err:
            if not options.fall_back:
                raise
            reason = str(err).removeprefix(f"{photo.name}: ")
            return replace(write_sidecar(state, caption, options), instead=reason)


def restore(path: Path, options: WriteOptions | None = None) -> RestoreResult:
    """Take our words out of a photo and its sidecars again; blocks.

    What anybody else changed since stays. Raises as `write_caption` does.
    """
    options = options or WriteOptions()
    real = path.resolve()
    with locked_photo(real, options.lock_timeout_s) as photo:
        state = load_state(photo, path)
        verdicts: list[bool] = []
        rewritten: list[Path] = []
        removed: list[Path] = []
        if state.mark is not None and state.base is not None:
            _check_embed(state)
            before, base = state.base_hash(), state.base.editable
            put_blocks(state, real, base, keep_mtime=options.keep_mtime)
            verdicts.append(before == state.mark.before)
            rewritten.append(path)
        for sidecar in state.sidecars:
            if sidecar.mark is None:
                continue
            put_sidecar(state, sidecar.path, sidecar, sidecar.base)
            verdicts.append(sidecar_hash(sidecar.base) == sidecar.mark.before)
            (removed if sidecar.base is None else rewritten).append(sidecar.path)
        identical = all(verdicts) if verdicts else None
        return RestoreResult(path, tuple(removed), tuple(rewritten), identical)


def _check_embed(state: PhotoState) -> None:
    refused = why_not_embed(state)
    if refused is not None:
        raise EmbedRefusedError(f"{state.photo.name}: {refused}")


def _signed(caption: CaptionToWrite) -> CaptionToWrite:
    software = f"{APP_NAME} {__version__}"
    return replace(caption, provenance=replace(caption.provenance, software=software))
