"""What else reads the encoder's features: the LSTM decoder, the image-text scorer."""

from dataclasses import replace
import logging
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from .corpus import MAX_WORDS, Recipe
from .data import Vocabulary, cached_pixels, encode_captions, write_bytes
from .evaluate import OnnxCaptioner, TorchCaptioner, evaluate, format_rows
from .export import LSTM_PARTS, PARTS, export_lstm
from .features import (
    CAMERA,
    OnnxEncoder,
    all_views,
    cached_features,
    scene_view,
)
from .foils import make_foils, read_foils, write_foils
from .halves import upper_of_encoder, upper_of_head, with_upper
from .lstm import LstmConfig, LstmDecoder
from .quantization import quantize_lstm
from .restore import restore_plain, restore_shared
from .scenes import empty_scenes, living_boxes
from .scorer_export import SCORER_PARTS, export_scorer
from .scorer_train import (
    NounBook,
    Scorer,
    ScorerCorpus,
    ScorerStage,
    TextCoder,
    foil_accuracy,
    train_scorer,
)
from .search import BEAM
from .shipping import WORDS, same_lower_half
from .train import Corpus, run_stage
from .trainee import StageConfig

_LOGGER = logging.getLogger(__name__)

PHOTO_VIEWS = (0, 1, 2)
LSTM_BEAM = replace(BEAM, num_beams=3, length_penalty=1.0)
LSTM_STAGES = (
    StageConfig("lstm_base", epochs=8, learning_rate=1.5e-3),
    StageConfig(
        "lstm_reinforce",
        epochs=4,
        learning_rate=2e-4,
        warm_up=20,
        self_critical=True,
    ),
)


class Heads:
    """A captioner's encoder with everything that is trained on its features.

    Its upper half is that of the scorer that ships, or that of `plain`, the folder
    of the same captioner exported before it got a detector.
    """

    def __init__(
        self, recipe: Recipe, bundled: Path, scorer: Path, plain: Path | None = None
    ) -> None:
        self.recipe = recipe
        self.bundled = bundled
        head = (plain or scorer) / (PARTS if plain else SCORER_PARTS)[0]
        upper_of = upper_of_encoder if plain else upper_of_head
        self.upper = upper_of(onnx.load(head))
        """The int8 half that the graphs of heads begin with."""
        self.words = Vocabulary.read(bundled / WORDS)
        if plain is None:
            encoder = restore_shared(bundled, head, recipe.backbone)
        elif same_lower_half(head, bundled / PARTS[0]):
            encoder = restore_plain(head, recipe.backbone)
        else:
            raise SystemExit(f"{head} has another lower half than {bundled}")
        self.encoder = encoder.eval()
        self._fast = OnnxEncoder(self.encoder, recipe.work / "encoder_shipped.onnx")

    def pixels(self, split: str) -> Tensor:
        """Return the photos of a split."""
        path = self.recipe.work / f"pixels_{split}.npy"
        return cached_pixels(self.recipe.split(split), path)

    def views(self, split: str, views: tuple[int | str, ...]) -> list[Tensor]:
        """Return the features of several views of a split."""
        stem = self.recipe.work / f"features_shipped_{split}"
        return list(all_views(self._fast, self.pixels(split), views, stem))

    def scenes(self, detector: Path) -> list[Tensor]:
        """Return the features of empty scenes: as they are, and as a camera's."""
        pixels, work = self.pixels("train"), self.recipe.work
        boxes = living_boxes(detector, pixels, work / "boxes.jsonl")
        scenes = list(empty_scenes(pixels, boxes, self.recipe.seed))
        _LOGGER.info("%d empty scenes", len(scenes))
        return [
            cached_features(
                self._fast,
                len(scenes),
                scene_view(scenes, view),
                work / f"features_shipped_scenes_{view}.npy",
                seed,
            )
            for seed, view in enumerate((0, CAMERA))
        ]


