"""Print what each threshold of the shipped scorer would mean on dev.

    calibrate_scorer.py flickr8k [--present 0.6]

The first table is about the nouns of the captioner's best captions, the second about
captions whose nouns all count as present. Needs the training tools and WordNet.
"""

import argparse
from pathlib import Path
import sys

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tiny_captioner.calibrate import (  # noqa: E402
    bundled,
    caption_table,
    judge_split,
    noun_table,
)
from tiny_captioner.data import read_split  # noqa: E402

from edge_runtime.manifest import load_manifest  # noqa: E402

BUNDLED = ROOT / "edge_runtime" / "bundled"


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="Flickr8k folder")
    parser.add_argument("--present", type=float, default=0.6)
    arguments = parser.parse_args()
    manifest = load_manifest(None)
    rows = (manifest.get(name) for name in ("tiny-captioner", "tiny-scorer"))
    configs = [bundled(row, BUNDLED) for row in rows if row is not None]
    found = judge_split(*configs, read_split(arguments.data, "dev"))
    print(noun_table(found))
    print(caption_table(found, arguments.present))


if __name__ == "__main__":
    main()
