"""Open a photo as a small upright RGB image, whatever its format, within a budget."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
import importlib
import io
import logging
import os
from typing import Any
import warnings

from PIL import Image

from ..const import MIB
from ..errors import (
    PhotoDamagedError,
    PhotoError,
    PhotoFormatError,
    PhotoTooLargeError,
    PhotoTooLargeForMemoryError,
)
from .convert import to_small_rgb, turn_upright
from .header import check_size, header_of
from .heic import open_heic
from .heif_items import promote_preview
from .model import MAX_PIXELS, PhotoFormat, PhotoHeader, Preview
from .need import decode_need
from .raw import picture_of
from .source import PhotoSource, open_source, unreadable

_LOGGER = logging.getLogger(__name__)

MIN_PREVIEW_SIDE = 120
"""A smaller EXIF preview shows too little to be described."""

_ALREADY_UPRIGHT = frozenset({PhotoFormat.HEIC, PhotoFormat.TIFF})
# one module per format: Image.init() would import all forty of them
_PLUGINS = {
    PhotoFormat.JPEG: ("PIL.JpegImagePlugin", "JpegImageFile"),
    PhotoFormat.PNG: ("PIL.PngImagePlugin", "PngImageFile"),
    PhotoFormat.WEBP: ("PIL.WebPImagePlugin", "WebPImageFile"),
    PhotoFormat.GIF: ("PIL.GifImagePlugin", "GifImageFile"),
    PhotoFormat.AVIF: ("PIL.AvifImagePlugin", "AvifImageFile"),
    PhotoFormat.TIFF: ("PIL.TiffImagePlugin", "TiffImageFile"),
    PhotoFormat.BMP: ("PIL.BmpImagePlugin", "BmpImageFile"),
}


@dataclass(frozen=True, slots=True)
class DecodedPhoto:
    """A photo ready for a model: RGB, upright, at least as large as was asked for."""

    image: Image.Image
    width: int
    height: int
    """Width and height of the original, seen upright; `image` may be smaller."""
    format: PhotoFormat
    used_preview: bool = False
    notes: tuple[str, ...] = ()
    """What a person should know about how the photo was read, in a sentence each."""


def open_photo(
    photo: str | os.PathLike[str] | bytes,
    target: int,
    memory_budget: int | None = None,
) -> DecodedPhoto:
    """Return the photo with at least `target` pixels on its short side, if it has them.

    `memory_budget` is in bytes; a photo that needs more is read from its EXIF preview
    (then it may be smaller than `target`) or refused. Raises what `read_header` does,
    and PhotoDamagedError or PhotoTooLargeForMemoryError; nothing else.
    """
    with open_source(photo) as source, _decoder_errors(source.name):
        header = header_of(source)
        if header.format is not PhotoFormat.RAW:
            return _open(source, header, target, memory_budget)
        decoded = _open(*picture_of(source, header), target, memory_budget)
        note = (
            f"seen by the preview in the RAW photo ({header.width} x {header.height})"
        )
        notes = (*decoded.notes, note)
        return replace(decoded, format=PhotoFormat.RAW, notes=notes)


def _open(
    source: PhotoSource, header: PhotoHeader, target: int, budget: int | None
) -> DecodedPhoto:
    need = decode_need(header, target)
    if budget is None or need <= budget:
        return _decode(source, header, target, budget)
    preview = header.preview
    if preview is None or min(preview.width, preview.height) < MIN_PREVIEW_SIDE:
        raise _too_large_for_memory(source.name, header, need, budget)
    try:
        return _decode_preview(source, header, preview, target)
    except PhotoDamagedError:
        # the photo itself may be whole: what it lacks is memory
        raise _too_large_for_memory(source.name, header, need, budget) from None


def _decode(
    source: PhotoSource, header: PhotoHeader, target: int, budget: int | None
) -> DecodedPhoto:
    if header.format is PhotoFormat.HEIC:
        image, profile = open_heic(source, target)
    else:
        image = _open_with_pillow(source, header, target, budget)
        profile = image.info.get("icc_profile")
    image, notes = to_small_rgb(image, target, profile)
    if header.format not in _ALREADY_UPRIGHT:
        image = turn_upright(image, header.orientation)
    width, height = header.upright_size
    return DecodedPhoto(image, width, height, header.format, notes=notes)


def _open_with_pillow(
    source: PhotoSource, header: PhotoHeader, target: int, budget: int | None
) -> Image.Image:
    module, name = _PLUGINS[header.format]
    source.stream.seek(0)
    opened: Any = getattr(importlib.import_module(module), name)(source.stream)
    image: Image.Image = opened
    # the decoder may find another size in a hostile file than our header did
    if sorted(image.size) != sorted((header.width, header.height)):
        width, height = image.size
        header = replace(header, width=width, height=height)
        check_size(header, source.name)
        need = decode_need(header, target)
        if budget is not None and need > budget:
            raise _too_large_for_memory(source.name, header, need, budget)
    if header.format is PhotoFormat.JPEG:
        opened.draft(None, (target, target))
    image.load()
    return image


def _decode_preview(
    source: PhotoSource, header: PhotoHeader, preview: Preview, target: int
) -> DecodedPhoto:
    if preview.item:
        data = promote_preview(source, preview)
    else:
        data = source.read_at(preview.offset, preview.bytes)
    small = PhotoSource(source.name, len(data), io.BytesIO(data))
    # a preview carries no orientation of its own: it is stored as the photo is
    turned = replace(header_of(small), orientation=header.orientation)
    with _decoder_errors(source.name):
        decoded = _decode(small, turned, target, None)
    note = (
        f"read from its small preview ({preview.width} x {preview.height}): "
        "there is too little memory for the whole photo"
    )
    width, height = header.upright_size
    return replace(
        decoded,
        width=width,
        height=height,
        format=header.format,
        used_preview=True,
        notes=(*decoded.notes, note),
    )


def _too_large_for_memory(
    name: str, header: PhotoHeader, need: int, budget: int
) -> PhotoTooLargeForMemoryError:
    return PhotoTooLargeForMemoryError(
        f"{name}: decoding {header.width} x {header.height} pixels needs "
        f"{-(-need // MIB)} MiB and {budget // MIB} MiB may be used; make a smaller "
        "copy, save it as a plain (not progressive) JPEG, or allow more memory"
    )


def _damaged(name: str) -> PhotoDamagedError:
    return PhotoDamagedError(
        f"{name}: the picture is cut off or broken inside; "
        "copy the photo again from where it came from"
    )


@contextmanager
def _decoder_errors(name: str) -> Iterator[None]:
    limit = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except PhotoError:
        raise
    except Image.DecompressionBombError:
        raise PhotoTooLargeError(
            f"{name}: its picture is larger than its header says, and more than "
            f"{MAX_PIXELS // 1_000_000} megapixels; make a smaller copy"
        ) from None
    except MemoryError:
        raise PhotoTooLargeForMemoryError(
            f"{name}: there is not enough memory to decode it; make a smaller copy"
        ) from None
    except OSError as err:
        raise (unreadable(name, err) if err.errno else _damaged(name)) from None
    except ImportError as err:
        raise PhotoFormatError(
            f"{name}: this installation can't read its format ({err}); "
            "install Edge Captions again with all it needs"
        ) from None
    except Exception:
        _LOGGER.debug("%s: can't be decoded", name, exc_info=True)
        raise _damaged(name) from None
    finally:
        Image.MAX_IMAGE_PIXELS = limit
