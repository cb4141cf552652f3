"""Decode HEIC with pi_heif, in bands, so that no second whole copy is made."""

import importlib
from typing import Any

from PIL import Image

from .convert import to_eight_bits
from .scale import reduction
from .source import PhotoSource

_BAND_ROWS = 256


def open_heic(source: PhotoSource, target: int) -> tuple[Image.Image, bytes | None]:
    """Return the upright picture, reduced to about `target`, and its ICC profile.

    libheif turns the picture by itself; the EXIF orientation inside a HEIC must not
    be applied again.
    """
    # imported here by name: it brings 4 MB along, for a format most photos don't have
    pi_heif: Any = importlib.import_module("pi_heif")
    pictures = pi_heif.open_heif(source.stream, convert_hdr_to_8bit=True)
    picture = pictures[pictures.primary_index]
    profile = picture.info.get("icc_profile")
    factor = reduction(picture.size, target)
    if factor == 1:
        return picture.to_pillow(), profile
    return _reduced(picture, factor), profile


def _reduced(picture: Any, factor: int) -> Image.Image:
    data, stride = picture.data, picture.stride
    width, height = picture.size
    rows = factor * max(1, _BAND_ROWS // factor)
    bands: list[Image.Image] = []
    for top in range(0, height, rows):
        count = min(rows, height - top)
        part = data[top * stride : (top + count) * stride]
        band = Image.frombytes(
            picture.mode, (width, count), part, "raw", picture.mode, stride
        )
        bands.append(to_eight_bits(band).reduce(factor))
    whole = Image.new(bands[0].mode, (bands[0].width, sum(b.height for b in bands)))
    top = 0
    for band in bands:
        whole.paste(band, (0, top))
        top += band.height
    return whole
