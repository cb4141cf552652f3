"""Print what each threshold of the shipped scorer would mean on dev.

    calibrate_scorer.py flickr8k [--present 0.95]

The first table is about the nouns of the captioner's best captions, the second about
captions whose nouns all count as present. Needs the training tools and WordNet.
"""

import argparse
from functools import partial
from pathlib import Path
import sys

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tiny_captioner.bundled import bundled_config, bundled_model  # noqa: E402
from tiny_captioner.calibrate import (  # noqa: E402
    caption_table,
    judge_split,
    noun_table,
)
from tiny_captioner.data import read_split  # noqa: E402

from edge_runtime.sessions.onnx import OnnxSession  # noqa: E402


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="Flickr8k folder")
    captioner, scorer = map(bundled_model, ("tiny-captioner", "tiny-scorer"))
    limits = scorer.thresholds
    present = None if limits is None else limits.living_present
    needed = present is None
    parser.add_argument("--present", type=float, default=present, required=needed)
    arguments = parser.parse_args()
    split = read_split(arguments.data, "dev")
    opener = partial(OnnxSession, threads=2, options={})
    configs = (bundled_config(captioner, opener), bundled_config(scorer, opener))
    found = judge_split(*configs, split)
    print(noun_table(found))
    print(caption_table(found, arguments.present))


if __name__ == "__main__":
    main()
