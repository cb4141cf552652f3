"""What a photo's header says, before anything is decoded."""

from dataclasses import dataclass
from enum import StrEnum

SUPPORTED_FORMATS = "JPEG, PNG, WebP, HEIC, AVIF, GIF, TIFF, BMP and RAW with a preview"

MAX_PIXELS = 300_000_000
"""Above the largest phone sensors (200 MP) and most stitched panoramas."""

MAX_SIDE = 65_500
"""The largest side that libjpeg decodes."""


class PhotoFormat(StrEnum):
    """A format that can be decoded, known by its first bytes and never by its name."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    GIF = "gif"
    HEIC = "heic"
    AVIF = "avif"
    TIFF = "tiff"
    BMP = "bmp"
    RAW = "raw"
    """A camera's own, seen by the preview that it put in."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A small copy inside the photo: a JPEG in its EXIF data, or a HEIC's thumbnail."""

    offset: int
    bytes: int
    width: int
    height: int
    item: int = 0
    """HEIC: the number of the thumbnail, which can't be read without the whole file."""


@dataclass(frozen=True, slots=True)
class PhotoHeader:
    """A photo as its header describes it; nothing here is checked by decoding."""

    format: PhotoFormat
    width: int
    height: int
    """Width and height are as stored, before `orientation` is applied."""
    bytes: int
    orientation: int = 1
    """EXIF's 1 to 8: how the stored pixels must be turned to be seen upright."""
    bit_depth: int = 8
    channels: int = 3
    sampling: tuple[tuple[int, int], ...] = ()
    """Horizontal and vertical sampling factor of each colour; empty: not known."""
    progressive: bool = False
    """JPEG: the coefficients of the whole picture are held. PNG: it is interlaced."""
    is_palette: bool = False
    animated: bool = False
    has_alpha: bool = False
    buffered_bytes: int = 0
    """What the decoder reads of the file at once, beside the picture itself."""
    preview: Preview | None = None

    @property
    def is_turned(self) -> bool:
        """Return whether width and height change places when seen upright."""
        return self.orientation >= 5  # noqa: PLR2004 - EXIF's four turned values

    @property
    def upright_size(self) -> tuple[int, int]:
        """Return width and height of the photo as it is meant to be seen."""
        size = (self.width, self.height)
        return size[::-1] if self.is_turned else size
