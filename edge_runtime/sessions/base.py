"""The interface that families compute with, whatever library is behind it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Session(Protocol):
    """One loaded graph."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    metadata: Mapping[str, str]
    """What the makers of the file wrote into it."""

    def input_shape(self, name: str) -> tuple[int | None, ...]:
        """Return an input's shape; None where the graph leaves the size open."""

    def run(self, feeds: Mapping[str, Array], *, last: bool = False) -> Sequence[Array]:
        """Return all outputs in order; `last` gives working memory back after it."""


class SessionFactory(Protocol):
    """Opens a model file as a session."""

    def __call__(
        self, path: str, *, initializers: Mapping[str, float] | None = None
    ) -> Session:
        """Return the session of a file.

        `initializers` replace numbers that the graph holds under these names; where it
        has none of a name, nothing changes.
        """


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a language model picks its next token; by default the likeliest."""

    temperature: float = 0.0
    top_k: int = 40
    top_p: float = 0.95
    min_p: float = 0.05
    repetition_penalty: float = 1.0
    seed: int = 0
    grammar: str | None = None
    """GBNF rules that the text has to follow."""
    json_schema: Mapping[str, Any] | None = None
    """A JSON schema that the text has to follow, in place of a grammar."""


class TextSession(Protocol):
    """One loaded language model, with what it has read last."""

    context_tokens: int
    """The most that prompt and answer may have together."""
    variant: str
    """Which of the library's builds for different CPUs runs; empty: it has but one."""

    def chat(self, turns: Sequence[tuple[str, str]], opening: str = "") -> list[int]:
        """Return the tokens of a conversation of roles and texts.

        What a text holds never counts as a mark of the conversation. `opening` is what
        the answer begins with.
        """

    def known_prefix(self, prompt: Sequence[int]) -> int:
        """Return how many tokens of a prompt need not be read again."""

    def generate(self, prompt: Sequence[int], sampling: Sampling) -> Iterator[bytes]:
        """Return the pieces of an answer, until the model ends it."""


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """How many tokens a picture becomes: the strongest lever on a caption's time."""

    min_tokens: int | None = None
    max_tokens: int | None = None
    tiles: int = 1
    """1: the whole picture at once, whatever the model would cut it into; 0: as the
    model does."""


class PictureSession(Protocol):
    """A language model that sees; it keeps the picture that it read last."""

    context_tokens: int
    """The most that picture, prompt and answer may have together."""
    reads_grammars: bool
    """Whether an answer can be held to GBNF rules, and not only to a schema."""

    def see(
        self, picture: Array, turns: Sequence[tuple[str, str]], opening: str, room: int
    ) -> "Seen":
        """Read an RGB picture and a conversation of it, with room for an answer."""

    def answer(self, sampling: Sampling) -> Iterator[tuple[bytes, float]]:
        """Return pieces and log-probabilities until the model ends its answer."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the reading of a picture and a prompt took."""

    prompt_tokens: int
    picture_tokens: int
    encode_seconds: float
    """0: the picture was the last one."""


__all__ = [
    "Array",
    "PictureLimits",
    "PictureSession",
    "Sampling",
    "Seen",
    "Session",
    "SessionFactory",
    "TextSession",
    "np",
]


def first_line(err: Exception) -> str:
    """Return what a library's error says first."""
    return (str(err).strip().splitlines() or [type(err).__name__])[0]
