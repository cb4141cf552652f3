"""How the next token is picked where no library does it; llama.cpp's order of steps."""

from collections.abc import Callable
from itertools import islice
from typing import Final

import numpy as np
import numpy.typing as npt

from ..errors import ModelUnusableError
from ..sessions.base import Sampling

_NEAR: Final = 40
"""How many of the likeliest tokens are tried where not all may follow."""


class TokenChoice:
    """The choices of one answer: what was said before counts for the penalty."""

    def __init__(self, sampling: Sampling) -> None:
        self._sampling = sampling
        self._said: dict[int, None] = {}
        self._random = np.random.default_rng(sampling.seed)

    def next(
        self,
        logits: npt.NDArray[np.float32],
        may_follow: Callable[[int], bool] | None = None,
    ) -> tuple[int, float]:
        """Return the next token and how likely the model found it (natural log)."""
        scores = logits.astype(np.float64)
        top = scores.max()
        total = top + np.log(np.exp(scores - top).sum())
        token = self._pick(self._penalized(scores.copy()), may_follow)
        self._said[token] = None
        return token, float(scores[token] - total)

    def _penalized(self, scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        factor, said = self._sampling.repetition_penalty, list(self._said)
        if factor != 1.0 and said:
            old = scores[said]
            scores[said] = np.where(old < 0, old * factor, old / factor)
        return scores

    def _pick(
        self,
        scores: npt.NDArray[np.float64],
        may_follow: Callable[[int], bool] | None,
    ) -> int:
        rules = self._sampling
        if rules.temperature <= 0 and may_follow is None:
            return int(scores.argmax())
        order = np.argsort(-scores, kind="stable")
        if may_follow is not None:
            order = _allowed(order, may_follow)
        if rules.temperature <= 0:
            return int(order[0])
        if rules.top_k > 0:
            order = order[: rules.top_k]
        chances = _softmax(scores[order])
        if rules.top_p < 1:
            enough = int(np.searchsorted(chances.cumsum(), rules.top_p)) + 1
            order = order[:enough]
            chances = _softmax(scores[order])
        order = order[chances >= rules.min_p * chances[0]]
        drawn = _softmax(scores[order] / rules.temperature)
        return int(self._random.choice(order, p=drawn))


def _allowed(
    order: npt.NDArray[np.int64], may_follow: Callable[[int], bool]
) -> npt.NDArray[np.int64]:
    """Return which of the likeliest tokens may follow, else the first that may."""
    near = [token for token in order[:_NEAR].tolist() if may_follow(token)]
    rest = (token for token in order[_NEAR:].tolist() if may_follow(token))
    found = near or list(islice(rest, 1))
    if not found:
        raise ModelUnusableError("no word of the model goes on with the answer's form")
    return np.array(found)


def _softmax(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    powers = np.exp(scores - scores.max())
    found: npt.NDArray[np.float64] = powers / powers.sum()
    return found
