"""The kinds of files that hold metadata, each with its reader and its writer."""

from ..model import FileKind
from ..photo_file import PhotoFile, Readable
from .base import Blocks, Editable
from .gif import SIGNATURES as GIF_SIGNATURES, gif_blocks
from .heif import heif_blocks, heif_kind
from .jpeg import SIGNATURE as JPEG_SIGNATURE, read_jpeg
from .png import SIGNATURE as PNG_SIGNATURE, read_png
from .tiff import tiff_blocks, tiff_kind
from .webp import read_webp

__all__ = ["Blocks", "Editable", "blocks_of", "editable_of", "kind_of"]


def kind_of(source: PhotoFile) -> FileKind:
    """Return what a file is, by its first bytes and never by its name."""
    head = source.read_at(0, 16)
    if head.startswith(JPEG_SIGNATURE):
        return FileKind.JPEG
    if head.startswith(PNG_SIGNATURE):
        return FileKind.PNG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return FileKind.WEBP
    if head.startswith(GIF_SIGNATURES):
        return FileKind.GIF
    if head[4:8] == b"ftyp":
        return heif_kind(source)
    return tiff_kind(source)


def editable_of(source: Readable, kind: FileKind) -> Editable | None:
    """Return the file as one whose metadata can be replaced, or None."""
    match kind:
        case FileKind.JPEG:
            return read_jpeg(source)
        case FileKind.PNG:
            return read_png(source)
        case FileKind.WEBP:
            return read_webp(source)
        case _:
            return None


def blocks_of(source: PhotoFile, kind: FileKind) -> Blocks:
    """Return the raw metadata of a file."""
    match kind:
        case FileKind.HEIC | FileKind.AVIF:
            return heif_blocks(source)
        case FileKind.TIFF | FileKind.RAW:
            return tiff_blocks(source)
        case FileKind.GIF:
            return gif_blocks(source)
        case _:
            editable = editable_of(source, kind)
            return Blocks() if editable is None else editable.blocks
