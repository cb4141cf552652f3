"""The recipe: which stage starts from which weights, on what data."""

from dataclasses import dataclass, replace
import logging
import math
from pathlib import Path

import torch
from torch import nn

from .data import (
    Split,
    Vocabulary,
    cached_pixels,
    encode_captions,
    read_split,
)
from .evaluate import (
    OnnxCaptioner,
    TorchCaptioner,
    compare_settings,
    evaluate,
    format_rows,
    write_table,
)
from .export import PARTS, export_all
from .features import OnnxEncoder, all_views
from .model import CaptionDecoder, ImageEncoder, ModelConfig
from .search import BEAM
from .train import Corpus, StageConfig, run_stage, save_model

_LOGGER = logging.getLogger(__name__)

MINIMUM_COUNT = 5
MAX_WORDS = 20
VIEWS = {"base": 5, "reinforce": 3}
# The blocks down to 28x28: little of what they see is particular to captions
FROZEN_BLOCKS = 7

STAGES = {
    "base": StageConfig("base", epochs=10, learning_rate=8e-4),
    "finetune": StageConfig(
        "finetune",
        epochs=6,
        learning_rate=3e-4,
        encoder_learning_rate=1e-4,
        average=0.995,
    ),
    "reinforce": StageConfig(
        "reinforce", epochs=16, learning_rate=1.5e-4, warm_up=20, average=0.99
    ),
}
STARTS_FROM = {"base": None, "finetune": "base", "reinforce": "finetune"}


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

    def split(self, name: str) -> Split:
        """Return the photos and captions of `train` or `dev`."""
        return read_split(self.data, name)

    def model_path(self, stage: str) -> Path:
        """Return where a finished stage leaves its model."""
        return self.work / f"{stage}.model.pt"


def load_model(path: Path) -> tuple[ModelConfig, nn.ModuleDict]:
    """Return the model of a file made by `save_model`."""
    state = torch.load(path, weights_only=True)
    config = ModelConfig(**state["config"])
    encoder = ImageEncoder(config.backbone)
    encoder.load_state_dict(state["encoder"])
    decoder = CaptionDecoder(config)
    decoder.load_state_dict(state["decoder"])
    return config, nn.ModuleDict({"encoder": encoder, "decoder": decoder})


def vocabulary(recipe: Recipe) -> Vocabulary:
    """Return the vocabulary, built from the training captions at first use."""
    path = recipe.work / "vocabulary.txt"
    if not path.exists():
        Vocabulary.build(recipe.split("train").tokens, MINIMUM_COUNT).write(path)
    return Vocabulary.read(path)


def _start(recipe: Recipe, stage: str) -> tuple[ModelConfig, nn.ModuleDict]:
    before = STARTS_FROM[stage]
    if before is not None:
        config, modules = load_model(recipe.model_path(before))
        if stage == "finetune":
            modules["encoder"].freeze_front(FROZEN_BLOCKS)
            modules["encoder"].fake_quantize()
        return config, modules
    torch.manual_seed(recipe.seed)
    config = ModelConfig(len(vocabulary(recipe)), backbone=recipe.backbone)
    encoder = ImageEncoder(config.backbone)
    return config, nn.ModuleDict(
        {"encoder": encoder, "decoder": CaptionDecoder(config)}
    )


def _corpus(recipe: Recipe, stage: str, encoder: nn.Module) -> Corpus:
    train, dev = recipe.split("train"), recipe.split("dev")
    words = vocabulary(recipe)
    pixels = cached_pixels(train, recipe.work / "pixels_train.npy")
    dev_pixels = cached_pixels(dev, recipe.work / "pixels_dev.npy")
    features = dev_features = None
    if stage != "finetune":
        fast = OnnxEncoder(encoder, recipe.work / f"encoder_{stage}.onnx")
        stem = recipe.work / f"features_{stage}"
        views = tuple(range(VIEWS[stage]))
        features = list(all_views(fast, pixels, views, Path(f"{stem}_train")))
        (dev_features,) = all_views(fast, dev_pixels, (0,), Path(f"{stem}_dev"))
    return Corpus(
        vocabulary=words,
        ids=encode_captions(words, train.tokens, MAX_WORDS),
        tokens=train.tokens,
        dev_tokens=dev.tokens,
        features=features,
        dev_features=dev_features,
        pixels=pixels,
        dev_pixels=dev_pixels,
    )


def make_features(recipe: Recipe, stage: str) -> None:
    """Compute the features of a stage, and nothing else."""
    _, modules = _start(recipe, stage)
    _corpus(recipe, stage, modules["encoder"])


def train_stage(recipe: Recipe, stage: str) -> None:
    """Run one stage and leave its best averaged weights behind."""
    target = recipe.model_path(stage)
    if target.exists():
        _LOGGER.info("%s: already finished (%s)", stage, target)
        return
    config, modules = _start(recipe, stage)
    corpus = _corpus(recipe, stage, modules["encoder"])
    settings = replace(STAGES[stage], seed=recipe.seed, minutes=recipe.minutes)
    tuned = modules
    if stage != "finetune":
        tuned = nn.ModuleDict({"decoder": modules["decoder"]})
    trainee = run_stage(tuned, corpus, settings, recipe.work / f"{stage}.checkpoint.pt")
    if trainee.epoch < settings.epochs and not recipe.accept:
        raise SystemExit(f"{stage}: run the same command again to go on")
    if stage == "finetune":
        modules["encoder"].bake()
    save_model(target, config, modules, {"cider_d_greedy": trainee.best})


def export_model(
    recipe: Recipe, stage: str, target: Path, *, reduce_range: bool
) -> None:
    """Export the model of a stage: float32 to the work folder, int8 to `target`."""
    _, modules = load_model(recipe.model_path(stage))
    pixels = cached_pixels(recipe.split("train"), recipe.work / "pixels_train.npy")
    export_all(
        modules,
        vocabulary(recipe),
        pixels,
        (recipe.work / "float32", target),
        reduce_range=reduce_range,
    )


def measure(recipe: Recipe, stage: str, target: Path) -> str:
    """Return the table of scores, and put it into the model card."""
    _, modules = load_model(recipe.model_path(stage))
    exact = recipe.work / "float32"
    dev = recipe.split("dev")
    rows = evaluate(
        (
            ("PyTorch float32", TorchCaptioner(modules), [recipe.model_path(stage)]),
            (
                "ONNX float32",
                OnnxCaptioner(*(exact / p for p in PARTS)),
                [exact / part for part in PARTS],
            ),
            (
                "ONNX int8",
                OnnxCaptioner(*(target / p for p in PARTS)),
                [target / part for part in PARTS],
            ),
        ),
        cached_pixels(dev, recipe.work / "pixels_dev.npy"),
        dev,
        vocabulary(recipe),
        BEAM,
    )
    table = format_rows(rows)
    card = target / "MODEL_CARD.md"
    if card.exists():
        write_table(card, table)
    return table


def compare_decoding(recipe: Recipe, target: Path) -> str:
    """Return the dev scores of several ways to decode, best first."""
    dev = recipe.split("dev")
    results = compare_settings(
        OnnxCaptioner(*(target / part for part in PARTS), threads=2),
        cached_pixels(dev, recipe.work / "pixels_dev.npy"),
        dev,
        vocabulary(recipe),
    )
    return "\n".join(
        f"{scores.cider_d:.4f} CIDEr-D, {scores.bleu[3]:.4f} BLEU-4: {settings}"
        for settings, scores in results
    )
