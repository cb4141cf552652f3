"""What the recipe trains on: captions, photos, and cached views of what is seen."""

from dataclasses import dataclass, replace
import math
from pathlib import Path

import torch
from torch import nn

from .data import Split, Vocabulary, cached_pixels, encode_captions, read_split
from .encoders import Eyes
from .features import OnnxEncoder, all_views
from .train import Corpus

MINIMUM_COUNT = 5
MAX_WORDS = 20
VIEWS = {"base": 5, "reinforce": 3, "detector": 8, "refine": 8, "looks": 8}
DEV_VIEWS = {"looks": (0, 1)}
"""Of dev, each stage sees the photo as it is; this one its mirror image, too."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Where a training reads and writes, and its seed."""

    data: Path
    work: Path
    seed: int = 1
    minutes: float = math.inf
    accept: bool = False
    """Take the best weights so far as a stage's result, its epochs done or not."""
    backbone: str = "lite2"
    detector: Path | None = None
    """Folder of the detector's graph."""

    def split(self, name: str) -> Split:
        """Return the photos and captions of `train` or `dev`."""
        return read_split(self.data, name)

    def model_path(self, stage: str) -> Path:
        """Return where a finished stage leaves its model."""
        return self.work / f"{stage}.model.pt"


def vocabulary(recipe: Recipe) -> Vocabulary:
    """Return the vocabulary, built from the training captions at first use."""
    path = recipe.work / "vocabulary.txt"
    if not path.exists():
        Vocabulary.build(recipe.split("train").tokens, MINIMUM_COUNT).write(path)
    return Vocabulary.read(path)


def make_corpus(recipe: Recipe, stage: str, encoder: nn.Module) -> Corpus:
    """Return what a stage reads."""
    train, dev = recipe.split("train"), recipe.split("dev")
    words = vocabulary(recipe)
    pixels = cached_pixels(train, recipe.work / "pixels_train.npy")
    dev_pixels = cached_pixels(dev, recipe.work / "pixels_dev.npy")
    corpus = Corpus(
        vocabulary=words,
        ids=encode_captions(words, train.tokens, MAX_WORDS),
        tokens=train.tokens,
        dev_tokens=dev.tokens,
        pixels=pixels,
        dev_pixels=dev_pixels,
    )
    if isinstance(encoder, Eyes):
        parts = {"encoder": encoder.encoder, "detector": encoder.detector}
        # The lower halves never change: both stages read the same files
        found = [
            _cached(recipe, f"lower_{name}", _Lower(part), corpus, stage)
            for name, part in parts.items()
        ]
        lower = list(zip(*(views for views, _ in found), strict=True))
        dev_lower = list(zip(*(dev_views for _, dev_views in found), strict=True))
        return replace(corpus, lower=lower, dev_lower=dev_lower)
    if stage == "finetune":
        return corpus
    views, (dev_view,) = _cached(recipe, stage, encoder, corpus, stage)
    return replace(corpus, features=views, dev_features=dev_view)


class _Lower(nn.Module):
    """What stays as it is of an encoder or a detector."""

    def __init__(self, part: nn.Module) -> None:
        super().__init__()
        self.part = part

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        seen: torch.Tensor = self.part.lower(pixels)
        return seen


def _cached(
    recipe: Recipe, name: str, encoder: nn.Module, corpus: Corpus, stage: str
) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """Return what an encoder makes of views of the training photos, and of dev."""
    fast = OnnxEncoder(encoder, recipe.work / f"encoder_{name}.onnx")
    stem = recipe.work / f"features_{name}"
    dev, train = (Path(f"{stem}_{split}") for split in ("dev", "train"))
    dev_views = all_views(fast, corpus.dev_pixels, DEV_VIEWS.get(stage, (0,)), dev)
    views = all_views(fast, corpus.pixels, tuple(range(VIEWS[stage])), train)
    return list(views), list(dev_views)
