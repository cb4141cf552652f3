"""Photos in, pixel values out: read the header, decode within a limit, pre-process.

`header` and what it uses is pure Python on bytes. `decode` and `preprocess` import
Pillow and numpy, so only a child process may import this package.
"""

from .decode import DecodedPhoto, open_photo
from .header import read_header
from .model import PhotoFormat, PhotoHeader, Preview
from .need import decode_need
from .patches import Grid, Patches, to_patches
from .preprocess import each_look, smallest_side, to_pixel_values

__all__ = [
    "DecodedPhoto",
    "Grid",
    "Patches",
    "PhotoFormat",
    "PhotoHeader",
    "Preview",
    "decode_need",
    "each_look",
    "open_photo",
    "read_header",
    "smallest_side",
    "to_patches",
    "to_pixel_values",
]
