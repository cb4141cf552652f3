"""Two small descriptions of how a picture looks, to find it or its like again."""

from typing import Final

from PIL import Image

GRID: Final = (32, 24)
"""Columns and rows of the brightness grid."""
_HASH_SIZE: Final = (9, 8)


def perceptual_hash(image: Image.Image) -> int:
    """Return the 64-bit difference hash: a bit per cell darker than its right one."""
    columns, rows = _HASH_SIZE
    cells = image.convert("L").resize(_HASH_SIZE, Image.Resampling.BOX).tobytes()
    value = 0
    for row in range(rows):
        for column in range(columns - 1):
            at = row * columns + column
            value = value << 1 | (cells[at] < cells[at + 1])
    return value


def brightness_grid(image: Image.Image) -> bytes:
    """Return the mean brightness of each cell of GRID, row by row."""
    return image.convert("L").resize(GRID, Image.Resampling.BOX).tobytes()
