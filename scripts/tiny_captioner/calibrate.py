"""What thresholds a scorer needs: its judgement of the captioner's own words on dev."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from edge_runtime.families.base import FamilyConfig, Question
from edge_runtime.families.encoder_decoder import EncoderDecoderCaptioner
from edge_runtime.families.image_text import SharedEncoderScorer
from edge_runtime.pipeline.noun_phrases import parse

from .data import Split
from .scorer_train import NounBook

STEPS = 20
_NEARLY_ONE = (0.96, 0.97, 0.98, 0.985, 0.99)
"""The scorer is sure of most captions whose nouns it finds."""


@dataclass(frozen=True, slots=True)
class Said:
    """A noun of a generated caption."""

    photo: int
    noun: str
    probability: float
    right: bool
    """One of the photo's captions names it, or a wider or narrower word for it."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A generated caption: how true the scorer finds it, and its nouns."""

    score: float
    nouns: tuple[Said, ...]


def judge_split(
    captioner: FamilyConfig, scorer: FamilyConfig, split: Split
) -> list[Whole]:
    """Return what the scorer thinks of the captioner's best caption of each photo."""
    writer = EncoderDecoderCaptioner(captioner)
    judge = SharedEncoderScorer(scorer)
    book = NounBook(split.tokens)
    found: list[Whole] = []
    for row, name in enumerate(split.names):
        with Image.open(split.folder / name) as image:
            written = writer.caption(image.convert("RGB"), {})
        text = written.captions[0].text
        nouns = [phrase.noun for phrase in parse(text).phrases]
        scores = judge.score(judge.see(written.image_features), Question([text], nouns))
        said = (
            Said(row, noun, value, _is_named(noun, row, book))
            for noun, value in zip(nouns, scores.phrases, strict=True)
        )
        found.append(Whole(scores.captions[0], tuple(said)))
    return found


def _is_named(noun: str, photo: int, book: NounBook) -> bool:
    seen = book.of_photo[photo]
    return noun in seen or (noun in book.nouns and book.clashes(noun, photo))


def noun_table(found: Sequence[Whole]) -> str:
    """Return how many nouns are right above and below each threshold."""
    nouns = [said for whole in found for said in whole.nouns]
    lines = ["threshold  at or above: right of all   below: right of all"]
    for step in range(1, STEPS):
        threshold = step / STEPS
        above = [said.right for said in nouns if said.probability >= threshold]
        below = [said.right for said in nouns if said.probability < threshold]
        lines.append(f"{threshold:9.2f}  {_share(above):>25}  {_share(below):>20}")
    return "\n".join(lines)


def caption_table(found: Sequence[Whole], present: float) -> str:
    """Return how often a caption whose nouns are all present has only right ones."""
    lines = ["caption score  captions with right nouns only"]
    sure = [w for w in found if all(n.probability >= present for n in w.nouns)]
    for threshold in (*(step / STEPS for step in range(STEPS)), *_NEARLY_ONE):
        kept = [w for w in sure if w.score >= threshold and w.nouns]
        right = [all(noun.right for noun in whole.nouns) for whole in kept]
        lines.append(f"{threshold:13.3f}  {_share(right)}")
    return "\n".join(lines)


def _share(right: Sequence[bool]) -> str:
    if not right:
        return "-"
    return f"{sum(right) / len(right):.3f} of {len(right)}"
