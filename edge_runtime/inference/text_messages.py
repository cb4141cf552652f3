"""What runtime and worker say to each other about texts, as records."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ..errors import ProtocolError
from ..schemas import TextLine


@dataclass(frozen=True, slots=True)
class ChatTurn:
    """One part of a conversation with a language model."""

    role: str
    """`system`, `user` or `assistant`."""
    text: str


@dataclass(frozen=True, slots=True)
class GenerateJob:
    """A conversation that a language model is to go on with."""

    turns: tuple[ChatTurn, ...]
    generate: dict[str, Any] = field(default_factory=dict)
    """Settings that differ from the model's own: `max_new_tokens`, `max_seconds`,
    `temperature`, `seed`, `stop`, `grammar`, `json_schema`, ..."""

    def to_header(self) -> dict[str, Any]:
        """Return the frame header of the job."""
        return {"op": "generate", **asdict(self)}

    @classmethod
    def from_header(cls, header: Mapping[str, Any]) -> "GenerateJob":
        """Return the job that a frame header holds."""
        try:
            turns = tuple(ChatTurn(**turn) for turn in header["turns"])
            return cls(turns, dict(header["generate"]))
        except (KeyError, TypeError, ValueError) as err:
            raise _incomplete("request", err) from None


@dataclass(frozen=True, slots=True)
class GenerateAnswer:
    """What the language model wrote, and what it took."""

    text: str
    finish: str
    """`stop`: it came to an end; `length`, `time`: it was stopped."""
    prompt_tokens: int
    reused_tokens: int
    new_tokens: int
    seconds: dict[str, float]
    """Wall seconds: `prompt` (to the first token) and `generate`."""
    peak_rss_bytes: int = 0
    variant: str = ""
    """Which of llama.cpp's builds for different CPUs ran; empty: it has but one."""

    def to_header(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)

    @classmethod
    def from_header(cls, header: Mapping[str, Any]) -> "GenerateAnswer":
        """Return the answer that a frame header holds."""
        try:
            return cls(**header)
        except TypeError as err:
            raise _incomplete("answer", err) from None


@dataclass(frozen=True, slots=True)
class ReadJob:
    """One photo whose text is to be read: a path, or the bytes that travel along."""

    path: str | None = None
    memory_budget: int | None = None
    """Bytes that decoding may take; None: no limit known."""

    def to_header(self) -> dict[str, Any]:
        """Return the frame header of the job."""
        return {"op": "read", **asdict(self)}

    @classmethod
    def from_header(cls, header: Mapping[str, Any]) -> "ReadJob":
        """Return the job that a frame header holds."""
        return cls(header.get("path"), header.get("memory_budget"))


@dataclass(frozen=True, slots=True)
class ReadAnswer:
    """The text that stands in a photo, line by line."""

    lines: tuple[TextLine, ...]
    seconds: dict[str, float]
    """Wall seconds by stage: `decode`, `detect`, `recognise`."""
    notes: tuple[str, ...] = ()
    peak_rss_bytes: int = 0

    def to_header(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)

    @classmethod
    def from_header(cls, header: Mapping[str, Any]) -> "ReadAnswer":
        """Return the answer that a frame header holds."""
        try:
            lines = tuple(TextLine(**line) for line in header["lines"])
            notes = tuple(header["notes"])
            return cls(**{**header, "lines": lines, "notes": notes})
        except (KeyError, TypeError) as err:
            raise _incomplete("answer", err) from None


@dataclass(frozen=True, slots=True)
class TranslateJob:
    """Texts of a sentence or two that are to be said in another language."""

    texts: tuple[str, ...]
    generate: dict[str, Any] = field(default_factory=dict)

    def to_header(self) -> dict[str, Any]:
        """Return the frame header of the job."""
        return {"op": "translate", **asdict(self)}

    @classmethod
    def from_header(cls, header: Mapping[str, Any]) -> "TranslateJob":
        """Return the job that a frame header holds."""
        try:
            return cls(tuple(map(str, header["texts"])), dict(header["generate"]))
        except (KeyError, TypeError, ValueError) as err:
            raise _incomplete("request", err) from None


@dataclass(frozen=True, slots=True)
class TranslateAnswer:
    """The texts in the other language, in their order."""

    texts: tuple[str, ...]
    seconds: dict[str, float]
    peak_rss_bytes: int = 0

    def to_header(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)

    @classmethod
    def from_header(cls, header: Mapping[str, Any]) -> "TranslateAnswer":
        """Return the answer that a frame header holds."""
        try:
            return cls(**{**header, "texts": tuple(header["texts"])})
        except (KeyError, TypeError) as err:
            raise _incomplete("answer", err) from None


def _incomplete(what: str, err: Exception) -> ProtocolError:
    return ProtocolError(
        f"the worker's {what} is incomplete ({type(err).__name__}: {err})"
    )
