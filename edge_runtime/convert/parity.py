"""Does a converted model say what PyTorch says? Token for token, and how surely."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from ..families.cached_decoder import (
    CachedDecoder,
    check_graphs,
    empty_cache,
    past_name,
)
from ..families.decoding import SearchSettings, search
from ..sessions.base import Session
from ..sessions.onnx import OnnxSession
from .model import Array, Checkpoint, Reference

LIMIT: Final = 24


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a conversion has to reach."""

    tokens: float
    captions: float
    logprob: float


EXACT: Final = Bounds(tokens=0.995, captions=0.95, logprob=-0.01)
INT8: Final = Bounds(tokens=0.9, captions=0.0, logprob=-0.15)
"""int8 may choose other words where two are as good; it must not be less sure."""


@dataclass(frozen=True, slots=True)
class Parity:
    """How far a converted model agrees with PyTorch."""

    samples: int
    token_agreement: float
    """Share of places at which its likeliest token is PyTorch's, after the same."""
    caption_agreement: float
    """Share of inputs to which it says the very same."""
    logprob_change: float
    """What it gives PyTorch's tokens more or less, as the mean logarithm of
    probability a token."""

    def holds(self, bounds: Bounds) -> bool:
        """Return whether the agreement is enough."""
        return (
            self.token_agreement >= bounds.tokens
            and self.caption_agreement >= bounds.captions
            and self.logprob_change >= bounds.logprob
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the form of reports."""
        return {key: round(value, 4) for key, value in asdict(self).items()}


class Converted:
    """The two graphs of a folder, as the runtime's families run them."""

    def __init__(self, encoder: Path, decoder: Path, checkpoint: Checkpoint) -> None:
        self._encoder, self._decoder = _open(encoder), _open(decoder)
        self._own = check_graphs(self._encoder, self._decoder)
        self._checkpoint = checkpoint

    def steps(self, inputs: Array) -> CachedDecoder:
        """Return the step function of one input."""
        outputs = self._encoder.run({self._encoder.inputs[0]: inputs})
        feeds = dict(zip(map(past_name, self._encoder.outputs), outputs, strict=True))
        for name in self._own:
            feeds[name] = empty_cache(self._decoder.input_shape(name))
        return CachedDecoder(self._decoder, feeds, self._checkpoint.words)

    def greedy(self, inputs: Array, limit: int = LIMIT) -> tuple[int, ...]:
        """Return what the model says by itself, without the end."""
        settings = SearchSettings(
            self._checkpoint.begin,
            self._checkpoint.end,
            max_new_tokens=limit,
            never=self._checkpoint.never,
        )
        return search(self.steps(inputs), settings)[0].tokens

    def follow(self, inputs: Array, said: Reference) -> tuple[int, float]:
        """Return how many of PyTorch's tokens it would choose, after the same ones.

        And what it gives them all, as a sum of logarithms of probability.
        """
        step, previous = self.steps(inputs), self._checkpoint.begin
        right, total = 0, 0.0
        for token in said.tokens:
            logits = step([previous], [0])[0].astype(np.float64)
            peak = logits.max()
            total += float(logits[token] - peak - np.log(np.exp(logits - peak).sum()))
            allowed = logits.copy()
            allowed[list(self._checkpoint.never)] = -np.inf
            right += int(allowed.argmax()) == token
            previous = token
        return right, total


def _open(path: Path) -> Session:
    session: Any = OnnxSession(str(path), threads=2, options={})
    return session  # type: ignore[no-any-return]


def compare(
    converted: Converted,
    inputs: Sequence[Array],
    said: Sequence[Reference],
    end: int,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Parity:
    """Return how far a converted model agrees with what PyTorch said."""
    right = same = count = 0
    change = 0.0
    for index, (given, reference) in enumerate(zip(inputs, said, strict=True)):
        chosen, total = converted.follow(given, reference)
        right += chosen
        count += len(reference.tokens)
        change += total - sum(reference.logprobs)
        plain = tuple(token for token in reference.tokens if token != end)
        same += converted.greedy(given) == plain
        progress(index + 1, len(inputs))
    return Parity(len(inputs), right / count, same / len(inputs), change / count)
