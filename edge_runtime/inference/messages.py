"""What runtime and worker say to each other, as records."""

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from ..errors import ProtocolError
from ..schemas import VisualCaption


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """Everything a worker needs to load one model; no manifest needed in the child."""

    model_id: str
    family: str
    library: str
    files: dict[str, str]
    """Role -> absolute path."""
    threads: int
    preprocess: dict[str, Any] = field(default_factory=dict)
    generate: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)

    def to_header(self) -> dict[str, Any]:
        """Return the frame header of the request."""
        return {"op": "load", **asdict(self)}

    @classmethod
    def from_header(cls, header: dict[str, Any]) -> "LoadRequest":
        """Return the request that a frame header holds."""
        return cls(**_fields_of(cls, header))


@dataclass(frozen=True, slots=True)
class CaptionJob:
    """One photo for the worker: a path, or the bytes that travel as payload."""

    path: str | None = None
    memory_budget: int | None = None
    """Bytes that decoding may take; None: no limit known."""
    generate: dict[str, Any] = field(default_factory=dict)
    """Settings of the decode loop that differ from the model's own."""

    def to_header(self) -> dict[str, Any]:
        """Return the frame header of the job."""
        return {"op": "caption", **asdict(self)}

    @classmethod
    def from_header(cls, header: dict[str, Any]) -> "CaptionJob":
        """Return the job that a frame header holds."""
        return cls(**_fields_of(cls, header))


@dataclass(frozen=True, slots=True)
class CaptionAnswer:
    """What the worker found, and what it took."""

    captions: tuple[VisualCaption, ...]
    """Best first; the others are the next beams."""
    seconds: dict[str, float]
    """Wall seconds by stage: `decode`, `preprocess`, `encode`, `generate`."""
    width: int
    height: int
    notes: tuple[str, ...]
    peak_rss_bytes: int

    def to_header(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)

    @classmethod
    def from_header(cls, header: dict[str, Any]) -> "CaptionAnswer":
        """Return the answer that a frame header holds."""
        try:
            captions = tuple(
                VisualCaption(c["text"], tuple(c["token_logprobs"]), c["score"])
                for c in header["captions"]
            )
            return cls(
                captions=captions,
                seconds=dict(header["seconds"]),
                width=int(header["width"]),
                height=int(header["height"]),
                notes=tuple(header["notes"]),
                peak_rss_bytes=int(header["peak_rss_bytes"]),
            )
        except (KeyError, TypeError, ValueError) as err:
            raise ProtocolError(
                f"the worker's answer is incomplete ({type(err).__name__}: {err})"
            ) from None


def _fields_of(kind: type[Any], header: dict[str, Any]) -> dict[str, Any]:
    names = (entry.name for entry in fields(kind))
    return {name: header[name] for name in names if name in header}
