"""BLEU, ROUGE-L and CIDEr-D in pure Python, equal to pycocoevalcap's.

A caption is a sequence of tokens; a corpus is a sequence of captions, and its
references are one sequence of captions per candidate, in the same order.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
import math

from ..words import tokenize_caption

__all__ = [
    "Caption",
    "CaptionScores",
    "CiderD",
    "References",
    "corpus_bleu",
    "corpus_cider_d",
    "corpus_rouge_l",
    "count_ngrams",
    "rouge_l",
    "score_captions",
    "tokenize_caption",
]

Caption = Sequence[str]
References = Sequence[Caption]
_Ngram = tuple[str, ...]

_MAX_ORDER = 4
_SIGMA = 6.0
_ROUGE_BETA = 1.2
# pycocoevalcap's smoothing constants: without them an empty match is log(0)
_TINY = 1e-15
_SMALL = 1e-9


def count_ngrams(caption: Caption, max_order: int = _MAX_ORDER) -> Counter[_Ngram]:
    """Return how often each n-gram of 1 to `max_order` tokens occurs."""
    return Counter(
        tuple(caption[start : start + order])
        for order in range(1, max_order + 1)
        for start in range(len(caption) - order + 1)
    )


@dataclass(frozen=True, slots=True)
class _BleuStatistics:
    length: int
    reference_length: int
    guesses: list[int]
    matches: list[int]


def _bleu_statistics(candidate: Caption, references: References) -> _BleuStatistics:
    length = len(candidate)
    closest = min(
        (len(reference) for reference in references),
        key=lambda other: (abs(other - length), other),
    )
    limits: Counter[_Ngram] = Counter()
    for reference in references:
        limits |= count_ngrams(reference)
    matches = [0] * _MAX_ORDER
    for ngram, count in count_ngrams(candidate).items():
        matches[len(ngram) - 1] += min(count, limits[ngram])
    guesses = [max(0, length - order) for order in range(_MAX_ORDER)]
    return _BleuStatistics(length, closest, guesses, matches)


def corpus_bleu(
    candidates: Sequence[Caption], references: Sequence[References]
) -> tuple[float, ...]:
    """Return BLEU-1 to BLEU-4 of a corpus with the closest reference length."""
    parts = [
        _bleu_statistics(candidate, refs)
        for candidate, refs in zip(candidates, references, strict=True)
    ]
    length = sum(part.length for part in parts)
    ratio = (length + _TINY) / (sum(part.reference_length for part in parts) + _SMALL)
    brevity = math.exp(1 - 1 / ratio) if ratio < 1 else 1.0
    scores: list[float] = []
    product = 1.0
    for order in range(_MAX_ORDER):
        matches = sum(part.matches[order] for part in parts)
        guesses = sum(part.guesses[order] for part in parts)
        product *= (matches + _TINY) / (guesses + _SMALL)
        scores.append(product ** (1 / (order + 1)) * brevity)
    return tuple(scores)


def _common_subsequence_length(left: Caption, right: Caption) -> int:
    previous = [0] * (len(right) + 1)
    for token in left:
        current = [0]
        for column, other in enumerate(right):
            current.append(
                previous[column] + 1
                if token == other
                else max(previous[column + 1], current[column])
            )
        previous = current
    return previous[-1]


def rouge_l(candidate: Caption, references: References) -> float:
    """Return the ROUGE-L F-score of one caption (beta 1.2, best of references)."""
    if not candidate:
        return 0.0
    common = [_common_subsequence_length(ref, candidate) for ref in references]
    precision = max(common) / len(candidate)
    recall = max(
        length / len(reference) if reference else 0.0
        for length, reference in zip(common, references, strict=True)
    )
    if precision == 0 or recall == 0:
        return 0.0
    weight = _ROUGE_BETA**2
    return (1 + weight) * precision * recall / (recall + weight * precision)


def corpus_rouge_l(
    candidates: Sequence[Caption], references: Sequence[References]
) -> float:
    """Return the mean ROUGE-L of a corpus."""
    scores = [
        rouge_l(candidate, refs)
        for candidate, refs in zip(candidates, references, strict=True)
    ]
    return sum(scores) / len(scores) if scores else 0.0


@dataclass(frozen=True, slots=True)
class _WeightedCaption:
    """A caption as tf-idf weights, with the norm of each n-gram order."""

    weights: dict[_Ngram, float]
    norms: tuple[float, ...]
    length: int
    """The number of bigrams: what pycocoevalcap's length penalty compares."""


