"""The interface that families compute with, whatever library is behind it."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Session(Protocol):
    """One loaded graph."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    def input_shape(self, name: str) -> tuple[int | None, ...]:
        """Return an input's shape; None where the graph leaves the size open."""

    def run(self, feeds: Mapping[str, Array], *, last: bool = False) -> Sequence[Array]:
        """Return all outputs in order; `last` gives working memory back after it."""


class SessionFactory(Protocol):
    """Opens a model file as a session."""

    def __call__(self, path: str) -> Session:
        """Return the session of a file."""


__all__ = ["Array", "Session", "SessionFactory", "np"]
