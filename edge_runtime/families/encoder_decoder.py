"""Image encoder plus text decoder with a key/value cache (CNN or ViT, any decoder).

The encoder runs once per picture. Every encoder output `present.X` is fed to the
decoder's input `past_key_values.X`; so is every decoder output, for the next step.
An encoder output `image_features` is handed on for a scorer that shares the encoder.
Where the files have a `connector`, it makes what the decoder is fed of those features
(an LSTM's first state), and the encoder's own `present.X` are not used.
"""

from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any, Final

import numpy as np
from PIL import Image

from ..errors import ModelBrokenError
from ..imaging import to_pixel_values
from ..schemas import VisualCaption
from ..sessions.base import Array, Session
from .base import Captions, FamilyConfig
from .decoding import Floats, SearchSettings, search
from .vocabulary import Vocabulary

_PRESENT: Final = "present."
_PAST: Final = "past_key_values."
_INPUT_IDS: Final = "input_ids"
_LOGITS: Final = "logits"
_FEATURES: Final = "image_features"


class EncoderDecoderCaptioner:
    """Captioner of the family `encoder_decoder`."""

    def __init__(self, config: FamilyConfig) -> None:
        self._preprocess = config.preprocess
        self._generate = config.generate
        self.target_size = max(config.preprocess["size"])
        self._vocabulary = Vocabulary.load(config.file("vocabulary"))
        self._encoder = config.open_session(config.file("encoder"))
        self._connector = None
        if "connector" in config.files:
            self._connector = config.open_session(config.file("connector"))
        self._decoder = config.open_session(config.file("decoder"))
        self._cache = check_graphs(self._connector or self._encoder, self._decoder)

    def caption(self, image: Image.Image, generate: Mapping[str, Any]) -> Captions:
        """Return captions of an RGB picture, best beam first."""
        started = perf_counter()
        pixel_values = to_pixel_values(image, self._preprocess)
        prepared = perf_counter()
        encoded, features = self._encode(pixel_values)
        ready = perf_counter()
        settings = SearchSettings.from_mapping(
            {**self._generate, **generate},
            bos=self._vocabulary.bos,
            eos=self._vocabulary.eos,
            never=self._vocabulary.never,
        )
        cache = {
            name: empty_cache(self._decoder.input_shape(name)) for name in self._cache
        }
        step = CachedDecoder(self._decoder, {**cache, **encoded}, len(self._vocabulary))
        found = search(step, settings)
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

    def image_features(self, image: Image.Image) -> Array:
        """Return what the encoder sees in an RGB picture, for a scorer; [1, n, c]."""
        _, features = self._encode(to_pixel_values(image, self._preprocess))
        if features is None:
            raise ModelBrokenError(f"the encoder has no output '{_FEATURES}' to share")
        return features

    def _encode(self, pixel_values: Array) -> tuple[dict[str, Array], Array | None]:
        """Return what the decoder is fed, and the features for a scorer."""
        outputs = self._encoder.run({self._encoder.inputs[0]: pixel_values}, last=True)
        names = (past_name(name) for name in self._encoder.outputs)
        encoded = dict(zip(names, outputs, strict=True))
        features = encoded.pop(_FEATURES, None)
        if self._connector is None:
            return encoded, features
        if features is None:
            raise ModelBrokenError(
                f"the encoder has no output '{_FEATURES}' to connect"
            )
        outputs = self._connector.run({_FEATURES: features}, last=True)
        names = (past_name(name) for name in self._connector.outputs)
        return dict(zip(names, outputs, strict=True)), features


class CachedDecoder:
    """The step function of one picture: keeps the cache between steps."""

    def __init__(
        self, session: Session, feeds: dict[str, Array], vocabulary_size: int
    ) -> None:
        self._session = session
        self._feeds = feeds
        self._vocabulary_size = vocabulary_size
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
        if logits.shape[1] != self._vocabulary_size:
            raise ModelBrokenError(
                f"the vocabulary has {self._vocabulary_size} tokens, "
                f"the decoder {logits.shape[1]}: the files don't belong together"
            )
        return logits


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
    encoded = {past_name(name) for name in photo.outputs} - {_FEATURES}
    cached = {past_name(name) for name in decoder.outputs if name != _LOGITS}
    wanted = set(decoder.inputs) - {_INPUT_IDS}
    if encoded | cached != wanted or _LOGITS not in decoder.outputs:
        odd = ", ".join(sorted((encoded | cached) ^ wanted)) or f"no output '{_LOGITS}'"
        raise ModelBrokenError(f"encoder and decoder don't belong together: {odd}")
    return tuple(name for name in decoder.inputs if name in cached)
