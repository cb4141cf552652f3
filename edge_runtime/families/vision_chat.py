"""A vision-language model: looks at one picture and answers a prompt about it.

A GGUF pair runs on llama.cpp (`weights`, `mmproj`), the hub's three graphs on
onnxruntime (`vision_encoder`, `embed_tokens`, `decoder`).
"""

from collections.abc import Iterator, Mapping
import re
from time import perf_counter
from typing import Any, Final, Protocol, cast

from PIL import Image

from ..errors import ModelUnusableError
from ..schemas import VisualCaption
from ..sessions.base import PictureLimits, PictureSession, np
from .base import Captions, FamilyConfig
from .text_chat import Limits, collect
from .vision_graphs import GraphPictures

_PROMPT: Final = "Describe this photo in one short sentence."
_MAX_EDGE: Final = 512
_PROJECTOR: Final = "mmproj"
_SENTENCE_END: Final = re.compile(r"[.!?\N{IDEOGRAPHIC FULL STOP}](?=\s|$)")


class _SeeingSession(Protocol):
    def with_pictures(self, path: str, limits: PictureLimits) -> PictureSession: ...


class VisionChat:
    """Captioner of the family `vision_chat`; asked a question, it answers that."""

    def __init__(self, config: FamilyConfig) -> None:
        self._defaults = dict(config.generate)
        edge = config.preprocess.get("max_image_edge_px")
        self.target_size = int(edge or _MAX_EDGE)
        self._longest = self.target_size if edge or _PROJECTOR in config.files else None
        limits = PictureLimits(
            min_tokens=config.preprocess.get("image_min_tokens"),
            max_tokens=config.preprocess.get("image_max_tokens"),
            tiles=int(config.preprocess.get("image_tiles", 1)),
        )
        self._session = _open(config, limits)

    def caption(self, image: Image.Image, generate: Mapping[str, Any]) -> Captions:
        """Return what the model says of an RGB picture; `generate` may hold a prompt.

        With a `json_schema` or a `grammar` the text follows that.
        """
        started = perf_counter()
        settings = {**self._defaults, **generate}
        limits = Limits.from_mapping(settings)
        is_free = not (limits.sampling.json_schema or limits.sampling.grammar)
        if limits.sampling.grammar and not self._session.reads_grammars:
            raise ModelUnusableError(
                "this model runs without llama.cpp, which alone can hold an answer to "
                "a grammar: give a JSON schema, or ask a GGUF model"
            )
        prompt = str(settings.get("prompt") or _PROMPT)
        pixels = np.asarray(_shrunk(image, self._longest))
        prepared = perf_counter()
        seen = self._session.see(
            pixels, [("user", prompt)], limits.opening, limits.max_new_tokens
        )
        logprobs: list[float] = []
        pieces = _noting(self._session.answer(limits.sampling), logprobs)
        read = perf_counter()
        text, finish, _, _ = collect(pieces, limits, prepared)
        if not is_free and finish != "stop":
            raise ModelUnusableError(
                f"the answer was cut off after {limits.max_new_tokens} tokens, or "
                f"{limits.max_seconds:g} s: it needs more room"
            )
        said = tidy(text, cut_off=finish != "stop") if is_free else text
        best = VisualCaption(said, tuple(logprobs), sum(logprobs))
        seconds = {
            "preprocess": prepared - started,
            "encode": seen.encode_seconds,
            "prompt": read - prepared - seen.encode_seconds,
            "generate": perf_counter() - read,
        }
        return Captions((best,), seconds)


def _open(config: FamilyConfig, limits: PictureLimits) -> PictureSession:
    if _PROJECTOR not in config.files and "vision_encoder" in config.files:
        return GraphPictures(config, limits)
    weights, projector = config.file("weights"), config.file(_PROJECTOR)
    session = cast(_SeeingSession, config.open_session(weights))
    return session.with_pictures(projector, limits)


def tidy(text: str, *, cut_off: bool) -> str:
    """Return a text in one line; one that was cut off ends with its last sentence."""
    line = " ".join(text.split())
    ends = [found.end() for found in _SENTENCE_END.finditer(line)] if cut_off else []
    return line[: ends[-1]] if ends else line


def _noting(
    pieces: Iterator[tuple[bytes, float]], logprobs: list[float]
) -> Iterator[bytes]:
    for piece, logprob in pieces:
        logprobs.append(logprob)
        yield piece


def _shrunk(image: Image.Image, edge: int | None) -> Image.Image:
    """Return a picture whose longest edge is at most that long."""
    if edge is None or max(image.size) <= edge:
        return image
    scale = edge / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS)
