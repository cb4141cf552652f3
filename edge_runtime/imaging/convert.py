"""Turn any Pillow mode into small, upright, 8-bit sRGB."""

import importlib
import io
import logging
import struct
from typing import Any

import numpy as np
from PIL import Image

from .scale import reduction

_LOGGER = logging.getLogger(__name__)

_KEPT_MODES = frozenset({"L", "LA", "La", "RGB", "RGBA", "RGBa", "CMYK"})
_CLEAR_COLOUR_MODES = frozenset({"1", "L", "P", "RGB"})
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_MAX_PROFILE_BYTES = 4 * 1024 * 1024
_PROFILE_SPACES = {b"RGB ": "RGB", b"CMYK": "CMYK"}
_TAG_TABLE = 132
_TAG = struct.Struct(">4sII")
_MAX_TAGS = 100
_MAX_NAME_BYTES = 1024
_SRGB_NAMES = (b"sRGB", "sRGB".encode("utf-16-be"))
_BAND_ROWS = 256
_WHITE_8 = 255
_WHITE_16 = 65_535
_TINY = 1e-12


def to_small_rgb(
    image: Image.Image, target: int, profile: bytes | None
) -> tuple[Image.Image, tuple[str, ...]]:
    """Return a small RGB picture on white, in sRGB, and notes for the person."""
    image = to_eight_bits(image)
    factor = reduction(image.size, target)
    if factor > 1:
        image = image.reduce(factor)
    if image.mode != "CMYK":
        image = _on_white(image)
    if profile:
        return _to_srgb(image, profile)
    return _as_rgb(image), ()


def turn_upright(image: Image.Image, orientation: int) -> Image.Image:
    """Return the picture as EXIF's orientation says that it is meant to be seen."""
    turn = _TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def to_eight_bits(image: Image.Image) -> Image.Image:
    """Return the picture in a mode with 8 bits a channel that can be reduced."""
    mode = image.mode
    has_clear_colour = "transparency" in image.info and mode in _CLEAR_COLOUR_MODES
    if mode == "PA" or has_clear_colour:
        return image.convert("RGBA")
    if mode in _KEPT_MODES:
        return image
    if mode.startswith("I;16"):
        return _rescaled(image, 0, _WHITE_16)
    if mode in {"I", "F"}:
        return _rescaled(image, *_black_and_white(image))
    return image.convert("L" if mode == "1" else "RGB")


def _black_and_white(image: Image.Image) -> tuple[float, float]:
    """Return which values of a 32-bit picture are shown as black and as white."""
    low, high = (float(value) for value in image.getextrema())  # type: ignore[arg-type]
    if image.mode == "I" and low >= 0:
        for white in (_WHITE_8, _WHITE_16):
            if high <= white:
                return 0, white
    if image.mode == "F" and low >= 0 and high <= 1:
        return 0, 1
    return low, high


def _rescaled(image: Image.Image, black: float, white: float) -> Image.Image:
    # Pillow's own conversion cuts everything above 255 to white; band by band,
    # because a whole copy in numpy would cost more than the picture itself
    result = np.empty((image.height, image.width), dtype=np.uint8)
    factor = np.float32(_WHITE_8 / max(white - black, _TINY))
    for top in range(0, image.height, _BAND_ROWS):
        bottom = min(top + _BAND_ROWS, image.height)
        band = np.asarray(image.crop((0, top, image.width, bottom)), dtype=np.float32)
        band = np.nan_to_num((band - np.float32(black)) * factor)
        result[top:bottom] = np.clip(np.rint(band), 0, _WHITE_8)
    return Image.fromarray(result)


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode in {"La", "RGBa"}:
        image = image.convert({"La": "LA", "RGBa": "RGBA"}[image.mode])
    if image.mode not in {"LA", "RGBA"}:
        return _as_rgb(image)
    alpha = image.getchannel("A")
    canvas = Image.new("RGB", image.size, (255, 255, 255))
    canvas.paste(image.convert("RGB"), mask=alpha)
    return canvas


def _as_rgb(image: Image.Image) -> Image.Image:
    return image if image.mode == "RGB" else image.convert("RGB")


def _to_srgb(image: Image.Image, profile: bytes) -> tuple[Image.Image, tuple[str, ...]]:
    space = _PROFILE_SPACES.get(profile[16:20])
    if space != image.mode or len(profile) > _MAX_PROFILE_BYTES or _is_srgb(profile):
        return _as_rgb(image), ()
    try:
        cms: Any = importlib.import_module("PIL.ImageCms")
        converted = cms.profileToProfile(
            image, io.BytesIO(profile), cms.createProfile("sRGB"), outputMode="RGB"
        )
    except Exception:
        # a broken profile must not cost the photo
        _LOGGER.debug("The colour profile can't be used", exc_info=True)
        return _as_rgb(image), ("its colour profile is broken and was not used",)
    return converted, ()


def _is_srgb(profile: bytes) -> bool:
    # tag table: name, offset and size of each; the description says who made it
    table = profile[_TAG_TABLE : _TAG_TABLE + _MAX_TAGS * _TAG.size]
    whole = len(table) // _TAG.size * _TAG.size
    for name, offset, size in _TAG.iter_unpack(table[:whole]):
        if name == b"desc":
            text = profile[offset : offset + min(size, _MAX_NAME_BYTES)]
            return any(srgb in text for srgb in _SRGB_NAMES)
    return False
