"""Decoding: batched sampling for training, beam search for one photo."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .data import BOS, EOS, PAD, UNK
from .model import CaptionDecoder

Array = np.ndarray[Any, np.dtype[Any]]
Step = Callable[[list[int], list[int] | None], Array]
"""Takes the last token and the parent row of each beam (None: first step);
returns logits [beams, words]."""

FORBIDDEN = (PAD, BOS, UNK)


@dataclass(frozen=True, slots=True)
class GenerateSettings:
    """How captions are decoded; the names are those of `generate` elsewhere."""

    num_beams: int = 3
    max_new_tokens: int = 20
    length_penalty: float = 1.0
    no_repeat_ngram_size: int = 3


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One caption so far, with its summed log-probability."""

    tokens: tuple[int, ...]
    score: float


@torch.no_grad()
def sample(
    decoder: CaptionDecoder,
    features: Tensor,
    *,
    copies: int,
    greedy: bool,
    max_new_tokens: int = 20,
) -> Tensor:
    """Return token ids [photos * copies, length], padded after `<eos>`."""
    memory = decoder.photo_memory(features)
    rows = features.shape[0] * copies
    past = decoder.empty_past(rows)
    tokens = torch.full((rows, 1), BOS)
    finished = torch.zeros(rows, dtype=torch.bool)
    output: list[Tensor] = []
    for _ in range(max_new_tokens):
        logits, past = decoder(tokens, memory, past)
        scores = logits[:, -1].float()
        scores[:, list(FORBIDDEN)] = -torch.inf
        if greedy:
            chosen = scores.argmax(1)
        else:
            chosen = torch.multinomial(scores.softmax(1), 1).squeeze(1)
        chosen = chosen.masked_fill(finished, PAD)
        output.append(chosen)
        finished |= chosen == EOS
        if bool(finished.all()):
            break
        tokens = chosen.unsqueeze(1)
    return torch.stack(output, dim=1)


def _log_softmax(logits: Array) -> Array:
    shifted = logits - logits.max(axis=1, keepdims=True)
    normalized: Array = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return normalized


def _repeating(tokens: tuple[int, ...], size: int) -> Iterator[int]:
    """Yield the tokens that would repeat an n-gram of `size` tokens."""
    if size < 1:
        return
    tail = tokens[len(tokens) - size + 1 :]
    for start in range(len(tokens) - size + 1):
        if tokens[start : start + size - 1] == tail:
            yield tokens[start + size - 1]


def _expand(
    beams: list[Hypothesis], logits: Array, settings: GenerateSettings
) -> list[tuple[Hypothesis, int]]:
    """Return the best continuations of all beams with their parent's row."""
    scores = _log_softmax(logits.astype(np.float64))
    scores[:, list(FORBIDDEN)] = -np.inf
    for row, beam in enumerate(beams):
        for token in _repeating(beam.tokens, settings.no_repeat_ngram_size):
            scores[row, token] = -np.inf
    scores += np.array([[beam.score] for beam in beams])
    words = scores.shape[1]
    # Twice the beams: at most half of them can end here
    best = np.argsort(-scores, axis=None, kind="stable")[: 2 * settings.num_beams]
    return [
        (
            Hypothesis(
                (*beams[index // words].tokens, int(index % words)),
                float(scores.flat[index]),
            ),
            int(index // words),
        )
        for index in best
        if np.isfinite(scores.flat[index])
    ]


def beam_search(step: Step, settings: GenerateSettings) -> list[int]:
    """Return the best caption of one photo, `<eos>` left out.

    A finished caption's score is its summed log-probability, that of `<eos>`
    included, divided by (its length with `<eos>`) ** length_penalty. The search ends
    when no running beam, ended here, would beat the worst of `num_beams` captions.
    """
    beams = [Hypothesis((), 0.0)]
    parents: list[int] | None = None
    finished: list[tuple[float, tuple[int, ...]]] = []
    scale = 1.0
    for length in range(1, settings.max_new_tokens + 1):
        scale = float(length**settings.length_penalty)
        last = [beam.tokens[-1] if beam.tokens else BOS for beam in beams]
        alive: list[tuple[Hypothesis, int]] = []
        for rank, item in enumerate(_expand(beams, step(last, parents), settings)):
            if item[0].tokens[-1] != EOS:
                alive.append(item)
            elif rank < settings.num_beams:
                finished.append((item[0].score / scale, item[0].tokens[:-1]))
        finished = sorted(finished, reverse=True)[: settings.num_beams]
        if not alive:
            break
        full = len(finished) == settings.num_beams
        if full and finished[-1][0] >= alive[0][0].score / scale:
            break
        beams = [beam for beam, _ in alive[: settings.num_beams]]
        parents = [row for _, row in alive[: settings.num_beams]]
    else:
        finished.extend((beam.score / scale, beam.tokens) for beam in beams)
    return list(max(finished)[1]) if finished else []
