"""Read a photo's header with bounded reads, and refuse what can't be decoded."""

import os

from ..errors import PhotoDamagedError, PhotoTooLargeError
from .isobmff import read_isobmff
from .jpeg import SIGNATURE as JPEG_SIGNATURE, read_jpeg
from .model import MAX_PIXELS, MAX_SIDE, PhotoHeader
from .raster import (
    BMP_SIGNATURE,
    GIF_SIGNATURES,
    PNG_SIGNATURE,
    read_bmp,
    read_gif,
    read_png,
    read_webp,
)
from .raw import read_raw
from .sniff import HEAD_BYTES, RawPhotoFormatError, not_supported
from .source import PhotoSource, open_source
from .tiff import TIFF_SIGNATURES, read_tiff


def read_header(photo: str | os.PathLike[str] | bytes) -> PhotoHeader:
    """Return the header of a photo file or of uploaded bytes.

    Raises PhotoNotFoundError, PhotoIsFolderError, PhotoUnreadableError,
    PhotoEmptyError, PhotoFormatError, PhotoDamagedError or PhotoTooLargeError.
    """
    with open_source(photo) as source:
        return header_of(source)


def header_of(source: PhotoSource) -> PhotoHeader:
    """Return the header of an open photo."""
    try:
        header = _parse(source)
    except RawPhotoFormatError:
        found = read_raw(source)
        if found is None:
            raise
        header = found
    check_size(header, source.name)
    return header


def check_size(header: PhotoHeader, name: str) -> None:
    """Raise PhotoTooLargeError for sizes that no camera makes."""
    width, height = header.width, header.height
    if not width or not height:
        raise PhotoDamagedError(
            f"{name}: its header names no size ({width} x {height}); "
            "copy the photo again from where it came from"
        )
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise PhotoTooLargeError(
            f"{name}: {width} x {height} pixels are more than the limit of "
            f"{MAX_PIXELS // 1_000_000} megapixels and {MAX_SIDE} pixels a side; "
            "make a smaller copy"
        )


def _parse(source: PhotoSource) -> PhotoHeader:  # noqa: PLR0911 - one per format
    head = source.read_at(0, HEAD_BYTES)
    if head.startswith(JPEG_SIGNATURE):
        return read_jpeg(source)
    if head.startswith(PNG_SIGNATURE):
        return read_png(source)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return read_webp(source)
    if head[4:8] == b"ftyp":
        return read_isobmff(source)
    if head.startswith(GIF_SIGNATURES):
        return read_gif(source)
    if head.startswith(TIFF_SIGNATURES):
        return read_tiff(source)
    if head.startswith(BMP_SIGNATURE) and head[6:10] == bytes(4):
        return read_bmp(source)
    raise not_supported(source.name, head)
