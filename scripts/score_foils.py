"""How often the shipped scorer prefers a true caption to one with a wrong noun.

    score_foils.py flickr8k [--limit N]

Foils: `tests/fixtures/foils_dev.jsonl` names a photo, one of its captions, the place of
a noun and the noun that takes its place.
"""

import argparse
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby
import json
import math
from pathlib import Path
import sys

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tiny_captioner.bundled import bundled_config, bundled_model  # noqa: E402

from edge_runtime.families.base import FamilyConfig, Question, Scores  # noqa: E402
from edge_runtime.families.encoder_decoder import EncoderDecoderCaptioner  # noqa: E402
from edge_runtime.families.image_text import SharedEncoderScorer  # noqa: E402
from edge_runtime.pipeline.noun_phrases import parse  # noqa: E402
from edge_runtime.sessions.onnx import OnnxSession  # noqa: E402
from edge_runtime.words import tokenize_caption  # noqa: E402

FOILS = ROOT / "tests" / "fixtures" / "foils_dev.jsonl"
_TINY = 1e-6


def _config(model_id: str) -> FamilyConfig:
    opener = partial(OnnxSession, threads=1, options={})
    return bundled_config(bundled_model(model_id), opener)


def _logit(probability: float) -> float:
    kept = min(max(probability, _TINY), 1 - _TINY)
    return math.log(kept / (1 - kept))


def _choose(
    texts: Sequence[str], scores: Scores, phrases: Sequence[str]
) -> list[float]:
    """Return the score of each text with the evidence for each of its things."""
    there = dict(zip(phrases, scores.phrases, strict=True))
    return [
        _logit(whole)
        + sum(
            math.log(max(there[phrase.noun], _TINY)) for phrase in parse(text).phrases
        )
        for text, whole in zip(texts, scores.captions, strict=True)
    ]


def results(data: Path, limit: int | None) -> Iterator[tuple[bool, bool]]:
    """Yield for each foil whether the true caption wins: whole text, and checked."""
    eyes = EncoderDecoderCaptioner(_config("tiny-captioner"))
    judge = SharedEncoderScorer(_config("tiny-scorer"))
    captions = json.loads((data / "captions_dev.json").read_text("utf-8"))
    lines = map(json.loads, FOILS.read_text("utf-8").splitlines())
    for count, (name, foils) in enumerate(groupby(lines, key=lambda foil: foil[0])):
        if limit is not None and count >= limit:
            return
        with Image.open(data / "dev" / name) as image:
            seen = judge.see(eyes.image_features(image.convert("RGB")))
        for _, index, place, noun in foils:
            true = tokenize_caption(captions[name][index])
            wrong = [*true[:place], noun, *true[place + 1 :]]
            texts = [" ".join(true), " ".join(wrong)]
            phrases = [phrase.noun for text in texts for phrase in parse(text).phrases]
            phrases = list(dict.fromkeys(phrases))
            scores = judge.score(seen, Question(texts, phrases))
            checked = _choose(texts, scores, phrases)
            yield scores.captions[0] > scores.captions[1], checked[0] > checked[1]


def main() -> None:
    """Print how often the true caption wins."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="Flickr8k folder")
    parser.add_argument("--limit", type=int, help="only the first photos")
    arguments = parser.parse_args()
    won = list(results(arguments.data, arguments.limit))
    for name, column in (("whole caption", 0), ("with each of its things", 1)):
        share = sum(pair[column] for pair in won) / len(won)
        print(f"{name}: {share:.4f} of {len(won)} foils")


if __name__ == "__main__":
    main()
