"""How llama.cpp picks the next token, and how likely the model found it."""

from types import TracebackType
from typing import Any, Final, Self

import llama_cpp

from ..errors import ModelUnusableError
from .base import Sampling, np
from .llama_rules import rules_of

_LATEST: Final = -1
_ALL: Final = -1
_KEEP: Final = 1


class Sampler:
    """The chain of samplers of one answer."""

    def __init__(self, llama: Any, vocabulary: Any, sampling: Sampling) -> None:
        self._llama = llama
        self._size = llama.n_vocab()
        parts = _parts(vocabulary, sampling)
        self._chain = llama_cpp.llama_sampler_chain_init(
            llama_cpp.llama_sampler_chain_default_params()
        )
        for part in parts:
            llama_cpp.llama_sampler_chain_add(self._chain, part)

    def __enter__(self) -> Self:
        """Return the sampler."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Free the chain and what is in it."""
        llama_cpp.llama_sampler_free(self._chain)

    def next(self) -> tuple[int, float]:
        """Return the next token and its natural log-probability."""
        context = self._llama.ctx
        pointer = llama_cpp.llama_get_logits_ith(context, _LATEST)
        logits = np.ctypeslib.as_array(pointer, (self._size,)).astype(np.float64)
        token: int = llama_cpp.llama_sampler_sample(self._chain, context, _LATEST)
        top = logits.max()
        logprob = logits[token] - top - np.log(np.exp(logits - top).sum())
        return token, float(logprob)


def _parts(vocabulary: Any, sampling: Sampling) -> list[Any]:
    """Return the samplers in their order; the likeliest token where it is cold."""
    parts: list[Any] = []
    if (rules := rules_of(sampling)) is not None:
        grammar = llama_cpp.llama_sampler_init_grammar(
            vocabulary, rules.encode(), b"root"
        )
        if not grammar:
            raise ModelUnusableError("the rules of the answer can't be used")
        parts.append(grammar)
    if sampling.repetition_penalty != 1.0:
        size = llama_cpp.llama_vocab_n_tokens(vocabulary)
        parts.append(
            llama_cpp.llama_sampler_init_penalties(
                size, _ALL, sampling.repetition_penalty, 0.0, 0.0
            )
        )
    if sampling.temperature <= 0:
        return [*parts, llama_cpp.llama_sampler_init_greedy()]
    return [
        *parts,
        llama_cpp.llama_sampler_init_top_k(sampling.top_k),
        llama_cpp.llama_sampler_init_top_p(sampling.top_p, _KEEP),
        llama_cpp.llama_sampler_init_min_p(sampling.min_p, _KEEP),
        llama_cpp.llama_sampler_init_temp(sampling.temperature),
        llama_cpp.llama_sampler_init_dist(sampling.seed),
    ]
