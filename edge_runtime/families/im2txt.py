"""im2txt: a CNN, and an LSTM whose whole greedy loop is inside its graph."""

from collections.abc import Mapping
from time import perf_counter
from typing import Any, Final

from PIL import Image

from ..errors import ModelBrokenError
from ..imaging import to_pixel_values
from ..schemas import VisualCaption
from ..sessions.base import Session
from .base import Captions, FamilyConfig
from .pickled_words import read_words

_START: Final = "<start>"
_END: Final = "<end>"
_SILENT: Final = frozenset((_START, "<pad>", "<unk>"))


class Im2txtCaptioner:
    """Captioner of the family `im2txt`, in the form that LibrePhotos has it."""

    def __init__(self, config: FamilyConfig) -> None:
        self._preprocess = config.preprocess
        self.target_size = max(config.preprocess["size"])
        opening = config.opening("encoder", "decoder")
        self._path = config.file("vocabulary")
        self._words = read_words(self._path)
        if _END not in self._words:
            raise ModelBrokenError(f"{self._path}: lacks {_END}")
        self._encoder, self._decoder = opening.opened()
        self._image = _only("encoder", self._encoder.inputs)
        self._embedding = _only("decoder", self._decoder.inputs)
        _only("encoder", self._encoder.outputs)
        self._ids = _position(self._decoder)

    def caption(self, image: Image.Image, generate: Mapping[str, Any]) -> Captions:
        """Return the caption of an RGB picture; the graph has no settings."""
        del generate
        started = perf_counter()
        pixel_values = to_pixel_values(image, self._preprocess)
        prepared = perf_counter()
        (embedding,) = self._encoder.run({self._image: pixel_values}, last=True)
        ready = perf_counter()
        outputs = self._decoder.run({self._embedding: embedding}, last=True)
        text = self._text(outputs[self._ids].ravel().tolist())
        seconds = {
            "preprocess": prepared - started,
            "encode": ready - prepared,
            "generate": perf_counter() - ready,
        }
        # the graph tells no probabilities: the scorer alone judges the caption
        return Captions((VisualCaption(text, (), 0.0),), seconds)

    def _text(self, ids: list[int]) -> str:
        if any(not 0 <= index < len(self._words) for index in ids):
            raise ModelBrokenError(
                f"{self._path}: has {len(self._words)} words, the decoder says number "
                f"{max(ids)}: the files don't belong together"
            )
        words = [self._words[index] for index in ids]
        if _END in words:
            words = words[: words.index(_END)]
        text = " ".join(word for word in words if word not in _SILENT)
        return text.removesuffix(".").rstrip()


def _only(graph: str, names: tuple[str, ...]) -> str:
    if len(names) != 1:
        raise ModelBrokenError(
            f"the {graph} of im2txt must have one input and one output to go on with, "
            f"not {', '.join(names)}"
        )
    return names[0]


def _position(decoder: Session) -> int:
    """Return which output holds the caption's ids."""
    if "caption" in decoder.outputs:
        return decoder.outputs.index("caption")
    _only("decoder", decoder.outputs)
    return 0
