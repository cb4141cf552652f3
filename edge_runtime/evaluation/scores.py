"""All scores of one model's captions, of the whole set and of each photo."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from .metrics import (
    CaptionScores,
    CiderD,
    corpus_bleu,
    rouge_l,
    tokenize_caption,
)
from .records import PhotoResult

Tokens = list[str]


@dataclass(frozen=True, slots=True)
class PhotoScores:
    """The scores of one caption."""

    cider_d: float
    rouge_l: float
    meteor: float | None = None


@dataclass(frozen=True, slots=True)
class SetScores:
    """The scores of one caption per photo."""

    corpus: CaptionScores
    meteor: float | None
    mean_words: float
    """Words of the captions that are there."""
    distinct: int
    """Different captions."""
    photos: tuple[PhotoScores, ...]


@dataclass(frozen=True, slots=True)
class Spread:
    """A middle and a high value of something measured once a photo."""

    median: float
    p95: float


@dataclass(frozen=True, slots=True)
class MeteorScores:
    """METEOR of a set and of each of its captions."""

    corpus: float
    photos: tuple[float, ...]


class SetScorer:
    """Scores sets of captions against the same references, which it weighs once."""

    def __init__(self, references: Iterable[Sequence[str]]) -> None:
        self.references = [[tokenize_caption(t) for t in texts] for texts in references]
        self._cider = CiderD(self.references)

    def score(
        self, captions: Sequence[str], meteor: MeteorScores | None = None
    ) -> SetScores:
        """Return the scores of one caption per photo, in the order of the photos."""
        tokens = [tokenize_caption(text) for text in captions]
        of_meteor = meteor.photos if meteor else (None,) * len(tokens)
        photos = tuple(
            PhotoScores(self._cider.score(index, words), rouge_l(words, refs), extra)
            for index, (words, refs, extra) in enumerate(
                zip(tokens, self.references, of_meteor, strict=True)
            )
        )
        said = [words for words in tokens if words]
        return SetScores(
            corpus=CaptionScores(
                bleu=corpus_bleu(tokens, self.references),
                rouge_l=fmean(photo.rouge_l for photo in photos),
                cider_d=fmean(photo.cider_d for photo in photos),
            ),
            meteor=meteor.corpus if meteor else None,
            mean_words=fmean(map(len, said)) if said else 0.0,
            distinct=len(set(map(tuple, said))),
            photos=photos,
        )


@dataclass(frozen=True, slots=True)
class ModelEvaluation:
    """Everything that was found out about one model."""

    model_id: str
    results: tuple[PhotoResult, ...]
    raw: SetScores
    """Of the captioner's own words."""
    checked: SetScores
    """Of the captions that people are shown."""

    @property
    def failed(self) -> tuple[PhotoResult, ...]:
        """Return the photos without a caption; each is scored as an empty one."""
        return tuple(result for result in self.results if result.error is not None)

    @property
    def verdicts(self) -> Mapping[str, int]:
        """Return how often each verdict was given."""
        return Counter(r.verdict for r in self.results if r.error is None)

    @property
    def differs(self) -> bool:
        """Return whether any checked caption has other words than the raw one."""
        return any(
            tokenize_caption(r.caption) != tokenize_caption(r.raw_caption)
            for r in self.results
        )

    @property
    def image_text_score(self) -> float | None:
        """Return the mean image-text score of the photos that have one."""
        found = [
            r.image_text_score for r in self.results if r.image_text_score is not None
        ]
        return fmean(found) if found else None

    @property
    def seconds(self) -> Spread | None:
        """Return the wall seconds of a photo."""
        return spread(r.seconds for r in self.results if r.seconds is not None)

    @property
    def stages(self) -> dict[str, Spread]:
        """Return the seconds of a photo by stage, in the order of the stages."""
        names = dict.fromkeys(name for r in self.results for name in r.stages)
        values = {
            name: spread(r.stages[name] for r in self.results if name in r.stages)
            for name in names
        }
        return {name: value for name, value in values.items() if value is not None}

    @property
    def worker_peak_bytes(self) -> int:
        """Return the most memory that the captioner's worker ever had."""
        return max((r.worker_peak_bytes for r in self.results), default=0)


def spread(values: Iterable[float]) -> Spread | None:
    """Return median and 95th percentile (nearest rank); None of no values."""
    ordered = sorted(values)
    if not ordered:
        return None
    rank = -(-len(ordered) * 95 // 100)  # rounded up
    return Spread(median(ordered), ordered[rank - 1])
