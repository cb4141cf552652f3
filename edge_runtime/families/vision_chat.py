"""A vision-language model: looks at one picture and answers a prompt about it."""

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

_PROMPT: Final = "Describe this photo in one short sentence."
_MAX_EDGE: Final = 512
_SENTENCE_END: Final = re.compile(r"[.!?\N{IDEOGRAPHIC FULL STOP}](?=\s|$)")


class _SeeingSession(Protocol):
    def with_pictures(self, path: str, limits: PictureLimits) -> PictureSession: ...


class VisionChat:
    """Captioner of the family `vision_chat`; asked a question, it answers that."""

    def __init__(self, config: FamilyConfig) -> None:
        self._defaults = dict(config.generate)
        self.target_size = int(config.preprocess.get("max_image_edge_px", _MAX_EDGE))
        limits = PictureLimits(
            min_tokens=config.preprocess.get("image_min_tokens"),
            max_tokens=config.preprocess.get("image_max_tokens"),
            tiles=int(config.preprocess.get("image_tiles", 1)),
        )
        weights, projector = config.file("weights"), config.file("mmproj")
        session = cast(_SeeingSession, config.open_session(weights))
        self._session = session.with_pictures(projector, limits)

    def caption(self, image: Image.Image, generate: Mapping[str, Any]) -> Captions:
        """Return what the model says of an RGB picture; `generate` may hold a prompt.

        With a `json_schema` or a `grammar` the text follows that.
        """
        started = perf_counter()
        settings = {**self._defaults, **generate}
        limits = Limits.from_mapping(settings)
        prompt = str(settings.get("prompt") or _PROMPT)
        pixels = np.asarray(_shrunk(image, self.target_size))
        prepared = perf_counter()
        seen = self._session.see(
            pixels, [("user", prompt)], limits.opening, limits.max_new_tokens
        )
        logprobs: list[float] = []
        pieces = _noting(self._session.answer(limits.sampling), logprobs)
        read = perf_counter()
        text, finish, _, _ = collect(pieces, limits, prepared)
        is_free = not (limits.sampling.json_schema or limits.sampling.grammar)
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


def _shrunk(image: Image.Image, edge: int) -> Image.Image:
    """Return a picture whose longest edge is at most that long."""
    if max(image.size) <= edge:
        return image
    scale = edge / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS)
