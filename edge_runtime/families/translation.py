"""Marian translators (OPUS-MT): an encoder and a decoder that go on word by word.

Two kinds of exports fit: a decoder with a key/value cache, fed by the encoder as in the
captioners' family; and one without, which reads the whole text anew for each piece.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final

import numpy as np

from ..errors import ModelBrokenError
from ..sessions.base import Array, Session
from .base import FamilyConfig
from .cached_decoder import CachedDecoder, check_graphs, empty_cache, past_name
from .decoding import Floats, SearchSettings, StepFunction, search
from .unigram import load_unigram, read_json

_INPUT_IDS: Final = "input_ids"
_MASK: Final = "attention_mask"
_STATES: Final = "encoder_hidden_states"
_STATES_MASK: Final = "encoder_attention_mask"
_LOGITS: Final = "logits"
_MAX_TOKENS: Final = 400
_GROWTH: Final = 2
_MORE: Final = 20
"""A translation may have twice the pieces of its source, and some more."""


@dataclass(frozen=True, slots=True)
class Translated:
    """Texts in the other language, in the order they were given."""

    texts: tuple[str, ...]
    seconds: dict[str, float]


class MarianTranslator:
    """Translator of the family `translation`."""

    def __init__(self, config: FamilyConfig) -> None:
        self._generate = config.generate
        opening = config.opening("encoder", "decoder")
        path = config.file("tokenizer")
        self._tokenizer = load_unigram(path, read_json(path))
        path = config.file("config")
        self._eos, self._start = _special(read_json(path), path)
        self._encoder, self._decoder = opening.opened()
        self._own: tuple[str, ...] | None = None
        if _STATES not in self._decoder.inputs:
            self._own = check_graphs(self._encoder, self._decoder)

    def translate(
        self, texts: Sequence[str], settings: Mapping[str, Any]
    ) -> Translated:
        """Return each text, a sentence or two, in the other language."""
        started = perf_counter()
        found = tuple(self._one(text, settings) for text in texts)
        return Translated(found, {"translate": perf_counter() - started})

    def _one(self, text: str, settings: Mapping[str, Any]) -> str:
        ids = [*self._tokenizer.encode(text)[:_MAX_TOKENS], self._eos]
        longest = min(_GROWTH * len(ids) + _MORE, _MAX_TOKENS)
        search_settings = SearchSettings.from_mapping(
            {**self._generate, **settings, "max_new_tokens": longest},
            bos=self._start,
            eos=self._eos,
            never=(self._start,),
        )
        step = self._steps(np.array([ids], np.int64))
        best = search(step, search_settings)[0]
        return self._tokenizer.decode(best.tokens)

    def _steps(self, ids: Array) -> StepFunction:
        size = len(self._tokenizer)
        feeds = {_INPUT_IDS: ids}
        mask = np.ones_like(ids)
        if _MASK in self._encoder.inputs:
            feeds[_MASK] = mask
        outputs = self._encoder.run(feeds, last=True)
        if self._own is None:
            return _WholeText(self._decoder, outputs[0], mask, size)
        names = (past_name(name) for name in self._encoder.outputs)
        cache = {
            name: empty_cache(self._decoder.input_shape(name)) for name in self._own
        }
        encoded = dict(zip(names, outputs, strict=True))
        return CachedDecoder(self._decoder, {**cache, **encoded}, size)


class _WholeText:
    """The step function of a decoder without a cache."""

    def __init__(
        self, session: Session, states: Array, mask: Array, vocabulary_size: int
    ) -> None:
        self._session = session
        self._states = states
        self._mask = mask
        self._size = vocabulary_size
        self._logits = session.outputs.index(_LOGITS)
        self._read: list[list[int]] = [[]]

    def __call__(self, tokens: Sequence[int], parents: Sequence[int]) -> Floats:
        self._read = [
            [*self._read[parent], token]
            for parent, token in zip(parents, tokens, strict=True)
        ]
        ids = np.array(self._read, np.int64)
        feeds = {
            _INPUT_IDS: ids,
            _STATES: np.repeat(self._states, len(ids), axis=0),
            _STATES_MASK: np.repeat(self._mask, len(ids), axis=0),
        }
        logits: Floats = self._session.run(feeds)[self._logits][:, -1]
        if logits.shape[1] != self._size:
            raise ModelBrokenError(
                f"the tokenizer has {self._size} pieces, the decoder "
                f"{logits.shape[1]}: the files don't belong together"
            )
        return logits


def _special(ids: Mapping[str, Any], path: str) -> tuple[int, int]:
    """Return the ids that end a text and begin a translation."""
    try:
        return int(ids["eos_token_id"]), int(ids["decoder_start_token_id"])
    except (KeyError, TypeError, ValueError):
        raise ModelBrokenError(
            f"{path}: must name eos_token_id and decoder_start_token_id"
        ) from None
