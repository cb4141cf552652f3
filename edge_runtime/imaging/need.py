"""How much memory decoding a photo takes at its peak, from its header alone.

The factors are bytes per pixel as Pillow 13 and pi_heif 1.4 were seen to use them on
pictures of 12 megapixels. Tests measure children: none may take more than is said here,
and no more than 1.4 times what it took, and 12 MB, may be asked for (GIF: 1.9 times).
"""

from .model import PhotoFormat, PhotoHeader
from .scale import draft_scale, reduction

_BASE_BYTES = 8 * 1024 * 1024
_PILLOW_BYTES = 4
"""Pillow keeps RGB, RGBA, CMYK, LA and 32-bit numbers in four bytes a pixel."""

_COEFFICIENT_BYTES = 2
_RESULT_COPIES = 3
_WEBP_CANVASES = 16
"""Two canvases inside libwebp, its answer, and Pillow's picture."""
_FLOAT_BYTES = 7
_GRAY_16_BYTES = 4.5
_ALPHA_CHANNELS = frozenset({2, 4})
_DEEP = 8
_FLOAT_BITS = 32
_SUBSAMPLED = 2.5
"""Samples per pixel of 4:4:4 pictures lie above, those of 4:2:0 and 4:2:2 below."""


def decode_need(header: PhotoHeader, target: int) -> int:
    """Return the bytes that opening a photo for `target` pixels takes at its peak."""
    pixels = header.width * header.height
    if header.format in {PhotoFormat.JPEG, PhotoFormat.RAW}:
        scale = draft_scale((header.width, header.height), target)
        coefficients = pixels * samples_per_pixel(header) * _COEFFICIENT_BYTES
        whole = coefficients if header.progressive else 0.0
        result = pixels // (scale * scale)
    else:
        factor = reduction((header.width, header.height), target)
        whole = pixels * _bytes_per_pixel(header, is_reduced=factor > 1)
        whole += header.buffered_bytes
        result = pixels // (factor * factor)
    copies = result * _PILLOW_BYTES * _RESULT_COPIES
    return _BASE_BYTES + int(whole) + copies


def samples_per_pixel(header: PhotoHeader) -> float:
    """Return the stored samples for one pixel: 1.5 for 4:2:0, 3 for 4:4:4."""
    if not header.sampling:
        return 1.5
    across = max(h for h, _ in header.sampling)
    down = max(v for _, v in header.sampling)
    return sum(h * v for h, v in header.sampling) / (across * down)


def _bytes_per_pixel(header: PhotoHeader, *, is_reduced: bool) -> float:
    match header.format:
        case PhotoFormat.WEBP:
            return _WEBP_CANVASES
        case PhotoFormat.HEIC:
            return _heic_bytes(header, is_reduced=is_reduced)
        case PhotoFormat.AVIF:
            channels = 4 if header.has_alpha else 3
            planes = _plane_bytes(header) + int(header.has_alpha)
            # the decoder's frames have borders and spare rows
            return 1.15 * (planes + channels + _PILLOW_BYTES)
        case _:
            return _plain_bytes(header)


def _heic_bytes(header: PhotoHeader, *, is_reduced: bool) -> float:
    planes = _plane_bytes(header)
    is_full = samples_per_pixel(header) > _SUBSAMPLED
    halved = planes / 2 if header.bit_depth > _DEEP else 0.0
    alpha = 1.5 if header.has_alpha else 0.0
    answer = 4 if header.has_alpha else 3
    decoding = 1.05 * (planes + (planes if is_full else halved) + alpha + answer)
    return decoding if is_reduced else max(decoding, answer + _PILLOW_BYTES)


def _plane_bytes(header: PhotoHeader) -> float:
    return samples_per_pixel(header) * (2 if header.bit_depth > _DEEP else 1)


def _plain_bytes(header: PhotoHeader) -> float:
    """Return the need of the formats that Pillow decodes straight into a picture."""
    if header.bit_depth >= _FLOAT_BITS:
        return _FLOAT_BYTES
    if header.channels == 1 and header.bit_depth > _DEEP:
        return _GRAY_16_BYTES
    stored = 1 if header.channels == 1 else _PILLOW_BYTES
    if header.has_alpha:
        # colours are weighted by their opacity, in a copy, before they are averaged
        is_inside = header.channels in _ALPHA_CHANNELS
        return stored + _PILLOW_BYTES * (1 if is_inside else 2)
    if header.is_palette:
        return stored + _PILLOW_BYTES
    return 2 if header.bit_depth == 1 else stored