class CiderD:
    """Scores captions against references with fixed document frequencies.

    The reference vectors are computed once, so that scoring a candidate is cheap
    enough to be the reward of self-critical training.
    """

    def __init__(self, references: Iterable[References]) -> None:
        counted = [[count_ngrams(caption) for caption in refs] for refs in references]
        self._frequencies: Counter[_Ngram] = Counter()
        for captions in counted:
            self._frequencies.update({ngram for counts in captions for ngram in counts})
        self._log_size = math.log(len(counted)) if counted else 0.0
        self._references = [
            [self._weigh(counts) for counts in captions] for captions in counted
        ]

    def _weigh(self, counts: Counter[_Ngram]) -> _WeightedCaption:
        weights: dict[_Ngram, float] = {}
        squares = [0.0] * _MAX_ORDER
        length = 0
        for ngram, count in counts.items():
            rarity = self._log_size - math.log(max(1, self._frequencies[ngram]))
            weight = count * rarity
            weights[ngram] = weight
            squares[len(ngram) - 1] += weight * weight
            if len(ngram) == 2:  # noqa: PLR2004
                length += count
        return _WeightedCaption(weights, tuple(map(math.sqrt, squares)), length)

    def score(self, index: int, candidate: Caption) -> float:
        """Return CIDEr-D (0 to 10) of a candidate for the photo at `index`."""
        captions = self._references[index]
        if not captions:
            return 0.0
        weighted = self._weigh(count_ngrams(candidate))
        total = sum(_similarity(weighted, reference) for reference in captions)
        return 10.0 * total / len(captions)


def _similarity(candidate: _WeightedCaption, reference: _WeightedCaption) -> float:
    products = [0.0] * _MAX_ORDER
    known = reference.weights
    for ngram, weight in candidate.weights.items():
        other = known.get(ngram)
        if other is not None:
            products[len(ngram) - 1] += min(weight, other) * other
    penalty = math.exp(
        -((candidate.length - reference.length) ** 2) / (2 * _SIGMA * _SIGMA)
    )
    total = 0.0
    for product, left, right in zip(
        products, candidate.norms, reference.norms, strict=True
    ):
        scale = left * right
        total += product / scale if scale else product
    return penalty * total / _MAX_ORDER


def corpus_cider_d(
    candidates: Sequence[Caption], references: Sequence[References]
) -> float:
    """Return the mean CIDEr-D of a corpus; frequencies come from its references."""
    scorer = CiderD(references)
    scores = [scorer.score(index, text) for index, text in enumerate(candidates)]
    return sum(scores) / len(scores) if scores else 0.0


@dataclass(frozen=True, slots=True)
class CaptionScores:
    """The scores of one set of captions."""

    bleu: tuple[float, ...]
    """BLEU-1 to BLEU-4."""
    rouge_l: float
    cider_d: float


def score_captions(
    candidates: Sequence[str], references: Sequence[Sequence[str]]
) -> CaptionScores:
    """Return the scores of plain texts against plain reference texts."""
    tokens = [tokenize_caption(text) for text in candidates]
    wanted = [[tokenize_caption(text) for text in texts] for texts in references]
    return CaptionScores(
        bleu=corpus_bleu(tokens, wanted),
        rouge_l=corpus_rouge_l(tokens, wanted),
        cider_d=corpus_cider_d(tokens, wanted),
    )
