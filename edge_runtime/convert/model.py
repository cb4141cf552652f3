"""What the conversion of any architecture has in common."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy.typing as npt
from PIL import Image

from ..imaging import to_pixel_values
from .graphs import Pair

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Reference:
    """What PyTorch says to one input, token by token."""

    tokens: tuple[int, ...]
    """The generated ids, the end included where it was reached."""
    logprobs: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """What a manifest's row says of the model, beside its files."""

    task: str
    family: str
    languages: Sequence[str]
    source_languages: Sequence[str] = ()
    preprocess: Mapping[str, Any] = field(default_factory=dict)
    generate: dict[str, Any] = field(default_factory=dict)


class Checkpoint(ABC):
    """A loaded model of PyTorch, and how to feed and ask it."""

    architecture: str
    pair: Pair
    begin: int
    end: int
    never: tuple[int, ...] = ()
    words: int
    """How many tokens the decoder knows."""
    row: Row

    @abstractmethod
    def inputs(self, samples: Sequence[Any]) -> list[Array]:
        """Return what the first graph is fed for photos, or for texts."""

    @abstractmethod
    def refer(self, inputs: Array, limit: int) -> Reference:
        """Return what PyTorch says, greedily, in at most so many tokens."""

    @abstractmethod
    def write_words(self, folder: Path) -> dict[str, str]:
        """Write what turns ids into text; return the files by their roles."""


def pixel_values(photos: Sequence[Any], preprocess: Mapping[str, Any]) -> list[Array]:
    """Return what an encoder takes of photos, made as the runtime makes it."""
    found: list[Array] = []
    for path in photos:
        with Image.open(path) as image:
            found.append(to_pixel_values(image.convert("RGB"), preprocess))
    return found
