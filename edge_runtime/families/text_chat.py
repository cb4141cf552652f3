"""A chat model that writes one short answer within a budget."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from time import perf_counter
from typing import Any, Final, cast

from ..errors import ModelUnusableError, PromptTooLongError
from ..sessions.base import Sampling, TextSession
from .base import FamilyConfig

_MAX_NEW_TOKENS: Final = 64
_MAX_SECONDS: Final = 120.0
_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True, slots=True)
class Generated:
    """What a language model wrote, why it stopped, and what it took."""

    text: str
    finish: str
    """`stop`: it came to an end; `length`, `time`: it was stopped."""
    prompt_tokens: int
    reused_tokens: int
    """Of the prompt, those that were known from the one before."""
    new_tokens: int
    seconds: dict[str, float]
    """Wall seconds: `prompt` (to the first token) and `generate`."""
    variant: str
    """Which of the library's builds for different CPUs ran; empty: it has but one."""


class TextChat:
    """Text generator of the family `text_chat`."""

    def __init__(self, config: FamilyConfig) -> None:
        self._defaults = dict(config.generate)
        weights = config.file("weights")
        self._session = cast(TextSession, config.open_session(weights))

    def generate(
        self, turns: Sequence[tuple[str, str]], settings: Mapping[str, Any]
    ) -> Generated:
        """Return the answer to a conversation; `settings` override the model's own."""
        limits = Limits.from_mapping({**self._defaults, **settings})
        started = perf_counter()
        prompt = self._session.chat(turns, limits.opening)
        self._check_room(len(prompt), limits.max_new_tokens)
        reused = self._session.known_prefix(prompt)
        pieces = self._session.generate(prompt, limits.sampling)
        text, finish, count, first = collect(pieces, limits, started)
        return Generated(
            text=text,
            finish=finish,
            prompt_tokens=len(prompt),
            reused_tokens=reused,
            new_tokens=count,
            seconds={"prompt": first - started, "generate": perf_counter() - first},
            variant=self._session.variant,
        )

    def _check_room(self, prompt: int, new: int) -> None:
        room = self._session.context_tokens
        if prompt + new > room:
            raise PromptTooLongError(
                f"the prompt has {prompt} tokens and its answer may have {new}, but "
                f"the model's context has {room}: shorten the facts"
            )


@dataclass(frozen=True, slots=True)
class Limits:
    """What bounds one answer."""

    sampling: Sampling
    max_new_tokens: int
    max_seconds: float
    stop: tuple[str, ...]
    opening: str

    @classmethod
    def from_mapping(cls, settings: Mapping[str, Any]) -> "Limits":
        """Return the limits that a manifest row and a job set."""
        known = {entry.name for entry in fields(Sampling)}
        try:
            return cls(
                sampling=Sampling(**{k: v for k, v in settings.items() if k in known}),
                max_new_tokens=int(settings.get("max_new_tokens", _MAX_NEW_TOKENS)),
                max_seconds=float(settings.get("max_seconds", _MAX_SECONDS)),
                stop=tuple(settings.get("stop", ())),
                opening=str(settings.get("opening", "")),
            )
        except (TypeError, ValueError) as err:
            raise ModelUnusableError(
                f"the settings of text generation can't be used: {err}"
            ) from None


def collect(
    pieces: Iterator[bytes], limits: Limits, started: float
) -> tuple[str, str, int, float]:
    """Return text, reason of its end, number of tokens and the first token's time."""
    data, count, finish = b"", 0, "stop"
    first = perf_counter()
    for piece in pieces:
        if not count:
            first = perf_counter()
        count += 1
        data += piece
        text = data.decode(errors="replace")
        ends = [place for stop in limits.stop if (place := text.find(stop)) >= 0]
        if ends:
            return text[: min(ends)], "stop", count, first
        if count >= limits.max_new_tokens:
            finish = "length"
            break
        if perf_counter() - started > limits.max_seconds:
            finish = "time"
            break
    # what was cut inside a character ends in half of one
    text = data.decode(errors="replace").rstrip(_REPLACEMENT)
    return text, finish, count, first
