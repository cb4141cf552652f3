"""Train what reads the embedded captioner's image features, export and measure it.

    train_tiny_heads.py lstm --data flickr8k --work build/heads
    train_tiny_heads.py foils --data flickr8k --work build/heads
    train_tiny_heads.py scorer --data flickr8k --work build/heads --detector FOLDER

Starts from the shipped encoder. A killed run goes on with the same command.
For another encoder, --out is the folder that holds its export as `tiny_captioner`,
--plain the export of its stage `reinforce`, and --work a new folder.
"""

import argparse
import importlib.util
import logging
from pathlib import Path
import sys

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # run from a checkout, installed or not

from tiny_captioner.corpus import Recipe  # noqa: E402
from tiny_captioner.heads import (  # noqa: E402
    Heads,
    ship_lstm,
    ship_scorer,
    train_image_text,
    train_lstm,
    write_dev_foils,
)
from tiny_captioner.labels import write_labels  # noqa: E402

BUNDLED = ROOT / "edge_runtime" / "bundled"
FOILS = ROOT / "tests" / "fixtures" / "foils_dev.jsonl"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=("lstm", "scorer", "foils", "labels"))
    parser.add_argument("--data", type=Path, required=True, help="Flickr8k folder")
    parser.add_argument("--work", type=Path, required=True, help="folder for caches")
    parser.add_argument("--out", type=Path, default=BUNDLED, help="shipped models")
    parser.add_argument(
        "--plain", type=Path, help="another encoder, before its detector"
    )
    parser.add_argument("--detector", type=Path, help="folder of SSD-MobileNetV2")
    parser.add_argument("--foils", type=Path, default=FOILS)
    parser.add_argument("--seed", type=int, default=1)
    return parser


def _class_names() -> list[str]:
    """Return ImageNet's class names in torchvision's spelling, without loading it."""
    found = importlib.util.find_spec("torchvision")
    if found is None or found.origin is None:
        raise SystemExit("install torchvision: its list of class names is needed")
    path = Path(found.origin).parent / "models" / "_meta.py"
    scope: dict[str, list[str]] = {}
    exec(path.read_text("utf-8"), scope)  # noqa: S102 - a file of constants
    return scope["_IMAGENET_CATEGORIES"]


def _scorer(heads: Heads, arguments: argparse.Namespace) -> str:
    if arguments.detector is None:
        raise SystemExit("--detector is needed: it finds the scenes without anybody")
    scorer, line = train_image_text(heads, arguments.detector, arguments.foils)
    ship_scorer(heads, scorer, arguments.out / "tiny_scorer")
    return line


def main() -> None:
    """Run the command of the command line."""
    arguments = _parser().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    arguments.work.mkdir(parents=True, exist_ok=True)
    recipe = Recipe(arguments.data, arguments.work, arguments.seed)
    if arguments.command == "foils":
        print(write_dev_foils(recipe, arguments.foils), "foils")
        return
    captioner, scorer = arguments.out / "tiny_captioner", arguments.out / "tiny_scorer"
    heads = Heads(recipe, captioner, scorer, arguments.plain)
    if arguments.command == "labels":
        words = [word for word in heads.words.words if not word.startswith("<")]
        target = arguments.out / "tiny_scorer" / "labels.json"
        write_labels(target, _class_names(), words)
    elif arguments.command == "lstm":
        target = arguments.out / "im2txt_flickr8k"
        print(ship_lstm(heads, train_lstm(heads), target))
    else:
        print(_scorer(heads, arguments))


if __name__ == "__main__":
    main()
