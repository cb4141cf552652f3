"""Pictures in patches: sizes within the number of tokens, and the order of pixels."""

import numpy as np
from PIL import Image
import pytest

from edge_runtime.imaging import Grid, to_patches

GRID = Grid(patch=16, merge=2, min_tokens=64, max_tokens=256)


@pytest.mark.parametrize(
    ("size", "fitted"),
    [
        ((512, 512), (512, 512)),
        ((4000, 3000), (576, 416)),  # 18 * 13 tokens of the 256
        ((3000, 4000), (416, 576)),
        ((100, 100), (256, 256)),  # 64 tokens at least
        ((10, 10), (256, 256)),
        ((352, 288), (352, 288)),
        ((337, 293), (352, 288)),
        ((8000, 100), (4576, 32)),
    ],
)
def test_a_picture_keeps_its_shape_within_the_number_of_tokens(size, fitted):
    assert GRID.fit(*size) == fitted


@pytest.mark.parametrize("size", [(30000, 10), (10, 30000), (1, 1), (9999, 7)])
@pytest.mark.parametrize("most", [1, 16, 256])
def test_no_picture_becomes_more_tokens_than_allowed(size, most):
    width, height = Grid(16, 2, 1, most).fit(*size)
    assert width % 32 == height % 32 == 0
    assert 1 <= (width // 32) * (height // 32) <= most


def test_patches_lie_in_rows_and_their_pixels_in_colours():
    pixels = np.arange(64 * 96 * 3, dtype=np.uint32).reshape(64, 96, 3) % 251
    grid = Grid(16, 2, 1, 256)
    found = to_patches(Image.fromarray(pixels.astype(np.uint8)), grid, {})
    assert (found.rows, found.columns, found.tokens(2)) == (4, 6, 6)
    assert found.pixel_values.shape == (1, 24, 768)
    second_row = pixels[16:32, 32:48].reshape(-1) / 127.5 - 1
    assert found.pixel_values[0, 6 + 2] == pytest.approx(second_row, abs=1e-6)


def test_mean_and_deviation_are_the_rows_own():
    image = Image.new("RGB", (64, 64), (255, 0, 51))
    spec = {"mean": [0.5, 0.0, 0.2], "std": [0.25, 1.0, 0.5]}
    found = to_patches(image, Grid(16, 2, 1, 256), spec).pixel_values
    assert found[0, 0, :3] == pytest.approx([2.0, 0.0, 0.0], abs=1e-6)
