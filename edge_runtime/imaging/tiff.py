"""Read a TIFF's header, and tell RAW photos, which are built like TIFFs, apart."""

from collections.abc import Mapping

from ..errors import PhotoDamagedError
from .exif import (
    TAG_BITS_PER_SAMPLE,
    TAG_COMPRESSION,
    TAG_DNG_VERSION,
    TAG_HEIGHT,
    TAG_NEW_SUBFILE_TYPE,
    TAG_ORIENTATION,
    TAG_PHOTOMETRIC,
    TAG_ROWS_PER_STRIP,
    TAG_SAMPLES_PER_PIXEL,
    TAG_SUB_IFDS,
    TAG_WIDTH,
    Ifd,
    checked_orientation,
    read_ifd,
    read_layout,
)
from .model import PhotoFormat, PhotoHeader
from .sniff import raw_photo
from .source import PhotoSource

TIFF_SIGNATURES = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")

_CANON_MARK = b"CR"
_PHOTOMETRIC_SENSOR = 32803
_PHOTOMETRIC_PALETTE = 3
_REDUCED_COPY = 1
_UNCOMPRESSED = 1
_ALPHA_CHANNELS = frozenset({2, 4})


def read_tiff(source: PhotoSource) -> PhotoHeader:
    """Return the header of a TIFF's first page."""
    layout = read_layout(source, 0)
    ifd = Ifd({}, 0) if layout is None else read_ifd(source, layout, layout.first_ifd)
    kind = _raw_kind(source, ifd)
    if kind is not None:
        raise raw_photo(source.name, kind)
    tags = ifd.tags
    if TAG_WIDTH not in tags or TAG_HEIGHT not in tags:
        raise PhotoDamagedError(
            f"{source.name}: the TIFF ends before its picture begins; "
            "copy the photo again from where it came from"
        )
    channels = tags.get(TAG_SAMPLES_PER_PIXEL, 1)
    palette = tags.get(TAG_PHOTOMETRIC) == _PHOTOMETRIC_PALETTE
    return PhotoHeader(
        format=PhotoFormat.TIFF,
        width=tags[TAG_WIDTH],
        height=tags[TAG_HEIGHT],
        bytes=source.size,
        orientation=checked_orientation(tags.get(TAG_ORIENTATION)),
        bit_depth=tags.get(TAG_BITS_PER_SAMPLE, 1),
        channels=1 if palette else channels,
        is_palette=palette,
        has_alpha=channels in _ALPHA_CHANNELS,
        buffered_bytes=_buffered_bytes(source, tags),
    )


def _buffered_bytes(source: PhotoSource, tags: Mapping[int, int]) -> int:
    """Return what libtiff holds: the mapped file and one strip; nothing if plain."""
    if tags.get(TAG_COMPRESSION, _UNCOMPRESSED) == _UNCOMPRESSED:
        return 0
    height = tags[TAG_HEIGHT]
    rows = min(height, tags.get(TAG_ROWS_PER_STRIP, height))
    bits = tags.get(TAG_BITS_PER_SAMPLE, 1) * tags.get(TAG_SAMPLES_PER_PIXEL, 1)
    return source.size + rows * tags[TAG_WIDTH] * bits // 8


def _raw_kind(source: PhotoSource, ifd: Ifd) -> str | None:
    if source.read_at(8, 2) == _CANON_MARK:
        return "Canon CR2"
    if TAG_DNG_VERSION in ifd.tags:
        return "DNG"
    if ifd.tags.get(TAG_PHOTOMETRIC) == _PHOTOMETRIC_SENSOR:
        return "sensor data"
    # Nikon, Sony and Pentax: the first picture is a small copy, the sensor's data
    # lies in a directory below
    reduced = ifd.tags.get(TAG_NEW_SUBFILE_TYPE) == _REDUCED_COPY
    return "NEF, ARW or PEF" if reduced and TAG_SUB_IFDS in ifd.tags else None
