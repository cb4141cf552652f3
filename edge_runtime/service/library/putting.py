"""What is written of a photo's captions, and how its folder wants it written."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ...folder_settings import FolderSettings, MetadataMode
from ...metadata import (
    CaptionToWrite,
    Provenance,
    RestoreResult,
    SidecarName,
    WriteMode,
    WriteOptions,
    restore,
    write_caption,
)
from ...schemas import Style
from ...store import Caption, PhotoDetails
from ...store.hashtags import hashtags

_BY_HAND: Final = "a person"


def put(
    path: Path, own: list[Caption], details: PhotoDetails, settings: FolderSettings
) -> None:
    """Write a photo's own captions beside or into a file, or take them out; blocks."""
    if own:
        caption = caption_to_write(own, details, settings)
        is_embedded = settings.write_metadata is MetadataMode.EMBED
        mode = WriteMode.EMBED if is_embedded else WriteMode.SIDECAR
        write_caption(path, caption, mode, _options(settings))
    else:
        take_out(path, settings)


def take_out(path: Path, settings: FolderSettings) -> RestoreResult:
    """Take our words out of a file and the sidecar beside it; blocks."""
    return restore(path, _options(settings))


def caption_to_write(
    own: Iterable[Caption], details: PhotoDetails, settings: FolderSettings
) -> CaptionToWrite:
    """Return what is written for a photo's own captions. Pure."""
    texts = {caption.language: caption.text for caption in own}
    words = [tag for text in texts.values() for tag in hashtags(text).values()]
    is_alt = settings.style is Style.ALT_TEXT
    return CaptionToWrite(
        texts={} if is_alt else texts,
        provenance=_provenance(details),
        alt_texts=texts if is_alt else {},
        keywords=tuple(dict.fromkeys(words)),
    )


def _provenance(details: PhotoDetails) -> Provenance:
    made = {caption.suggestion_id for caption in details.captions}
    for suggestion in details.suggestions:
        if suggestion.id in made:
            model = str(suggestion.provenance.get("model") or _BY_HAND)
            return Provenance(model, verdict=suggestion.verdict.value)
    return Provenance(_BY_HAND)


def _options(settings: FolderSettings) -> WriteOptions:
    return WriteOptions(
        sidecar_name=SidecarName(settings.sidecar_name.value),
        keep_mtime=settings.keep_mtime,
    )
