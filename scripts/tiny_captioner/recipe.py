"""The recipe: which stage starts from which weights, on what data."""

import copy
from dataclasses import replace
import logging
from pathlib import Path

import torch
from torch import Tensor, nn

from .corpus import Recipe, make_corpus, vocabulary
from .data import Vocabulary, cached_pixels
from .detector import read_detector
from .encoders import Eyes, ImageEncoder, make_encoder
from .evaluate import (
    OnnxCaptioner,
    TorchCaptioner,
    compare_settings,
    evaluate,
    format_rows,
    write_table,
)
from .export import PARTS, export_float
from .looks import looks_of
from .model import REGION_DROPOUT, CaptionDecoder, ModelConfig
from .quantization import Int8Settings, quantize
from .restore import read_config, restore
from .search import BEAM
from .train import dev_scores, run_stage, save_model
from .trainee import StageConfig

_LOGGER = logging.getLogger(__name__)

CALIBRATION_PHOTOS = 200
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
        "reinforce",
        epochs=16,
        learning_rate=1.5e-4,
        warm_up=20,
        average=0.99,
        self_critical=True,
    ),
    "detector": StageConfig(
        "detector",
        epochs=2,
        learning_rate=2.5e-4,
        encoder_learning_rate=1.5e-4,
        warm_up=40,
    ),
    "refine": StageConfig(
        "refine",
        epochs=12,
        learning_rate=2e-4,
        encoder_learning_rate=5e-5,
        warm_up=40,
        average=0.995,
        self_critical=True,
        bleu_weight=0.5,
        dropout=True,
    ),
    "looks": StageConfig(
        "looks",
        epochs=13,
        learning_rate=1.6e-4,
        encoder_learning_rate=4e-5,
        warm_up=40,
        average=0.9985,
        self_critical=True,
        bleu_weight=0.5,
        dropout=True,
        looks=2,
        keep_start=0.5,
    ),
}
STARTS_FROM = {
    "base": None,
    "finetune": "base",
    "reinforce": "finetune",
    "detector": "reinforce",
    "refine": "detector",
    "looks": "refine",
}
WITH_DETECTOR = ("detector", "refine", "looks")


def load_model(path: Path) -> tuple[ModelConfig, nn.ModuleDict]:
    """Return the model of a file made by `save_model`."""
    state = torch.load(path, weights_only=True)
    config = ModelConfig(**state["config"])
    encoder, decoder = make_encoder(config), CaptionDecoder(config)
    encoder.load_state_dict(state["encoder"])
    decoder.load_state_dict(state["decoder"])
    return config, nn.ModuleDict({"encoder": encoder, "decoder": decoder})


def _start(recipe: Recipe, stage: str) -> tuple[ModelConfig, nn.ModuleDict]:
    before = STARTS_FROM[stage]
    if before is not None:
        config, modules = load_model(recipe.model_path(before))
        if stage == "finetune":
            modules["encoder"].freeze_front(FROZEN_BLOCKS)
            modules["encoder"].fake_quantize()
        elif stage == "detector":
            return _with_detector(recipe, config, modules)
        return config, modules
    torch.manual_seed(recipe.seed)
    config = ModelConfig(len(vocabulary(recipe)), backbone=recipe.backbone)
    encoder = ImageEncoder(config.backbone)
    return config, nn.ModuleDict(
        {"encoder": encoder, "decoder": CaptionDecoder(config)}
    )


def _with_detector(
    recipe: Recipe, config: ModelConfig, modules: nn.ModuleDict
) -> tuple[ModelConfig, nn.ModuleDict]:
    """Return a model that a detector helps to look; the decoder learns to read it."""
    if recipe.detector is None:
        raise SystemExit("--detector is needed: the folder of SSD-MobileNetV2")
    torch.manual_seed(recipe.seed)
    config = replace(config, detector=True, region_dropout=REGION_DROPOUT)
    decoder = CaptionDecoder(config)
    decoder.load_state_dict(modules["decoder"].state_dict(), strict=False)
    eyes = Eyes(modules["encoder"], read_detector(recipe.detector))
    eyes.encoder.requires_grad_(requires_grad=False)
    return config, nn.ModuleDict({"encoder": eyes, "decoder": decoder})


def make_features(recipe: Recipe, stage: str) -> None:
    """Compute the features of a stage, and nothing else."""
    _, modules = _start(recipe, stage)
    make_corpus(recipe, stage, modules["encoder"])


