"""Score the captioner that runs here on photos with reference captions.

    .venv/bin/python scripts/score_captions.py FLICKR8K [--split dev] [--model ID]

FLICKR8K holds `dev/*.jpg` and `captions_dev.json` (file name -> captions). The captions
come from the installed program, worker and all; the scores are of `raw_caption`.
"""

import argparse
import asyncio
import json
from pathlib import Path
import sys
import tempfile
import time

from edge_runtime.cli.output import Console
from edge_runtime.config import Settings
from edge_runtime.const import EMBEDDED_MODEL
from edge_runtime.evaluation.metrics import score_captions
from edge_runtime.runtime import EdgeRuntime
from edge_runtime.schemas import CaptionRequest


def main() -> int:
    """Print the scores of one split as a table row."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--model", default=EMBEDDED_MODEL)
    options = parser.parse_args()
    references_file = options.dataset / f"captions_{options.split}.json"
    if not references_file.is_file():
        print(f"error: {references_file}: there is no such file", file=sys.stderr)
        return 1
    references = json.loads(references_file.read_text(encoding="utf-8"))
    started = time.monotonic()
    captions = asyncio.run(
        caption_all(options.dataset / options.split, list(references), options.model)
    )
    seconds = (time.monotonic() - started) / len(captions)
    scores = score_captions(captions, [references[name] for name in references])
    bleu = " ".join(f"BLEU-{n} {value:.4f}" for n, value in enumerate(scores.bleu, 1))
    print(f"{options.model} on {len(captions)} photos of {options.split}")
    print(f"{bleu} ROUGE-L {scores.rouge_l:.4f} CIDEr-D {scores.cider_d:.4f}")
    print(f"{len(set(captions))} different captions, {seconds * 1000:.0f} ms a photo")
    return 0


async def caption_all(folder: Path, names: list[str], model_id: str) -> list[str]:
    """Return the raw captions of the photos, in order."""
    captions = []
    bar = Console().progress("captions", len(names), "photos")
    with tempfile.TemporaryDirectory() as home:
        async with EdgeRuntime(Settings(home=Path(home))) as runtime:
            spec = runtime.model(model_id)
            for name in names:
                request = CaptionRequest(str(folder / name))
                captions.append((await runtime.caption(request, spec)).raw_caption)
                bar.update(len(captions))
    bar.close()
    return captions


if __name__ == "__main__":
    sys.exit(main())
