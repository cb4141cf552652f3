"""What the command asks the converting process for, and the lines that come back.

Plain data without PyTorch: the command that waits imports none of it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
import json
from typing import Any, Final

FLOAT32: Final = "float32"
INT8: Final = "int8"


@dataclass(frozen=True, slots=True)
class ConvertRequest:
    """One conversion."""

    source: str
    """A folder, or a model's name on the hub."""
    model_id: str
    work: str
    """The folder that keeps what is done, so that a killed conversion goes on."""
    samples: tuple[str, ...]
    """Photos; for a translator, sentences."""
    sentences: tuple[str, ...]
    hub: str
    offline: bool = False
    quantization: str = INT8
    license: str = ""

    def to_json(self) -> str:
        """Return the one line that starts the process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "ConvertRequest":
        """Return the request of such a line."""
        values: dict[str, Any] = json.loads(text)
        for name in ("samples", "sentences"):
            values[name] = tuple(values[name])
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Step:
    """How far a stage is."""

    stage: str
    done: int = 0
    total: int = 0


def encode_line(kind: str, value: Mapping[str, Any]) -> str:
    """Return a line of the converting process: `step`, `done` or `error`."""
    return json.dumps({kind: value})


def decode_line(line: str) -> tuple[str, dict[str, Any]] | None:
    """Return what a line holds; None if a library printed it."""
    try:
        found = json.loads(line)
        ((kind, value),) = found.items()
    except (ValueError, AttributeError):
        return None
    return (kind, value) if isinstance(value, dict) else None
