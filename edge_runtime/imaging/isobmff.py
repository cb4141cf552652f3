"""Read the header of HEIC and AVIF, which are stored in boxes like a video."""

import struct

from ..errors import PhotoDamagedError
from .boxes import Box, boxes, first_box, read_meta
from .heif_items import (
    find_preview,
    has_readable_items,
    primary_item,
    properties_of,
    size_of,
)
from .model import PhotoFormat, PhotoHeader, Preview
from .sniff import raw_photo, unsupported
from .source import PhotoSource

_HEIC_BRANDS = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
)
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_ANY_HEIF_BRANDS = frozenset({b"mif1", b"msf1", b"mif2", b"miaf"})
_MAX_BRAND_BYTES = 1024
_ALPHA_MARKS = (b"auxid:alpha", b":auxiliary:alpha", b"hevc:2015:auxid:1")
_CLAP_BYTES = 32
_HVCC_CHROMA = 16
_AV1C_CHROMA = 2
# by HEVC's chroma_format_idc: 4:0:0, 4:2:0, 4:2:2, 4:4:4
_SAMPLING = (
    ((1, 1),),
    ((2, 2), (1, 1), (1, 1)),
    ((2, 1), (1, 1), (1, 1)),
    ((1, 1), (1, 1), (1, 1)),
)
_MIRRORED = {0: (4, 2), 1: (5, 7), 2: (2, 4), 3: (7, 5)}
_TURNED = {0: 1, 1: 8, 2: 3, 3: 6}


def read_isobmff(source: PhotoSource) -> PhotoHeader:
    """Return the header of a HEIC or AVIF; name videos and RAW photos as such."""
    brands = _brands(source)
    photo_format = _format_of(source.name, brands)
    meta = read_meta(source).payload
    properties = properties_of(meta, primary_item(meta))
    size = size_of(properties)
    if size is None or not has_readable_items(meta):
        raise PhotoDamagedError(
            f"{source.name}: the {photo_format.upper()} names no readable picture; "
            "copy the photo again from where it came from"
        )
    width, height = _cropped(size, properties)
    depths = next((p.payload for p in properties if p.kind == b"pixi"), b"")
    return PhotoHeader(
        format=photo_format,
        width=width,
        height=height,
        bytes=source.size,
        orientation=_orientation(properties),
        bit_depth=max(depths[5:] or b"\x08"),
        sampling=_sampling(meta),
        buffered_bytes=2 * source.size,
        has_alpha=b"auxl" in meta and any(mark in meta for mark in _ALPHA_MARKS),
        preview=_preview(photo_format, meta, source),
        animated=bool(brands & {b"avis", b"msf1", b"hevc", b"hevx"}),
    )


def _brands(source: PhotoSource) -> frozenset[bytes]:
    size = int.from_bytes(source.read_at(0, 4), "big")
    listed = source.read_at(8, min(max(0, size - 8), _MAX_BRAND_BYTES))
    compatible = (listed[at : at + 4] for at in range(8, len(listed) - 3, 4))
    return frozenset({listed[:4], *compatible})


def _format_of(name: str, brands: frozenset[bytes]) -> PhotoFormat:
    if brands & _AVIF_BRANDS:
        return PhotoFormat.AVIF
    if brands & _HEIC_BRANDS:
        return PhotoFormat.HEIC
    if b"crx " in brands:
        raise raw_photo(name, "Canon CR3")
    if brands & _ANY_HEIF_BRANDS:
        return PhotoFormat.HEIC
    raise unsupported(name, "is a video")


def _preview(
    photo_format: PhotoFormat, meta: bytes, source: PhotoSource
) -> Preview | None:
    is_heic = photo_format is PhotoFormat.HEIC
    return find_preview(meta, source.size) if is_heic else None


def _cropped(size: tuple[int, int], properties: list[Box]) -> tuple[int, int]:
    # encoders fill the picture up to whole blocks and name the part that is shown
    clap = next((p.payload for p in properties if p.kind == b"clap"), b"")
    if len(clap) < _CLAP_BYTES:
        return size
    across, by_across, down, by_down = struct.unpack_from(">IIII", clap)
    width, height = across // max(1, by_across), down // max(1, by_down)
    return (width, height) if 0 < width <= size[0] and 0 < height <= size[1] else size


def _sampling(meta: bytes) -> tuple[tuple[int, int], ...]:
    for box in boxes(first_box(first_box(meta, b"iprp").payload, b"ipco").payload):
        if box.kind == b"hvcC" and len(box.payload) > _HVCC_CHROMA:
            return _SAMPLING[box.payload[_HVCC_CHROMA] & 3]
        if box.kind == b"av1C" and len(box.payload) > _AV1C_CHROMA:
            flags = box.payload[_AV1C_CHROMA]
            is_gray, half_across, half_down = flags & 16, flags & 8, flags & 4
            chroma = 0 if is_gray else 3 - bool(half_across) - bool(half_down)
            return _SAMPLING[chroma]
    return ()


def _orientation(properties: list[Box]) -> int:
    irot = next((p.payload for p in properties if p.kind == b"irot"), b"")
    imir = next((p.payload for p in properties if p.kind == b"imir"), b"")
    angle = irot[0] & 3 if irot else 0
    return _MIRRORED[angle][imir[0] & 1] if imir else _TURNED[angle]