def train_lstm(heads: Heads) -> LstmDecoder:
    """Return the LSTM decoder, trained by cross-entropy, then self-critically."""
    recipe = heads.recipe
    train, dev = recipe.split("train"), recipe.split("dev")
    # The LSTM sees the mean of the regions only: one region says the same
    features = [_pooled(view) for view in heads.views("train", PHOTO_VIEWS)]
    (dev_features,) = (_pooled(view) for view in heads.views("dev", (0,)))
    corpus = Corpus(
        vocabulary=heads.words,
        ids=encode_captions(heads.words, train.tokens, MAX_WORDS),
        tokens=train.tokens,
        dev_tokens=dev.tokens,
        pixels=heads.pixels("train"),
        dev_pixels=heads.pixels("dev"),
        features=features,
        dev_features=dev_features,
    )
    torch.manual_seed(recipe.seed)
    decoder = LstmDecoder(LstmConfig(len(heads.words)))
    modules = nn.ModuleDict({"decoder": decoder})
    for number, stage in enumerate(LSTM_STAGES):
        checkpoint = recipe.work / f"lstm_{number}.checkpoint.pt"
        settings = replace(stage, seed=recipe.seed, minutes=recipe.minutes)
        run_stage(modules, corpus, settings, checkpoint)
    return decoder


def _pooled(features: Tensor) -> Tensor:
    parts = [part.float().mean(1, keepdim=True) for part in features.split(200)]
    return torch.cat(parts)


def ship_lstm(heads: Heads, decoder: LstmDecoder, target: Path) -> str:
    """Write the LSTM's graphs, and return its table of scores."""
    exact = heads.recipe.work / "lstm_float32"
    export_lstm(decoder, exact)
    quantize_lstm(exact, target)
    _join(heads, target / LSTM_PARTS[0])
    modules = nn.ModuleDict({"encoder": heads.encoder, "decoder": decoder})
    # The float32 row has the float32 encoder, the int8 row the shipped one
    float_encoder = heads.recipe.work / "encoder_float32.onnx"
    _export_encoder(heads.encoder, float_encoder)
    graphs = {
        "ONNX float32": [float_encoder, *(exact / part for part in LSTM_PARTS)],
        "ONNX int8": [
            heads.bundled / "encoder.onnx",
            *(target / part for part in LSTM_PARTS),
        ],
    }
    rows = evaluate(
        [
            ("PyTorch float32", TorchCaptioner(modules), []),
            *((name, OnnxCaptioner(*paths), paths) for name, paths in graphs.items()),
        ],
        heads.pixels("dev"),
        heads.recipe.split("dev"),
        heads.words,
        LSTM_BEAM,
    )
    return format_rows(rows)


def _join(heads: Heads, path: Path) -> None:
    """Let a head read the encoder's middle instead of its features."""
    model = with_upper(heads.upper, onnx.load(path))
    write_bytes(path, model.SerializeToString())


def _export_encoder(encoder: nn.Module, path: Path) -> None:
    pixels = torch.zeros(1, 3, 224, 224)
    torch.onnx.export(
        encoder,
        (pixels,),
        path,
        input_names=["pixel_values"],
        output_names=["image_features"],
        opset_version=17,
        dynamo=False,
    )


def train_image_text(heads: Heads, detector: Path, foils: Path) -> tuple[Scorer, str]:
    """Return the image-text scorer and how often it tells a caption from its foil."""
    train, dev = heads.recipe.split("train"), heads.recipe.split("dev")
    (dev_features,) = heads.views("dev", (0,))
    corpus = ScorerCorpus(
        features=heads.views("train", (*PHOTO_VIEWS, CAMERA)),
        empty=heads.scenes(detector),
        tokens=train.tokens,
        dev_features=dev_features,
        dev_tokens=dev.tokens,
        dev_names=dev.names,
        dev_foils=read_foils(foils),
    )
    coder = TextCoder.of(heads.words)
    stage = ScorerStage(seed=heads.recipe.seed)
    checkpoint = heads.recipe.work / "scorer.checkpoint.pt"
    scorer = train_scorer(corpus, coder, stage, checkpoint)
    nouns = NounBook(train.tokens).nouns
    whole, checked = foil_accuracy(scorer, corpus, coder, nouns)
    return scorer, f"whole caption {whole:.4f}, with its nouns {checked:.4f}"


def ship_scorer(heads: Heads, scorer: Scorer, target: Path) -> None:
    """Write the scorer's graphs and its vocabulary."""
    export_scorer(scorer, heads.recipe.work / "scorer_float32", target)
    _join(heads, target / SCORER_PARTS[0])
    coder = TextCoder.of(heads.words)
    (target / WORDS).write_text("\n".join(coder.words) + "\n", "utf-8")


def write_dev_foils(recipe: Recipe, path: Path) -> int:
    """Write the foils of the dev captions; return how many."""
    dev = recipe.split("dev")
    foils = make_foils(dev.names, dev.tokens, recipe.seed)
    write_foils(path, foils)
    return len(foils)
