"""Greedy and beam search over any step function; the same rules as `generate()`.

Scores are summed log-probabilities over (generated tokens, the end token included)
to the power of the length penalty, as in Hugging Face transformers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
StepFunction = Callable[[Sequence[int], Sequence[int]], Floats]
"""(last token of each beam, index of the beam it continues) -> logits [beams, ids]."""


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """Settings of the decode loop, by their names in `generate()`."""

    bos: int
    eos: int
    max_new_tokens: int = 20
    min_new_tokens: int = 0
    num_beams: int = 1
    length_penalty: float = 1.0
    no_repeat_ngram_size: int = 0
    repetition_penalty: float = 1.0
    forced_bos_token_id: int | None = None
    """The id that every sequence begins with, after `bos`."""
    never: tuple[int, ...] = ()
    """Ids that must not be generated."""

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any], **fixed: Any) -> "SearchSettings":
        """Return settings from a manifest's `generate` mapping."""
        names = set(cls.__dataclass_fields__) - set(fixed)
        return cls(**{k: v for k, v in values.items() if k in names}, **fixed)


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One finished sequence, without begin and end tokens."""

    tokens: tuple[int, ...]
    logprobs: tuple[float, ...]
    """Natural log-probability of each generated token, the end token included."""
    score: float


@dataclass(slots=True)
class _Beam:
    tokens: tuple[int, ...]
    logprobs: tuple[float, ...]
    total: float


@dataclass(slots=True)
class _Finished:
    """The best `limit` hypotheses found so far."""

    limit: int
    length_penalty: float
    hypotheses: list[Hypothesis] = field(default_factory=list)

    def add(self, beam: _Beam, length: int) -> None:
        score = beam.total / length**self.length_penalty
        self.hypotheses.append(Hypothesis(beam.tokens, beam.logprobs, score))
        self.hypotheses.sort(key=lambda hypothesis: -hypothesis.score)
        del self.hypotheses[self.limit :]

    def can_stop(self, best_running: float, length: int) -> bool:
        """Return whether no running beam can still win."""
        if len(self.hypotheses) < self.limit:
            return False
        best_possible = best_running / length**self.length_penalty
        return bool(self.hypotheses[-1].score >= best_possible)


def search(step: StepFunction, settings: SearchSettings) -> tuple[Hypothesis, ...]:
    """Return up to `num_beams` finished sequences, best first."""
    finished = _Finished(settings.num_beams, settings.length_penalty)
    beams = continued = [_Beam((), (), 0.0)]
    parents = [0]
    for length in range(1, settings.max_new_tokens + 1):
        last = [beam.tokens[-1] if beam.tokens else settings.bos for beam in beams]
        totals = _score(step(last, parents), beams, settings)
        continued, parents = _advance(totals, beams, finished, settings)
        if not continued:  # everything that could follow is forbidden
            break
        beams = continued
        if finished.can_stop(beams[0].total, length):
            return tuple(finished.hypotheses)
    if continued or not finished.hypotheses:
        for beam in beams:
            finished.add(beam, max(len(beam.tokens), 1))
    return tuple(finished.hypotheses)


def _advance(
    totals: Floats, beams: list[_Beam], finished: _Finished, settings: SearchSettings
) -> tuple[list[_Beam], list[int]]:
    """Return the best continuations and the beam each one continues."""
    running: list[_Beam] = []
    parents: list[int] = []
    for rank, (total, index) in enumerate(_best(totals, 2 * settings.num_beams)):
        parent, token = divmod(index, totals.shape[1])
        old = beams[parent]
        logprobs = (*old.logprobs, total - old.total)
        if token == settings.eos:
            if rank < settings.num_beams:
                finished.add(_Beam(old.tokens, logprobs, total), len(logprobs))
        elif len(running) < settings.num_beams:
            running.append(_Beam((*old.tokens, token), logprobs, total))
            parents.append(parent)
    return running, parents


def _best(totals: Floats, count: int) -> list[tuple[float, int]]:
    """Return the highest finite totals and their flat indices, best first."""
    flat = totals.ravel()
    count = min(count, flat.size)
    top = np.argpartition(flat, flat.size - count)[flat.size - count :]
    values = flat[top]
    order = np.lexsort((top, -values))
    pairs = zip(values[order].tolist(), top[order].tolist(), strict=True)
    return [(value, index) for value, index in pairs if value > -np.inf]


def _score(logits: Floats, beams: list[_Beam], settings: SearchSettings) -> Floats:
    """Return each continuation's summed log-probability; forbidden ones: -infinity."""
    if settings.forced_bos_token_id is not None and not beams[0].tokens:
        forced = np.full_like(logits, -np.inf)
        forced[:, settings.forced_bos_token_id] = 0.0
        return forced
    if settings.repetition_penalty != 1.0:
        logits = _penalized(logits, beams, settings)
    peak = logits.max(axis=1, keepdims=True)
    shifted = logits - peak
    normalizer = np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    totals: Floats = shifted
    totals += np.array([[beam.total] for beam in beams], np.float32) - normalizer
    if settings.never:
        totals[:, settings.never] = -np.inf
    for row, beam in zip(totals, beams, strict=True):
        if len(beam.tokens) < settings.min_new_tokens:
            row[settings.eos] = -np.inf
        for token in _repeats(beam.tokens, settings):
            row[token] = -np.inf
    return totals


def _penalized(logits: Floats, beams: list[_Beam], settings: SearchSettings) -> Floats:
    """Return logits with those of tokens that were used before pushed down."""
    logits = logits.copy()
    factor = settings.repetition_penalty
    for row, beam in zip(logits, beams, strict=True):
        seen = [settings.bos, *beam.tokens]
        values = row[seen]
        row[seen] = np.where(values < 0, values * factor, values / factor)
    return logits


def _repeats(tokens: tuple[int, ...], settings: SearchSettings) -> list[int]:
    """Return the tokens that would repeat an n-gram; the begin token counts too."""
    size = settings.no_repeat_ngram_size
    if size < 1 or len(tokens) + 1 < size:
        return []
    sequence = (settings.bos, *tokens)
    start = sequence[len(sequence) - size + 1 :]
    return [
        sequence[i + size - 1]
        for i in range(len(sequence) - size + 1)
        if sequence[i : i + size - 1] == start
    ]
