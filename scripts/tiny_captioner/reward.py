"""What self-critical training pays a caption for: CIDEr-D, and some BLEU-4."""

from collections import Counter
from collections.abc import Sequence
import math

import torch
from torch import Tensor

from edge_runtime.evaluation.metrics import CiderD

from .data import PAD, Vocabulary

ORDERS = range(1, 5)
SMOOTHING = 0.1
"""Added to the counts of a caption's longer n-grams: most single ones match none."""

Grams = Counter[tuple[str, ...]]


def _grams(words: Sequence[str], order: int) -> Grams:
    return Counter(
        tuple(words[start : start + order]) for start in range(len(words) - order + 1)
    )


class SentenceBleu:
    """Smoothed BLEU-4 of single captions."""

    def __init__(self, references: Sequence[Sequence[Sequence[str]]]) -> None:
        self._known = [
            [self._most(captions, order) for order in ORDERS] for captions in references
        ]
        self._lengths = [sorted(map(len, captions)) for captions in references]

    @staticmethod
    def _most(captions: Sequence[Sequence[str]], order: int) -> Grams:
        most: Grams = Counter()
        for caption in captions:
            most |= _grams(caption, order)
        return most

    def score(self, photo: int, words: Sequence[str]) -> float:
        """Return 0 to 1 for a caption of a photo."""
        logarithm = 0.0
        for order, known in zip(ORDERS, self._known[photo], strict=True):
            counts = _grams(words, order)
            hits = sum(min(count, known[gram]) for gram, count in counts.items())
            extra = SMOOTHING if order > 1 else 1e-9
            logarithm += math.log((hits + extra) / (counts.total() + SMOOTHING))
        length = max(len(words), 1)
        closest = min(self._lengths[photo], key=lambda known: abs(known - length))
        return math.exp(logarithm / len(ORDERS) + min(0.0, 1 - closest / length))


class Reward:
    """Scores samples against the training captions, the end included."""

    def __init__(
        self,
        tokens: Sequence[list[list[str]]],
        words: Vocabulary,
        bleu_weight: float = 0.0,
    ) -> None:
        self._words = words.words
        self._bleu_weight = bleu_weight
        ended = [[[*caption, "<eos>"] for caption in group] for group in tokens]
        self._cider = CiderD(ended)
        self._bleu = SentenceBleu(ended) if bleu_weight else None

    def __call__(self, rows: Tensor, tokens: Tensor, samples: int) -> Tensor:
        """Return the reward of samples [photos * samples, length]."""
        photos = rows.repeat_interleave(samples).tolist()
        return torch.tensor(
            [
                self._score(
                    photo, [self._words[index] for index in ids if index != PAD]
                )
                for photo, ids in zip(photos, tokens.tolist(), strict=True)
            ]
        )

    def _score(self, photo: int, words: list[str]) -> float:
        score = self._cider.score(photo, words)
        if self._bleu is not None:
            score += self._bleu_weight * self._bleu.score(photo, words)
        return score
