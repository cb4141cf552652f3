"""Export the scorer: `image.onnx` on the captioner's features, `text.onnx` on both."""

from pathlib import Path

import torch

from .data import FEATURE_SIZE, REGIONS
from .export import FEATURES, export_graph
from .quantization import quantize_weights
from .scorer_model import ImageTower, TextTower
from .scorer_train import Scorer

SCORER_PARTS = ("image.onnx", "text.onnx")


def _export_image(tower: ImageTower, path: Path) -> None:
    outputs = ["image_embeds", "label_logits"]
    features = torch.zeros(1, REGIONS, FEATURE_SIZE)
    export_graph(tower, (features,), path, ([FEATURES], outputs), {})


def _export_text(tower: TextTower, width: int, path: Path) -> None:
    arguments = (torch.ones(3, 5, dtype=torch.long), torch.zeros(1, REGIONS + 1, width))
    inputs = ["input_ids", "image_embeds"]
    axes = {"input_ids": {0: "texts", 1: "words"}, "logits_per_text": {0: "texts"}}
    export_graph(tower, arguments, path, (inputs, ["logits_per_text"]), axes)


def export_scorer(scorer: Scorer, source: Path, target: Path) -> None:
    """Write both towers in float32 to `source` and in int8 to `target`."""
    source.mkdir(parents=True, exist_ok=True)
    target.mkdir(parents=True, exist_ok=True)
    _export_image(scorer.image, source / SCORER_PARTS[0])
    _export_text(scorer.text, scorer.config.width, source / SCORER_PARTS[1])
    for part in SCORER_PARTS:
        quantize_weights(source / part, target / part)
