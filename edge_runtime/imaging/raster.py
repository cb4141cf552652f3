"""Read the headers of PNG, WebP, GIF and BMP."""

from collections.abc import Iterator
import struct

from ..errors import PhotoDamagedError
from .exif import ExifFacts, read_exif
from .jpeg import read_preview
from .model import PhotoFormat, PhotoHeader
from .source import PhotoSource

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
GIF_SIGNATURES = (b"GIF87a", b"GIF89a")
BMP_SIGNATURE = b"BM"

_MAX_CHUNKS = 65_536
_PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_PNG_PALETTE = 3
_PNG_ALPHA_TYPES = frozenset({4, 6})
_WEBP_HEAD_BYTES = 18
_VP8X_ALPHA = 0x10
_VP8X_ANIMATION = 0x02
_BMP_CORE_HEADER = 12
_BMP_PALETTE_BITS = 8
_EXIF_PREFIX = b"Exif\x00\x00"


def read_png(source: PhotoSource) -> PhotoHeader:
    """Return the header of a PNG, animated or not."""
    ihdr = source.unpack_at(12, ">4sIIBBBBB")
    if ihdr is None or ihdr[0] != b"IHDR":
        raise _cut_off(source, "PNG")
    _, width, height, depth, colour, _, _, interlace = ihdr
    animated = has_alpha = False
    exif = ExifFacts()
    for kind, offset, _length in _chunks(source, 8, ">I4s", checksum=4):
        if kind == b"acTL":
            animated = True
        elif kind == b"tRNS":
            has_alpha = True
        elif kind == b"eXIf":
            exif = read_exif(source, offset)
    return PhotoHeader(
        format=PhotoFormat.PNG,
        width=width,
        height=height,
        bytes=source.size,
        orientation=exif.orientation,
        bit_depth=depth,
        channels=_PNG_CHANNELS.get(colour, 3),
        is_palette=colour == _PNG_PALETTE,
        progressive=bool(interlace),
        animated=animated,
        has_alpha=has_alpha or colour in _PNG_ALPHA_TYPES,
        preview=read_preview(source, exif),
    )


def read_webp(source: PhotoSource) -> PhotoHeader:
    """Return the header of a WebP: lossy, lossless or extended."""
    head = source.read_at(12, _WEBP_HEAD_BYTES)
    if len(head) < _WEBP_HEAD_BYTES:
        raise _cut_off(source, "WebP")
    has_alpha = animated = False
    exif = ExifFacts()
    match head[:4]:
        case b"VP8 ":
            width, height = (
                side & 0x3FFF for side in struct.unpack("<HH", head[14:18])
            )
        case b"VP8L":
            (bits,) = struct.unpack_from("<I", head, 9)
            width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
            has_alpha = bool(bits >> 28 & 1)
        case b"VP8X":
            width = int.from_bytes(head[12:15], "little") + 1
            height = int.from_bytes(head[15:18], "little") + 1
            has_alpha = bool(head[8] & _VP8X_ALPHA)
            animated = bool(head[8] & _VP8X_ANIMATION)
            exif = _webp_exif(source)
        case _:
            raise _cut_off(source, "WebP")
    return PhotoHeader(
        format=PhotoFormat.WEBP,
        width=width,
        height=height,
        bytes=source.size,
        orientation=exif.orientation,
        channels=4 if has_alpha else 3,
        animated=animated,
        has_alpha=has_alpha,
        buffered_bytes=2 * source.size,
        preview=read_preview(source, exif),
    )


def read_gif(source: PhotoSource) -> PhotoHeader:
    """Return the header of a GIF; whether it moves is not looked up."""
    size = source.unpack_at(6, "<HH")
    if size is None:
        raise _cut_off(source, "GIF")
    width, height = size
    return PhotoHeader(
        format=PhotoFormat.GIF,
        width=width,
        height=height,
        bytes=source.size,
        channels=1,
        is_palette=True,
        has_alpha=True,
    )


def read_bmp(source: PhotoSource) -> PhotoHeader:
    """Return the header of a BMP, whose rows may be stored in either order."""
    kind = source.unpack_at(14, "<I")
    is_core = kind == (_BMP_CORE_HEADER,)
    size = source.unpack_at(18, "<HHHH" if is_core else "<iiHH")
    if size is None:
        raise _cut_off(source, "BMP")
    width, height, _, bits = size
    return PhotoHeader(
        format=PhotoFormat.BMP,
        width=abs(width),
        height=abs(height),
        bytes=source.size,
        channels=max(1, bits // 8),
        is_palette=bits <= _BMP_PALETTE_BITS,
    )


def _webp_exif(source: PhotoSource) -> ExifFacts:
    for kind, offset, _length in _chunks(source, 12, "<4sI", checksum=0):
        if kind == b"EXIF":
            # some writers keep the prefix that EXIF data has inside a JPEG
            prefix = len(_EXIF_PREFIX)
            is_prefixed = source.read_at(offset, prefix) == _EXIF_PREFIX
            return read_exif(source, offset + prefix * is_prefixed)
    return ExifFacts()


def _chunks(
    source: PhotoSource, offset: int, layout: str, checksum: int
) -> Iterator[tuple[bytes, int, int]]:
    for _ in range(_MAX_CHUNKS):
        head = source.unpack_at(offset, layout)
        if head is None:
            return
        kind, length = reversed(head) if checksum else head
        yield kind, offset + 8, length
        padding = 0 if checksum else length % 2
        offset += 8 + length + padding + checksum


def _cut_off(source: PhotoSource, kind: str) -> PhotoDamagedError:
    return PhotoDamagedError(
        f"{source.name}: the {kind} ends before its picture begins; "
        "copy the photo again from where it came from"
    )
