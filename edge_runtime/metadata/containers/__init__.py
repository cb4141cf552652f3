"""The kinds of files that hold metadata, each with its reader and its writer.

Most photos are JPEG; the module of another kind is imported with the first such file.
"""

# ruff: noqa: PLC0415
from ..model import FileKind
from ..photo_file import PhotoFile, Readable
from .base import Blocks, Editable
from .jpeg import SIGNATURE as JPEG_SIGNATURE, read_jpeg

__all__ = ["Blocks", "Editable", "blocks_of", "editable_of", "kind_of"]


def kind_of(source: PhotoFile) -> FileKind:
    """Return what a file is, by its first bytes and never by its name."""
    head = source.read_at(0, 16)
    if head.startswith(JPEG_SIGNATURE):
        return FileKind.JPEG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return FileKind.WEBP
    if head[4:8] == b"ftyp":
        from .heif import heif_kind

        return heif_kind(source)
    return _rarer_kind(source, head)


def _rarer_kind(source: PhotoFile, head: bytes) -> FileKind:
    from .gif import SIGNATURES as GIF_SIGNATURES
    from .png import SIGNATURE as PNG_SIGNATURE
    from .tiff import tiff_kind

    if head.startswith(PNG_SIGNATURE):
        return FileKind.PNG
    if head.startswith(GIF_SIGNATURES):
        return FileKind.GIF
    return tiff_kind(source)


def editable_of(source: Readable, kind: FileKind) -> Editable | None:
    """Return the file as one whose metadata can be replaced, or None."""
    match kind:
        case FileKind.JPEG:
            return read_jpeg(source)
        case FileKind.PNG:
            from .png import read_png

            return read_png(source)
        case FileKind.WEBP:
            from .webp import read_webp

            return read_webp(source)
        case _:
            return None


def blocks_of(source: PhotoFile, kind: FileKind) -> Blocks:
    """Return the raw metadata of a file."""
    match kind:
        case FileKind.HEIC | FileKind.AVIF:
            from .heif import heif_blocks

            return heif_blocks(source)
        case FileKind.TIFF | FileKind.RAW:
            from .tiff import tiff_blocks

            return tiff_blocks(source)
        case FileKind.GIF:
            from .gif import gif_blocks

            return gif_blocks(source)
        case _:
            editable = editable_of(source, kind)
            return Blocks() if editable is None else editable.blocks
