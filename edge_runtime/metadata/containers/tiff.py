"""TIFF, and RAW photos that are built like one. They are only read."""

from typing import Final

from ..exif import IPTC_BLOCK, PHOTOSHOP_BLOCK, XMP_PACKET
from ..iptc import IPTC_RESOURCE, resources
from ..model import FileKind
from ..photo_file import PhotoFile
from ..tiff_tags import read_directory, read_layout
from .base import Blocks

_DNG_VERSION: Final = 0xC612
_SUB_DIRECTORIES: Final = 0x014A
_SUBFILE_TYPE: Final = 0x00FE
_PHOTOMETRIC: Final = 0x0106
_SENSOR: Final = 32803
_PLAIN: Final = frozenset({42, 43})


def tiff_kind(source: PhotoFile) -> FileKind:
    """Return whether this is a picture or the data of a sensor."""
    layout = read_layout(source)
    if layout is None:
        return FileKind.OTHER
    main = read_directory(source, layout, layout.first)
    is_raw = (
        layout.magic not in _PLAIN
        or source.read_at(8, 2) == b"CR"
        or _DNG_VERSION in main.entries
        or main.whole(_PHOTOMETRIC) == _SENSOR
        or (main.whole(_SUBFILE_TYPE) == 1 and _SUB_DIRECTORIES in main.entries)
    )
    return FileKind.RAW if is_raw else FileKind.TIFF


def tiff_blocks(source: PhotoFile) -> Blocks:
    """Return the metadata to read; the file itself is the EXIF block."""
    layout = read_layout(source)
    if layout is None:
        return Blocks()
    main = read_directory(source, layout, layout.first)
    found = Blocks(exif=source)
    packet = main.raw(XMP_PACKET)
    if packet:
        found.xmp.append(packet)
    found.iptc = main.raw(IPTC_BLOCK)
    if not found.iptc:
        block = main.raw(PHOTOSHOP_BLOCK)
        for resource in resources(block):
            if resource.number == IPTC_RESOURCE:
                found.iptc += block[resource.data_start : resource.data_end]
    return found
