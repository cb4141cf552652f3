"""Several looks at one photo: as it is, mirrored, and both again closer.

Training shows one or two at a time; the finished captioner reads all of them.
"""

from collections.abc import Iterator, Sequence

from PIL import Image
import torch
from torch import Tensor

from edge_runtime.imaging import each_look

from .data import IMAGE_SIZE
from .model import ModelConfig

Look = tuple[float, bool]
"""How much of a photo's side is seen, from its middle; whether it is mirrored."""
WHOLE: tuple[Look, ...] = ((1.0, False),)
LOOKS: tuple[Look, ...] = (*WHOLE, (1.0, True), (0.85, False), (0.85, True))
"""How a captioner with a detector looks at a photo: the same stands in models.yaml."""
_PREPROCESS = {
    "size": [IMAGE_SIZE, IMAGE_SIZE],
    "resample": "bicubic",
    "mean": [127 / 255] * 3,
    "std": [128 / 255] * 3,
}


def looks_of(config: ModelConfig) -> tuple[Look, ...]:
    """Return the looks that a model was trained for."""
    return LOOKS if config.detector else WHOLE


def each_look_at(pixels: Tensor, looks: Sequence[Look]) -> Iterator[Tensor]:
    """Yield normalised images [1, 3, 224, 224] of a photo's bytes [1, 224, 224, 3]."""
    photo = Image.fromarray(pixels[0].numpy())
    for seen in each_look(photo, {**_PREPROCESS, "looks": looks}):
        yield torch.from_numpy(seen)
