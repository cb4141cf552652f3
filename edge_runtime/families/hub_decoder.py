"""Decoders as the model hub has them: fed the encoder's states, two graphs in one.

`use_cache_branch` chooses the graph: the first step reads the states without a past,
and alone computes their keys and values (`present.*.encoder.*`); what later steps give
in their place is empty and must not be taken.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from ..errors import ModelBrokenError
from ..sessions.base import Array, Session
from .cached_decoder import check_size, empty_cache, past_name
from .decoding import Floats

STATES: Final = "encoder_hidden_states"
_STATES_MASK: Final = "encoder_attention_mask"
_BRANCH: Final = "use_cache_branch"
_IDS: Final = "input_ids"
_EMBEDS: Final = "inputs_embeds"
_LOGITS: Final = "logits"
_PAST: Final = "past_key_values."
_OF_STATES: Final = ".encoder."


def states_of(encoded: Mapping[str, Array]) -> Array:
    """Return what the decoder is to look at, of an encoder's outputs."""
    states = encoded.get("last_hidden_state")
    if states is None:
        raise ModelBrokenError(
            f"the encoder has no output 'last_hidden_state', only {', '.join(encoded)}"
        )
    return states


class HubDecoder:
    """A decoder's graph, and where it wants embedded words the graph that embeds."""

    def __init__(self, session: Session, embed: Session | None = None) -> None:
        self.session = session
        self.embed = embed
        self.word_input = _IDS if embed is None else _EMBEDS
        known = {self.word_input, STATES, _STATES_MASK, _BRANCH}
        past = {name for name in session.inputs if name.startswith(_PAST)}
        present = {past_name(name) for name in session.outputs} - {_LOGITS}
        wrong = set(session.inputs) - known - past
        missing = {self.word_input, STATES, _BRANCH} - set(session.inputs)
        odd = sorted(wrong | missing | (past ^ present))
        if odd or not past or _LOGITS not in session.outputs:
            raise ModelBrokenError(
                "the decoder is no merged decoder with a cache: "
                f"{', '.join(odd) or 'no cache or no logits'} "
                f"(inputs {', '.join(session.inputs)})"
            )
        self.needs_full_length = False
        """Whether this runtime refuses an empty cache of the states."""

    def empty(self, places: int) -> dict[str, Array]:
        """Return the cache before the first step."""
        cache = {}
        for name in self.session.inputs:
            if name.startswith(_PAST):
                shape = self.session.input_shape(name)
                if self.needs_full_length and _OF_STATES in name:
                    shape = (*shape[:2], places, shape[3])
                cache[name] = empty_cache(shape)
        return cache

    def words(self, tokens: Sequence[int]) -> Array:
        """Return the last token of each beam in the form that the graph reads."""
        ids = np.array(tokens, np.int64)[:, None]
        if self.embed is None:
            return ids
        return self.embed.run({self.embed.inputs[0]: ids})[0]


class HubSteps:
    """The step function of one picture."""

    def __init__(
        self, decoder: HubDecoder, states: Array, words: int, spare: int
    ) -> None:
        self._decoder = decoder
        self._states = states
        self._sizes = range(words, words + spare + 1)
        feeds = {STATES: states, _STATES_MASK: np.ones(states.shape[:2], np.int64)}
        wanted = decoder.session.inputs
        self._feeds = {name: feeds[name] for name in feeds if name in wanted}
        self._feeds |= decoder.empty(states.shape[1])
        self._feeds[_BRANCH] = np.array([False])
        self._beams = 1

    def __call__(self, tokens: Sequence[int], parents: Sequence[int]) -> Floats:
        """Return the logits after the last token of each beam."""
        self._follow(parents)
        self._feeds[self._decoder.word_input] = self._decoder.words(tokens)
        found = dict(zip(self._decoder.session.outputs, self._run(), strict=True))
        logits: Floats = found.pop(_LOGITS)[:, -1]
        later = bool(self._feeds[_BRANCH][0])
        for name, value in found.items():
            if not (later and _OF_STATES in name):
                self._feeds[past_name(name)] = value
        self._feeds[_BRANCH] = np.array([True])
        check_size(logits, self._sizes)
        return logits

    def _run(self) -> Sequence[Array]:
        decoder = self._decoder
        try:
            return decoder.session.run(self._feeds)
        except ModelBrokenError:
            if self._feeds[_BRANCH][0] or decoder.needs_full_length:
                raise
        decoder.needs_full_length = True
        self._feeds |= decoder.empty(self._states.shape[1])
        return decoder.session.run(self._feeds)

    def _follow(self, parents: Sequence[int]) -> None:
        """Give each beam the past of the one that it continues."""
        if list(parents) == list(range(self._beams)):
            return
        for name, value in self._feeds.items():
            if name.startswith(_PAST) and _OF_STATES not in name:
                self._feeds[name] = value[parents]
            elif name != _BRANCH and len(parents) != self._beams:
                self._feeds[name] = value[[0] * len(parents)]  # the same for all
        self._beams = len(parents)
