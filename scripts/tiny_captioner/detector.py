"""The second look at a photo: the backbone of a detector trained on COCO.

SSD-MobileNetV2 knows people, dogs and 88 other things; ImageNet, which EfficientNet
comes from, has no class for people. Batch norm is folded into the convolutions. The
lower half stays as it is, so that what it sees can be cached; the upper half is trained
with the decoder.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from .frozen_graph import Array, read_constants

GRAPH = "frozen_inference_graph.pb"
INPUT_SIZE = 288
"""Pixels: the photo is enlarged to nearly the size that the detector learned from."""
DETECTOR_REGIONS = 81
LOWER_BLOCKS = 13
STEM, LAST = 32, 1280
BLOCKS = (
    (1, 16, 1),
    *((6, 24, 2), (6, 24, 1)),
    *((6, 32, 2), (6, 32, 1), (6, 32, 1)),
    *((6, 64, 2), (6, 64, 1), (6, 64, 1), (6, 64, 1)),
    *((6, 96, 1), (6, 96, 1), (6, 96, 1)),
    *((6, 160, 2), (6, 160, 1), (6, 160, 1)),
    (6, 320, 1),
)
"""MobileNetV2's blocks (Sandler et al. 2018, table 2): widening, channels, stride."""
_SCOPE = "FeatureExtractor/MobilenetV2"
_NORM_EPSILON = 0.001


def _halved(values: Tensor, convolution: nn.Module) -> Tensor:
    """Return a convolution of stride 2, padded as TensorFlow pads even sizes."""
    halved: Tensor = convolution(functional.pad(values, (0, 1, 0, 1)))
    return halved


class _Block(nn.Module):
    """Expand, filter each channel, project."""

    def __init__(self, inputs: int, widening: int, outputs: int, stride: int) -> None:
        super().__init__()
        width = inputs * widening
        self.expand = nn.Conv2d(inputs, width, 1) if widening > 1 else None
        padding = 0 if stride > 1 else 1
        self.depthwise = nn.Conv2d(width, width, 3, stride, padding, groups=width)
        self.project = nn.Conv2d(width, outputs, 1)
        self.halves = stride > 1
        self.adds = stride == 1 and inputs == outputs

    def forward(self, values: Tensor) -> Tensor:
        """Return the block's output, with its input added where the sizes agree."""
        hidden = values
        if self.expand is not None:
            hidden = functional.relu6(self.expand(hidden))
        if self.halves:
            hidden = _halved(hidden, self.depthwise)
        else:
            hidden = self.depthwise(hidden)
        projected: Tensor = self.project(functional.relu6(hidden))
        return values + projected if self.adds else projected


def _blocks(first: int, last: int) -> nn.ModuleList:
    inputs = [STEM, *(channels for _, channels, _ in BLOCKS)]
    return nn.ModuleList(_Block(inputs[i], *BLOCKS[i]) for i in range(first, last))


class LowerDetector(nn.Module):
    """Pixels -> [batch, 96, 18, 18]; stays as it was trained."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, STEM, 3, 2)
        self.blocks = _blocks(0, LOWER_BLOCKS)
        self.requires_grad_(requires_grad=False)

    def forward(self, pixels: Tensor) -> Tensor:
        """Return what the upper half reads."""
        size = (INPUT_SIZE, INPUT_SIZE)
        values = functional.interpolate(pixels, size, mode="bilinear")
        values = functional.relu6(_halved(values, self.stem))
        for block in self.blocks:
            values = block(values)
        return values


class UpperDetector(nn.Module):
    """What the lower half saw -> [batch, 81, 1280]."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = _blocks(LOWER_BLOCKS, len(BLOCKS))
        self.last = nn.Conv2d(BLOCKS[-1][1], LAST, 1)
        for block in self.blocks:
            # A depthwise weight's gradient takes a CPU 30 times that of its input
            block.depthwise.requires_grad_(requires_grad=False)  # type: ignore[operator]
        self.to(memory_format=torch.channels_last)

    def forward(self, values: Tensor) -> Tensor:
        """Return one row of features per region of the 9x9 grid."""
        values = values.contiguous(memory_format=torch.channels_last)
        for block in self.blocks:
            values = block(values)
        return functional.relu6(self.last(values)).flatten(2).transpose(1, 2)


class Detector(nn.Module):
    """Both halves: pixels [batch, 3, 224, 224] -> [batch, 81, 1280]."""

    def __init__(self) -> None:
        super().__init__()
        self.lower = LowerDetector()
        self.upper = UpperDetector()

    def forward(self, pixels: Tensor) -> Tensor:
        """Return one row of features per region."""
        seen: Tensor = self.upper(self.lower(pixels))
        return seen


def _layers(detector: Detector) -> dict[str, nn.Conv2d]:
    """Return the convolutions by their names in TensorFlow's graph."""
    found = {"Conv": detector.lower.stem, "Conv_1": detector.upper.last}
    for index, block in enumerate((*detector.lower.blocks, *detector.upper.blocks)):
        name = f"expanded_conv_{index}" if index else "expanded_conv"
        for part in ("expand", "depthwise", "project"):
            convolution = getattr(block, part)
            if convolution is not None:
                found[f"{name}/{part}"] = convolution
    return found


@torch.no_grad()
def _fill(convolution: nn.Conv2d, constants: Mapping[str, Array], name: str) -> None:
    """Give a convolution its weights, the batch norm behind it folded in."""
    stem = f"{_SCOPE}/{name}"
    depthwise = name.endswith("depthwise")
    weight = constants[f"{stem}/{'depthwise_' if depthwise else ''}weights"]
    weight = weight.transpose((2, 3, 0, 1) if depthwise else (3, 2, 0, 1))
    norm = {
        part: constants[f"{stem}/BatchNorm/{part}"]
        for part in ("gamma", "beta", "moving_mean", "moving_variance")
    }
    scale = norm["gamma"] / np.sqrt(norm["moving_variance"] + _NORM_EPSILON)
    weight = weight * scale[:, None, None, None]
    bias = norm["beta"] - norm["moving_mean"] * scale
    convolution.weight.copy_(torch.from_numpy(weight.copy()))
    if convolution.bias is not None:
        convolution.bias.copy_(torch.from_numpy(bias))


def read_detector(folder: Path) -> Detector:
    """Return the detector whose graph, made by TensorFlow, lies in a folder."""
    constants = read_constants(folder / GRAPH)
    detector = Detector()
    for name, convolution in _layers(detector).items():
        _fill(convolution, constants, name)
    return detector
