"""Image features of many photos, computed once and kept on disk."""

from collections.abc import Callable, Iterator
import logging
from pathlib import Path
import time
import warnings

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from .data import IMAGE_SIZE, augment, normalize
from .scenes import camera_look

_LOGGER = logging.getLogger(__name__)

BATCH = 16
SAVE_EVERY = 20
CAMERA = "camera"
"""The view that shows photos as a surveillance camera would."""

View = int | str
MakeImages = Callable[[int, int], Tensor]
"""Returns the normalised images of some rows; the second number is a seed."""


class OnnxEncoder:
    """The encoder in onnxruntime, which is twice as fast as PyTorch on a plain CPU."""

    def __init__(self, encoder: nn.Module, path: Path) -> None:
        pixels = torch.zeros(1, 3, IMAGE_SIZE, IMAGE_SIZE)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the tracing exporter is deprecated
            torch.onnx.export(
                encoder.eval(),
                (pixels,),
                path,
                input_names=["pixel_values"],
                dynamic_axes={"pixel_values": {0: "batch"}},
                opset_version=17,
                dynamo=False,
            )
        self._session = onnxruntime.InferenceSession(
            path, providers=["CPUExecutionProvider"]
        )
        self.shape = self(pixels).shape[1:]
        """The features of one photo."""

    def __call__(self, images: Tensor) -> np.ndarray:
        """Return features of normalised images."""
        feed = {"pixel_values": images.contiguous().numpy()}
        features: np.ndarray = self._session.run(None, feed)[0]
        return features.astype(np.float16)


def make_view(images: Tensor, view: View, generator: torch.Generator) -> Tensor:
    """Return view 0 (as it is), 1 (mirrored), a camera's, or a random crop."""
    if view == 0:
        return images
    if view == 1:
        return images.flip(3)
    if view == CAMERA:
        return camera_look(images, generator)
    return augment(images, generator)


def cached_features(
    encoder: OnnxEncoder, count: int, make_images: MakeImages, cache: Path, seed: int
) -> Tensor:
    """Return fp16 features [count, ...]; a killed run goes on."""
    partial, progress = cache.with_suffix(".partial"), cache.with_suffix(".progress")
    if not cache.exists():
        cache.parent.mkdir(parents=True, exist_ok=True)
        done = int(progress.read_text()) if progress.exists() else 0
        features = np.lib.format.open_memmap(
            partial,
            "r+" if done else "w+",
            None if done else np.float16,
            None if done else (count, *encoder.shape),
        )
        started = time.monotonic()
        for number, row in enumerate(range(done, count, BATCH), 1):
            images = make_images(row, seed * 1_000_003 + row)
            features[row : row + BATCH] = encoder(images)
            if number % SAVE_EVERY == 0:
                features.flush()
                progress.write_text(str(row + BATCH))
                pace = (time.monotonic() - started) / number
                left = pace * (count - row) / BATCH
                _LOGGER.info("%s: %d/%d, %.0f s left", cache.name, row, count, left)
        features.flush()
        partial.replace(cache)
        progress.unlink(missing_ok=True)
    return torch.from_numpy(np.load(cache, mmap_mode="c"))


def photo_view(pixels: Tensor, view: View) -> MakeImages:
    """Return what makes one view of photos [photos, 224, 224, 3]."""

    def make(row: int, seed: int) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        return make_view(normalize(pixels[row : row + BATCH]), view, generator)

    return make


def scene_view(scenes: list[Tensor], view: View) -> MakeImages:
    """Return what makes one view of empty scenes, each [1, 3, 224, 224]."""

    def make(row: int, seed: int) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        return make_view(torch.cat(scenes[row : row + BATCH]), view, generator)

    return make


def all_views(
    encoder: OnnxEncoder, pixels: Tensor, views: tuple[View, ...], stem: Path
) -> Iterator[Tensor]:
    """Yield the features of each view; files begin with `stem`."""
    for number, view in enumerate(views):
        cache = stem.with_name(f"{stem.name}_{view}.npy")
        make = photo_view(pixels, view)
        yield cached_features(encoder, len(pixels), make, cache, number)
