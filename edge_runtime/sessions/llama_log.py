"""What llama.cpp says of errors, caught instead of printed."""

from collections import deque
from collections.abc import Callable
import ctypes
from typing import Any, Final

import llama_cpp

_ERROR_LEVEL: Final = 4
_CONTINUED: Final = 5


class listening:  # noqa: N801 - reads as a statement
    """Collects what llama.cpp says of errors, instead of printing it."""

    def __init__(self, said: deque[str], *setters: Callable[..., None]) -> None:
        self._said = said
        self._setters = (llama_cpp.llama_log_set, *setters)
        self._level = 0
        # kept as an attribute: C holds no reference of its own
        self._callback = llama_cpp.llama_log_callback(self._hear)

    def __enter__(self) -> None:
        for listen in self._setters:
            listen(self._callback, ctypes.c_void_p(0))

    def __exit__(self, *_error: object) -> None:
        for listen in self._setters:
            listen(SILENCE, ctypes.c_void_p(0))

    def _hear(self, level: int, text: bytes, _data: Any) -> None:
        self._level = self._level if level == _CONTINUED else level
        if self._level == _ERROR_LEVEL:
            self._said.append(text.decode(errors="replace").strip())


def _hear_nothing(_level: int, _text: bytes, _data: Any) -> None:
    """Print nothing: the worker's error stream is for its own last words."""


SILENCE: Final = llama_cpp.llama_log_callback(_hear_nothing)


def reason_of(said: deque[str]) -> str:
    """Return the first cause that llama.cpp named: later lines only follow from it."""
    lines = (line.rpartition("error loading model: ")[2] for line in said if line)
    return next(iter(lines), "")
