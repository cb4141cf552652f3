"""Measure speed and memory of the embedded captioner against its goals.

Run with the project's Python on an otherwise idle machine:

    .venv/bin/python scripts/benchmark.py [--runs N] [--json]

Whole-command figures are medians over N runs after one warm-up; ratios are taken inside
one run. Goals that are missed make the exit code 1.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
import json
from pathlib import Path
from statistics import median
import subprocess
import sys
import tempfile
import time

from PIL import Image
import psutil
from tiny_captioner.bundled import BUNDLED, bundled_config, bundled_model

from edge_runtime.const import EMBEDDED_MODEL, MB
from edge_runtime.families.encoder_decoder import EncoderDecoderCaptioner
from edge_runtime.imaging import open_photo
from edge_runtime.sessions.base import Array, Session
from edge_runtime.sessions.onnx import OnnxSession

SAMPLE = BUNDLED / "samples" / "dogs-on-grass.jpg"
SAMPLE_INTERVAL_S = 0.005


@dataclass(frozen=True)
class Figure:
    """One measured number beside its goal."""

    name: str
    value: float
    unit: str
    goal: float | None = None

    @property
    def verdict(self) -> str:
        """Return whether the goal is met."""
        if self.goal is None:
            return ""
        return f"goal {self.goal:g}  {'ok' if self.value <= self.goal else 'MISSED'}"


class TimedSession:
    """A session that adds up the seconds of its raw runs."""

    def __init__(
        self,
        path: str,
        *,
        spent: list[float],
        initializers: Mapping[str, float] | None = None,
    ) -> None:
        self._session: Session = OnnxSession(
            path, threads=1, options={}, initializers=initializers
        )
        self._spent = spent
        self.inputs = self._session.inputs
        self.outputs = self._session.outputs

    def input_shape(self, name: str) -> tuple[int | None, ...]:
        """Return an input's shape."""
        return self._session.input_shape(name)

    def run(self, feeds: Mapping[str, Array], *, last: bool = False) -> Sequence[Array]:
        """Run and add the seconds."""
        started = time.perf_counter()
        outputs = self._session.run(feeds, last=last)
        self._spent[0] += time.perf_counter() - started
        return outputs


def main() -> int:
    """Measure, print a table, and return 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--json", action="store_true", help="machine-readable")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), options.runs)
    if options.json:
        print(json.dumps([asdict(figure) for figure in figures], indent=1))
    else:
        for figure in figures:
            value = f"{figure.value:.2f} {figure.unit}"
            print(f"{figure.name:48} {value:>12}  {figure.verdict}")
    return 1 if any("MISSED" in figure.verdict for figure in figures) else 0


def measure(folder: Path, runs: int) -> list[Figure]:
    """Return every figure."""
    small, large = folder / "1mp.jpg", folder / "48mp.jpg"
    save_photo(small, (1152, 864))
    save_photo(large, (8000, 6000))
    seconds, peak = whole_command(small, runs)
    _, peak_large = whole_command(large, max(runs // 2, 1))
    warm = warm_seconds(small, runs * 10)
    return [
        Figure("whole command, 1 MP JPEG", seconds, "s", 1.5),
        Figure("whole command, peak RSS of all processes", peak / MB, "MB", 180),
        Figure("peak RSS, 48 MP over 1 MP", (peak_large - peak) / MB, "MB", 40),
        Figure("warm: family over its raw session runs", warm.family, "x", 1.15),
        Figure("  and with resizing the photo", warm.with_resize, "x"),
        Figure("  and with decoding the 1 MP JPEG", warm.with_decoding, "x"),
        Figure("warm caption, photo to text, one thread", warm.total * 1000, "ms", 60),
    ]


def save_photo(path: Path, size: tuple[int, int]) -> None:
    """Write the sample photo at another size."""
    with Image.open(SAMPLE) as photo:
        photo.convert("RGB").resize(size).save(path, quality=88)


def whole_command(photo: Path, runs: int) -> tuple[float, float]:
    """Return median wall seconds and median peak bytes over all processes."""
    results = [one_command(photo) for _ in range(runs + 1)][1:]
    return median(r[0] for r in results), median(r[1] for r in results)


def one_command(photo: Path) -> tuple[float, float]:
    """Run `edge-captions caption` once and watch the memory of its process tree."""
    command = [sys.executable, "-m", "edge_runtime", "caption", str(photo)]
    command += ["--model", EMBEDDED_MODEL, "--home", str(photo.parent / "home")]
    peak, started = 0, time.perf_counter()
    with subprocess.Popen(  # noqa: S603
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            peak = max(peak, tree_rss(watched))
            time.sleep(SAMPLE_INTERVAL_S)
        seconds = time.perf_counter() - started
    if process.returncode:
        sys.exit(f"error: {' '.join(command)} failed")
    return seconds, peak


def tree_rss(process: psutil.Process) -> int:
    """Return the memory of a process and its children."""
    total = 0
    try:
        for member in (process, *process.children(recursive=True)):
            total += member.memory_info().rss
    except psutil.Error:  # it ended while we looked
        return total
    return total


@dataclass(frozen=True)
class Warm:
    """Medians over warm captions on one thread."""

    family: float
    """Encoder, cache handling and beam search over the session runs alone."""
    with_resize: float
    with_decoding: float
    total: float
    """Seconds from the path to the caption."""


def warm_seconds(photo: Path, runs: int) -> Warm:
    """Caption one photo many times in this process, as the worker does."""
    spent = [0.0]
    captioner = EncoderDecoderCaptioner(
        bundled_config(
            bundled_model(EMBEDDED_MODEL), partial(TimedSession, spent=spent)
        )
    )
    rows = []
    for _ in range(runs + 1):
        spent[0] = 0.0
        started = time.perf_counter()
        decoded = open_photo(str(photo), captioner.target_size, None)
        opened = time.perf_counter()
        stages = captioner.caption(decoded.image, {}).seconds
        ended = time.perf_counter()
        family = stages["encode"] + stages["generate"]
        rows.append((family, ended - opened, ended - started, spent[0]))
    del rows[0]
    return Warm(
        family=median(row[0] / row[3] for row in rows),
        with_resize=median(row[1] / row[3] for row in rows),
        with_decoding=median(row[2] / row[3] for row in rows),
        total=median(row[2] for row in rows),
    )


if __name__ == "__main__":
    sys.exit(main())
