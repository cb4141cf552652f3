"""Image encoder plus text decoder with a key/value cache (CNN or ViT, any decoder).

The encoder runs once per look at the picture; where the manifest lists several looks,
the decoder reads the regions of all of them side by side.
Every encoder output `present.X` is fed to the decoder's input `past_key_values.X`; so
is every decoder output, for the next step. An encoder output `image_features`, of the
first look, is handed on for a scorer that shares the encoder.
Where the files have a `connector`, it makes what the decoder is fed of those features
(an LSTM's first state), and the encoder's own `present.X` are not used.
A decoder that is fed `encoder_hidden_states` is the model hub's: see `hub_decoder`.
"""

from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any

import numpy as np
from PIL import Image

from ..errors import ModelBrokenError
from ..imaging import each_look, smallest_side, to_pixel_values
from ..schemas import VisualCaption
from ..sessions.base import Array
from .base import Captions, FamilyConfig
from .cached_decoder import (
    FEATURES,
    CachedDecoder,
    check_graphs,
    empty_cache,
    past_name,
)
from .decoding import SearchSettings, StepFunction, search
from .hub_decoder import STATES, HubDecoder, HubSteps, states_of
from .vocabulary import load_words


class EncoderDecoderCaptioner:
    """Captioner of the family `encoder_decoder`."""

    def __init__(self, config: FamilyConfig) -> None:
        self._preprocess = config.preprocess
        self._generate = config.generate
        self.target_size = smallest_side(config.preprocess)
        between = [role for role in ("connector",) if role in config.files]
        opening = config.opening("encoder", *between, "decoder")
        self._vocabulary = load_words(config)
        self._encoder, *connectors, self._decoder = opening.opened()
        self._connector = connectors[0] if connectors else None
        self._hub = None
        self._cache: tuple[str, ...] = ()
        if STATES in self._decoder.inputs:
            self._hub = HubDecoder(self._decoder)
        else:
            self._cache = check_graphs(self._connector or self._encoder, self._decoder)
        if len(config.preprocess.get("looks", ())) > 1:
            self._check_looks()

    def _check_looks(self) -> None:
        """Fail if the decoder can't read the regions of several looks."""
        shapes = [
            self._decoder.input_shape(name)
            for name in map(past_name, self._encoder.outputs)
            if name in self._decoder.inputs
        ]
        fed = self._hub is None and self._connector is None
        if not fed or any(shape[2] is not None for shape in shapes):
            raise ModelBrokenError(
                "preprocess.looks: several looks need a decoder that is fed any "
                "number of the encoder's regions; name one look, or none"
            )

    def caption(self, image: Image.Image, generate: Mapping[str, Any]) -> Captions:
        """Return captions of an RGB picture, best beam first."""
        started = perf_counter()
        looks = list(each_look(image, self._preprocess))
        prepared = perf_counter()
        encoded, features = self._encode(looks)
        ready = perf_counter()
        settings = SearchSettings.from_mapping(
            {**self._generate, **generate},
            bos=self._vocabulary.bos,
            eos=self._vocabulary.eos,
            never=self._vocabulary.never,
        )
        found = search(self._steps(encoded), settings)
        captions = tuple(
            VisualCaption(self._vocabulary.decode(h.tokens), h.logprobs, h.score)
            for h in found
        )
        seconds = {
            "preprocess": prepared - started,
            "encode": ready - prepared,
            "generate": perf_counter() - ready,
        }
        return Captions(captions, seconds, features)

    def _steps(self, encoded: dict[str, Array]) -> StepFunction:
        words, spare = len(self._vocabulary), self._vocabulary.spare
        if self._hub is not None:
            return HubSteps(self._hub, states_of(encoded), words, spare)
        cache = {
            name: empty_cache(self._decoder.input_shape(name)) for name in self._cache
        }
        return CachedDecoder(self._decoder, {**cache, **encoded}, words, spare)

    def image_features(self, image: Image.Image) -> Array:
        """Return what the encoder shares of an RGB picture, for a scorer."""
        _, features = self._encode([to_pixel_values(image, self._preprocess)])
        if features is None:
            raise ModelBrokenError(f"the encoder has no output '{FEATURES}' to share")
        return features

    def _encode(self, looks: Sequence[Array]) -> tuple[dict[str, Array], Array | None]:
        """Return what the decoder is fed, and the features for a scorer."""
        *before, last = looks
        seen = [self._see(look, last=False) for look in before]
        seen.append(self._see(last, last=True))
        features, *_ = [look.pop(FEATURES, None) for look in seen]
        if self._connector is None:
            return side_by_side(seen), features
        if features is None:
            raise ModelBrokenError(f"the encoder has no output '{FEATURES}' to connect")
        outputs = self._connector.run({FEATURES: features}, last=True)
        names = (past_name(name) for name in self._connector.outputs)
        return dict(zip(names, outputs, strict=True)), features

    def _see(self, pixel_values: Array, *, last: bool) -> dict[str, Array]:
        outputs = self._encoder.run({self._encoder.inputs[0]: pixel_values}, last=last)
        names = (past_name(name) for name in self._encoder.outputs)
        return dict(zip(names, outputs, strict=True))


def side_by_side(seen: list[dict[str, Array]]) -> dict[str, Array]:
    """Return keys and values [1, heads, looks * regions, size] of all looks."""
    first, *others = seen
    if not others:
        return first
    return {
        name: np.concatenate([look[name] for look in seen], axis=2) for name in first
    }
