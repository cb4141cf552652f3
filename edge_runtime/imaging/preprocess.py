"""From an RGB image to the float32 tensor that a vision model was trained on.

The results are those of the usual training pipelines, bit for bit up to the float32
rounding of the last step:

* `squash`: torchvision's `Resize((h, w))` on a PIL image, or a Hugging Face image
  processor with `size: {height, width}`;
* `crop`: the picture is resized to cover the size, its shape kept, the longer side
  rounded down; then cropped in the middle, an odd rest being cut at the far end
  (`size: {shortest_edge}` with `do_center_crop`);
* `pad`: resized to fit inside, then placed in the middle (`pad_position: center`) or
  at the top left (`corner`) of a canvas of `pad_color` (0 to 255, default black);
* then `(value / 255 - mean) / std` for each channel, as ToTensor and Normalize do.

With `looks` the same photo is seen several times: whole or its middle alone, and as it
is or mirrored.

Pillow's bilinear, bicubic and Lanczos filters widen with the scale (they antialias).
"""

from collections.abc import Iterator, Mapping, Sequence
import math
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

RESAMPLING = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
    "area": Image.Resampling.BOX,
}
_CHANNELS = 3
_WHOLE = ((1.0, False),)


def to_pixel_values(
    image: Image.Image, spec: Mapping[str, Any]
) -> npt.NDArray[np.float32]:
    """Return pixel values of shape [1, 3, height, width].

    `spec` is the manifest's `preprocess`: `size` as [width, height], `resize` as
    squash, crop or pad, `resample`, and `mean` and `std` of values in 0 to 1.
    Raises ValueError or KeyError for a spec that no manifest check lets through.
    """
    return _normalized(resize(image, spec), spec)


def each_look(
    image: Image.Image, spec: Mapping[str, Any]
) -> Iterator[npt.NDArray[np.float32]]:
    """Yield pixel values [1, 3, height, width] of each look that a model takes.

    A look of `spec["looks"]` is the part of each side that is seen, from the middle,
    and whether it is mirrored.
    """
    seen: dict[float, npt.NDArray[np.float32]] = {}
    for side, mirrored in spec.get("looks", _WHOLE):
        if side not in seen:
            seen[side] = _normalized(resize(image, spec, side), spec)
        yield np.ascontiguousarray(seen[side][..., ::-1]) if mirrored else seen[side]


def smallest_side(spec: Mapping[str, Any]) -> int:
    """Return the pixels that a photo's shorter side needs: no look is enlarged."""
    closest: float = min(side for side, _ in spec.get("looks", _WHOLE))
    longest: int = max(spec["size"])
    return math.ceil(longest / closest)


def _normalized(sized: Image.Image, spec: Mapping[str, Any]) -> npt.NDArray[np.float32]:
    scale, shift = _affine(spec["mean"], spec["std"])
    pixels = np.asarray(sized)
    values = np.empty((1, _CHANNELS, sized.height, sized.width), dtype=np.float32)
    for channel in range(_CHANNELS):
        plane = values[0, channel]
        np.multiply(pixels[:, :, channel], scale[channel], out=plane)
        plane += shift[channel]
    return values


def resize(
    image: Image.Image, spec: Mapping[str, Any], side: float = 1.0
) -> Image.Image:
    """Return the image in the model's size, by the spec's way of resizing.

    `side` is the part of each side that is kept, from the middle.
    """
    width, height = spec["size"]
    resample = RESAMPLING[spec.get("resample", "bilinear")]
    how = spec.get("resize", "squash")
    if side < 1 and how != "squash":
        # a squashed picture is cut between its pixels, at no cost
        left, top, right, bottom = map(round, _middle(image, side))
        image = image.crop((left, top, max(right, left + 1), max(bottom, top + 1)))
    match how:
        case "squash":
            return image.resize((width, height), resample, _middle(image, side))
        case "crop":
            return _crop(image, (width, height), resample)
        case "pad":
            return _pad(image, (width, height), resample, spec)
        case other:
            raise ValueError(f"unknown way to resize: {other!r}")


def _middle(image: Image.Image, side: float) -> tuple[float, float, float, float]:
    across, down = image.width * (1 - side) / 2, image.height * (1 - side) / 2
    return (across, down, image.width - across, image.height - down)


def _crop(
    image: Image.Image, size: tuple[int, int], resample: Image.Resampling
) -> Image.Image:
    width, height = size
    if width * image.height >= height * image.width:
        covering = (width, max(height, width * image.height // image.width))
    else:
        covering = (max(width, height * image.width // image.height), height)
    # only the part that is kept is computed: the covering size of a strip of
    # 1 x 5000 pixels would take a gigabyte
    across = image.width / covering[0]
    down = image.height / covering[1]
    left = (covering[0] - width) // 2
    top = (covering[1] - height) // 2
    box = (left * across, top * down, (left + width) * across, (top + height) * down)
    return image.resize(size, resample, box)


def _pad(
    image: Image.Image,
    size: tuple[int, int],
    resample: Image.Resampling,
    spec: Mapping[str, Any],
) -> Image.Image:
    width, height = size
    if width * image.height <= height * image.width:
        inner = (width, max(1, width * image.height // image.width))
    else:
        inner = (max(1, height * image.width // image.height), height)
    canvas = Image.new("RGB", size, tuple(spec.get("pad_color", (0, 0, 0))))
    corner = (0, 0)
    if spec.get("pad_position", "center") == "center":
        corner = ((width - inner[0]) // 2, (height - inner[1]) // 2)
    canvas.paste(image.resize(inner, resample), corner)
    return canvas


def _affine(
    mean: Sequence[float], std: Sequence[float]
) -> tuple[list[np.float32], list[np.float32]]:
    scale = [np.float32(1 / (255 * deviation)) for deviation in std]
    pairs = zip(mean, std, strict=True)
    shift = [np.float32(-average / deviation) for average, deviation in pairs]
    return scale, shift
