"""Decoders with a key/value cache that are fed what the encoder made of its input.

Every output `present.X` of encoder and decoder goes to the input `past_key_values.X`.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from ..errors import ModelBrokenError
from ..sessions.base import Array, Session
from .decoding import Floats

FEATURES: Final = "image_features"
_PRESENT: Final = "present."
_PAST: Final = "past_key_values."
_INPUT_IDS: Final = "input_ids"
_LOGITS: Final = "logits"


class CachedDecoder:
    """The step function of one picture: keeps the cache between steps."""

    def __init__(
        self,
        session: Session,
        feeds: dict[str, Array],
        vocabulary_size: int,
        spare: int = 0,
    ) -> None:
        self._session = session
        self._feeds = feeds
        self._sizes = range(vocabulary_size, vocabulary_size + spare + 1)
        self._cached = [
            (past_name(name), index)
            for index, name in enumerate(session.outputs)
            if name != _LOGITS
        ]
        self._logits = session.outputs.index(_LOGITS)
        self._beams = 1

    def __call__(self, tokens: Sequence[int], parents: Sequence[int]) -> Floats:
        """Return the logits after the last token of each beam."""
        if list(parents) != list(range(self._beams)):
            for name, _ in self._cached:
                self._feeds[name] = self._feeds[name][parents]
        self._beams = len(tokens)
        self._feeds[_INPUT_IDS] = np.array(tokens, np.int64)[:, None]
        outputs = self._session.run(self._feeds)
        for name, index in self._cached:
            self._feeds[name] = outputs[index]
        logits: Floats = outputs[self._logits][:, -1]
        check_size(logits, self._sizes)
        return logits


def check_size(logits: Floats, sizes: range) -> None:
    """Fail if a decoder knows fewer tokens than its vocabulary, or many more."""
    if logits.shape[1] not in sizes:
        raise ModelBrokenError(
            f"the vocabulary has {sizes.start} tokens, "
            f"the decoder {logits.shape[1]}: the files don't belong together"
        )


def past_name(name: str) -> str:
    """Return the input that an output feeds."""
    return _PAST + name.removeprefix(_PRESENT) if name.startswith(_PRESENT) else name


def empty_cache(shape: Sequence[int | None]) -> Array:
    """Return a cache of one beam and no token; [beam, heads, past, head_dim]."""
    return np.zeros((1, *(size or 0 for size in shape[1:])), np.float32)


def check_graphs(photo: Session, decoder: Session) -> tuple[str, ...]:
    """Return the names of the decoder's own cache; fail if the graphs don't match.

    `photo` is the graph whose outputs the decoder is fed: encoder or connector. What
    both it and the decoder give out is a state that the photo begins.
    """
    encoded = {past_name(name) for name in photo.outputs} - {FEATURES}
    cached = {past_name(name) for name in decoder.outputs if name != _LOGITS}
    wanted = set(decoder.inputs) - {_INPUT_IDS}
    if encoded | cached != wanted or _LOGITS not in decoder.outputs:
        odd = ", ".join(sorted((encoded | cached) ^ wanted)) or f"no output '{_LOGITS}'"
        raise ModelBrokenError(f"encoder and decoder don't belong together: {odd}")
    return tuple(name for name in decoder.inputs if name in cached)
