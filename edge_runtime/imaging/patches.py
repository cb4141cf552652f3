"""From an RGB image to the patches of an encoder that takes any shape of picture.

As the image processor of LFM2-VL does it for one tile, SigLIP2's NaFlex form: the
picture keeps its shape as far as whole cells allow, and lies in rows of square patches.
Pillow and torchvision round differently while they resize: by one of 255 at most.
"""

from collections.abc import Mapping
from dataclasses import dataclass
import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from .preprocess import RESAMPLING

_CHANNELS: Final = 3
_MEAN_AND_STD: Final = (0.5, 0.5, 0.5)


@dataclass(frozen=True, slots=True)
class Grid:
    """How a picture becomes tokens: `merge` by `merge` patches make one."""

    patch: int
    """Side of a patch in pixels."""
    merge: int
    min_tokens: int
    max_tokens: int

    @property
    def cell(self) -> int:
        """Return the side in pixels of what becomes one token."""
        return self.patch * self.merge

    def fit(self, width: int, height: int) -> tuple[int, int]:
        """Return width and height in whole cells, within the number of tokens."""
        cell = self.cell
        across, down = (max(1, round(side / cell)) for side in (width, height))
        if across * down > self.max_tokens:
            shrink = math.sqrt(width * height / (self.max_tokens * cell**2))
            across, down = (
                max(1, math.floor(side / shrink / cell)) for side in (width, height)
            )
            # a strip of one cell's height would still be too long
            across, down = min(across, self.max_tokens), min(down, self.max_tokens)
        elif across * down < self.min_tokens:
            grow = math.sqrt(self.min_tokens * cell**2 / (width * height))
            across, down = (math.ceil(side * grow / cell) for side in (width, height))
        return across * cell, down * cell


@dataclass(frozen=True, slots=True)
class Patches:
    """One picture as an encoder reads it."""

    pixel_values: npt.NDArray[np.float32]
    """[1, patches, patch * patch * 3], row by row."""
    rows: int
    columns: int

    def tokens(self, merge: int) -> int:
        """Return how many tokens it becomes."""
        return (self.rows // merge) * (self.columns // merge)


def to_patches(image: Image.Image, grid: Grid, spec: Mapping[str, Any]) -> Patches:
    """Return an RGB picture in patches; `spec` is the manifest's `preprocess`."""
    resample = RESAMPLING[spec.get("resample", "bilinear")]
    sized = image.resize(grid.fit(*image.size), resample)
    mean, std = (
        np.array(spec.get(key, _MEAN_AND_STD), np.float32) for key in ("mean", "std")
    )
    values = np.asarray(sized, np.float32)
    values -= 255 * mean
    values /= 255 * std
    side = grid.patch
    rows, columns = sized.height // side, sized.width // side
    cut = values.reshape(rows, side, columns, side, _CHANNELS).swapaxes(1, 2)
    flat = cut.reshape(1, rows * columns, side * side * _CHANNELS)
    return Patches(np.ascontiguousarray(flat), rows, columns)
