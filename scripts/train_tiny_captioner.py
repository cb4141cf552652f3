"""Train the embedded captioner, export it to ONNX and measure it.

    train_tiny_captioner.py all --data flickr8k --work build/captioner --detector FOLDER

Every part goes on where a killed run stopped when the same command runs again.
"""

import argparse
from collections.abc import Callable
import logging
import math
from pathlib import Path
import sys

ROOT = Path(__file__).resolve().parent.parent
# Run from a checkout, with or without the package installed
sys.path.insert(0, str(ROOT))

import pin_bundled_model  # noqa: E402
from tiny_captioner.corpus import Recipe  # noqa: E402
from tiny_captioner.recipe import (  # noqa: E402
    STAGES,
    compare_decoding,
    export_model,
    make_features,
    measure,
    restore_model,
    train_stage,
)
from tiny_captioner.shipping import replace_shipped  # noqa: E402

BUNDLED = ROOT / "edge_runtime" / "bundled" / "tiny_captioner"
READERS = ("tiny-captioner", "im2txt-flickr8k")
"""The models of models.yaml that hold the encoder."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=(*_COMMANDS, "all"))
    parser.add_argument("--data", type=Path, required=True, help="Flickr8k folder")
    parser.add_argument("--work", type=Path, required=True, help="folder for caches")
    parser.add_argument("--out", type=Path, default=BUNDLED, help="shipped files")
    parser.add_argument("--stage", choices=tuple(STAGES), help="only this stage")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--minutes",
        type=float,
        default=math.inf,
        help="start no further epoch of a stage after so many minutes",
    )
    parser.add_argument(
        "--accept",
        action="store_true",
        help="with --minutes: take the best weights so far, the epochs done or not",
    )
    parser.add_argument("--detector", type=Path, help="folder of SSD-MobileNetV2")
    parser.add_argument(
        "--full-range",
        action="store_true",
        help="export 8-bit weights, which saturate on some machines without VNNI",
    )
    return parser


def _features(recipe: Recipe, arguments: argparse.Namespace) -> None:
    for stage in _stages(arguments):
        make_features(recipe, stage)


def _train(recipe: Recipe, arguments: argparse.Namespace) -> None:
    for stage in _stages(arguments):
        train_stage(recipe, stage)


def _export(recipe: Recipe, arguments: argparse.Namespace) -> None:
    ships = _ships(arguments)
    target = recipe.work / "int8" if ships else arguments.out
    stage = _stages(arguments)[-1]
    export_model(recipe, stage, target, reduce_range=not arguments.full_range)
    if ships:
        replace_shipped(target, BUNDLED)


def _ships(arguments: argparse.Namespace) -> bool:
    """Return whether what other models read is to be replaced."""
    return bool(arguments.out.resolve() == BUNDLED)


def _restore(recipe: Recipe, arguments: argparse.Namespace) -> None:
    stage = restore_model(recipe, arguments.out)
    print(f"{recipe.model_path(stage)}: the model that ships")


def _evaluate(recipe: Recipe, arguments: argparse.Namespace) -> None:
    print(measure(recipe, _stages(arguments)[-1], arguments.out))


def _ship(recipe: Recipe, arguments: argparse.Namespace) -> None:
    """Export, measure, and write sizes and sums into models.yaml."""
    _export(recipe, arguments)
    _evaluate(recipe, arguments)
    for model in READERS if _ships(arguments) else ():
        if pin_bundled_model.main([model]):
            raise SystemExit(f"models.yaml: {model} could not be pinned")


def _settings(recipe: Recipe, arguments: argparse.Namespace) -> None:
    print(compare_decoding(recipe, arguments.out))


_COMMANDS: dict[str, Callable[[Recipe, argparse.Namespace], None]] = {
    "features": _features,
    "train": _train,
    "export": _export,
    "evaluate": _evaluate,
    "restore": _restore,
    "ship": _ship,
    "settings": _settings,
}


def _stages(arguments: argparse.Namespace) -> list[str]:
    return [arguments.stage] if arguments.stage else list(STAGES)


def main() -> None:
    """Run the command of the command line."""
    arguments = _parser().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    recipe = Recipe(
        arguments.data,
        arguments.work,
        arguments.seed,
        arguments.minutes,
        accept=arguments.accept,
        detector=arguments.detector,
    )
    chosen = arguments.command
    for name in ("train", "export", "evaluate") if chosen == "all" else (chosen,):
        _COMMANDS[name](recipe, arguments)


if __name__ == "__main__":
    main()