def restore_model(recipe: Recipe, folder: Path) -> str:
    """Make what ships a finished stage of the work folder; return its name."""
    config, modules = restore(folder, recipe.backbone)
    stage = "looks" if config.detector else "reinforce"
    target, words = recipe.model_path(stage), recipe.work / "vocabulary.txt"
    shipped = Vocabulary.read(folder / "vocabulary.txt")
    # Hours of training may lie there
    if target.exists():
        raise SystemExit(f"{target} is there already: give another --work folder")
    if words.exists() and Vocabulary.read(words).words != shipped.words:
        raise SystemExit(f"{words} has other words: give another --work folder")
    shipped.write(words)
    save_model(target, config, modules, {})
    return stage


def train_stage(recipe: Recipe, stage: str) -> None:
    """Run one stage and leave its best averaged weights behind."""
    target = recipe.model_path(stage)
    if target.exists():
        _LOGGER.info("%s: already finished (%s)", stage, target)
        return
    config, modules = _start(recipe, stage)
    corpus = make_corpus(recipe, stage, modules["encoder"])
    settings = replace(STAGES[stage], seed=recipe.seed, minutes=recipe.minutes)
    tuned = modules
    if stage not in ("finetune", *WITH_DETECTOR):
        tuned = nn.ModuleDict({"decoder": modules["decoder"]})
    start = copy.deepcopy(tuned.state_dict())
    trainee = run_stage(tuned, corpus, settings, recipe.work / f"{stage}.checkpoint.pt")
    if trainee.epoch < settings.epochs and not recipe.accept:
        raise SystemExit(f"{stage}: run the same command again to go on")
    score = trainee.best
    if settings.keep_start:
        _mix(tuned, start, settings.keep_start)
        score, bleu = dev_scores(tuned, corpus)
        _LOGGER.info("%s: mixed, CIDEr-D %.4f BLEU-4 %.4f", stage, score, bleu)
    if stage == "finetune":
        modules["encoder"].bake()
    save_model(target, config, modules, {"cider_d_greedy": score})


@torch.no_grad()
def _mix(modules: nn.ModuleDict, start: dict[str, Tensor], part: float) -> None:
    """Move weights back, a part of the way, to those that a stage started from."""
    for name, values in modules.state_dict().items():
        if values.is_floating_point():
            values.lerp_(start[name], part)


def export_model(
    recipe: Recipe,
    stage: str,
    target: Path,
    *,
    reduce_range: bool = True,
) -> None:
    """Export the model of a stage: float32 to the work folder, int8 to `target`."""
    config, modules = load_model(recipe.model_path(stage))
    pixels = cached_pixels(recipe.split("train"), recipe.work / "pixels_train.npy")
    order = torch.randperm(len(pixels), generator=torch.Generator().manual_seed(0))
    exact, chosen = recipe.work / "float32", pixels[order[:CALIBRATION_PHOTOS]]
    export_float(modules, exact)
    settings = Int8Settings(looks_of(config), chosen, reduce_range)
    quantize(exact, target, settings)
    vocabulary(recipe).write(target / "vocabulary.txt")
    for path in sorted(target.iterdir()):
        _LOGGER.info("%s: %d bytes", path.name, path.stat().st_size)


def measure(recipe: Recipe, stage: str, target: Path) -> str:
    """Return the table of scores, and put it into the model card."""
    config, modules = load_model(recipe.model_path(stage))
    looks = looks_of(config)
    exact = recipe.work / "float32"
    dev = recipe.split("dev")
    rows = evaluate(
        (
            (
                "PyTorch float32",
                TorchCaptioner(modules, looks),
                [recipe.model_path(stage)],
            ),
            (
                "ONNX float32",
                OnnxCaptioner(*(exact / p for p in PARTS), looks=looks),
                [exact / part for part in PARTS],
            ),
            (
                "ONNX int8",
                OnnxCaptioner(*(target / p for p in PARTS), looks=looks),
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
    graphs = [target / part for part in PARTS]
    looks = looks_of(read_config(target, recipe.backbone))
    results = compare_settings(
        OnnxCaptioner(*graphs, looks=looks, threads=2),
        cached_pixels(dev, recipe.work / "pixels_dev.npy"),
        dev,
        vocabulary(recipe),
    )
    return "\n".join(
        f"{scores.cider_d:.4f} CIDEr-D, {scores.bleu[3]:.4f} BLEU-4: {settings}"
        for settings, scores in results
    )
