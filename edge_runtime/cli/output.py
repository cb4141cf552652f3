"""What people see in a terminal: colour, progress and one-line messages."""

from argparse import ArgumentTypeError
from collections.abc import Mapping
from dataclasses import dataclass, field
import os
import re
import shutil
import signal
import sys
from time import monotonic
from typing import Final, TextIO

from ..const import LANGUAGE_PATTERN
from ..units import human_bytes, human_seconds

_CODES: Final = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33"}
_MIN_INTERVAL_S: Final = 0.1


def language_code(text: str) -> str:
    """Return a language code, for argparse."""
    if not re.fullmatch(LANGUAGE_PATTERN, text):
        raise ArgumentTypeError(f"'{text}' is no language code such as en, de or pt-BR")
    return text


def wants_colour(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Return whether a stream is a terminal that shows colour."""
    if environ.get("NO_COLOR") or environ.get("TERM") == "dumb":
        return False
    return stream.isatty()


@dataclass(slots=True)
class Console:
    """Results go to `out`, everything else to `err`; a pipe gets plain lines."""

    out: TextIO = field(default_factory=lambda: sys.stdout)
    err: TextIO = field(default_factory=lambda: sys.stderr)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)

    def print(self, text: str = "", *styles: str) -> None:
        """Write a result line."""
        self._clear()
        print(self._styled(text, self.out, styles), file=self.out, flush=True)

    def tell(self, text: str, *styles: str) -> None:
        """Write a line about the work, beside the results."""
        self._clear()
        print(self._styled(text, self.err, styles), file=self.err, flush=True)

    def fail(self, text: str) -> None:
        """Write an error line."""
        label = self._styled("error:", self.err, ("red", "bold"))
        self._clear()
        print(f"{label} {text}", file=self.err, flush=True)

    def style(self, text: str, *styles: str) -> str:
        """Return text dressed for `out`, if that shows colour."""
        return self._styled(text, self.out, styles)

    @property
    def is_interactive(self) -> bool:
        """Return whether a person sits at both ends."""
        return sys.stdin.isatty() and self.err.isatty()

    def ask(self, question: str) -> bool:
        """Return whether a person says yes; nobody there means no."""
        if not self.is_interactive:
            return False
        self._clear()
        # asyncio's own handling would only notice Ctrl-C after the answer
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            print(f"{question} [y/N] ", end="", file=self.err, flush=True)
            return input().strip().lower() in {"y", "yes"}
        except EOFError:
            return False
        finally:
            signal.signal(signal.SIGINT, before)

    def progress(self, label: str, total: int, unit: str = "bytes") -> "ProgressBar":
        """Return a bar that is drawn on a terminal and silent elsewhere."""
        return ProgressBar(self.err, label, total, unit, self.err.isatty())

    def _styled(self, text: str, stream: TextIO, styles: tuple[str, ...]) -> str:
        if not styles or not wants_colour(stream, self.environ):
            return text
        codes = ";".join(_CODES[style] for style in styles)
        return f"\x1b[{codes}m{text}\x1b[0m"

    def _clear(self) -> None:
        if self.err.isatty():
            self.err.write("\r\x1b[K")


@dataclass(slots=True)
class ProgressBar:
    """One line that is drawn over: label, bar, percentage, amount, rate, time left."""

    stream: TextIO
    label: str
    total: int
    unit: str
    visible: bool
    _started: float = field(default_factory=monotonic)
    _drawn: float = 0.0
    _first: int | None = None

    def update(self, done: int, total: int | None = None, label: str = "") -> None:
        """Draw the bar again; `done` counts from zero to `total`."""
        self.total = self.total if total is None else total
        self.label = label or self.label
        self._first = done if self._first is None else self._first
        now = monotonic()
        is_last = done >= self.total
        if self.visible and (is_last or now - self._drawn >= _MIN_INTERVAL_S):
            self._drawn = now
            self.stream.write("\r\x1b[K" + self._line(done, now))
            self.stream.flush()

    def close(self) -> None:
        """Take the bar away."""
        if self.visible and self._drawn:
            self.stream.write("\r\x1b[K")
            self.stream.flush()

    def _line(self, done: int, now: float) -> str:
        columns = shutil.get_terminal_size().columns
        share = min(done / self.total, 1.0) if self.total else 0.0
        elapsed = now - self._started
        rate = (done - (self._first or 0)) / elapsed if elapsed > 0 else 0.0
        left = (self.total - done) / rate if rate else 0.0
        text = f" {share:4.0%}  {self._amount(done)}"
        if rate and done < self.total:
            text += f"  {human_seconds(left)} left"
        label = self.label[: max(columns - len(text) - 14, 8)]
        width = max(min(columns - len(text) - len(label) - 4, 40), 4)
        full = int(width * share)
        bar = "━" * full + "─" * (width - full)
        return f"{label} {bar}{text}"[: columns - 1]

    def _amount(self, done: int) -> str:
        if self.unit == "bytes":
            return f"{human_bytes(done)} of {human_bytes(self.total)}"
        return f"{done} of {self.total} {self.unit}"
