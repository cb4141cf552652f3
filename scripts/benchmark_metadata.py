"""Measure how fast captions are written into a 3 MB JPEG and beside it.

Run with the project's Python on an otherwise idle machine:

    .venv/bin/python scripts/benchmark_metadata.py [--runs N] [--folder DIR] [--json]

Each figure is a median over N runs after one warm-up. Copying the same file, with the
same fsync, is measured in the same run: the ratio to it says more than milliseconds on
a machine with another disk. Goals that are missed make the exit code 1.
"""

import argparse
from collections.abc import Callable
import json
import os
from pathlib import Path
from statistics import median
import tempfile
import time

from PIL import Image

from edge_runtime.metadata import (
    CaptionToWrite,
    Provenance,
    WriteMode,
    read_metadata,
    restore,
    write_caption,
)

GOALS_MS = {"sidecar": 10.0, "embed": 40.0}
PHOTO_BYTES = 3_000_000
CAPTION = CaptionToWrite(
    {"en": "A dog runs on the grass", "de": "Ein Hund läuft über die Wiese"},
    Provenance("benchmark"),
    keywords=("dog", "grass"),
)


def main() -> int:
    """Print the figures; return 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--folder", type=Path, help="where to write (default: /tmp)")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        figures = measure(Path(folder), options.runs)
    missed = [name for name, goal in GOALS_MS.items() if figures[name] > goal]
    if options.json:
        print(json.dumps({"milliseconds": figures, "missed": missed}, indent=2))
    else:
        for name, value in figures.items():
            goal = f"  goal {GOALS_MS[name]:g} ms" if name in GOALS_MS else ""
            ratio = value / figures["copy"]
            print(f"{name:10} {value:7.1f} ms  {ratio:5.2f} x copying{goal}")
    return 1 if missed else 0


def measure(folder: Path, runs: int) -> dict[str, float]:
    """Return milliseconds of each kind of work on one 3 MB photo."""
    photo = folder / "photo.jpg"
    make_photo(photo)
    copied = folder / "copy.jpg"
    spent: dict[str, list[float]] = {}

    def timed(name: str, work: Callable[[], object]) -> None:
        started = time.perf_counter()
        work()
        spent.setdefault(name, []).append((time.perf_counter() - started) * 1000)

    for _ in range(runs + 1):
        timed("copy", lambda: copy(photo, copied))
        timed("read", lambda: read_metadata(photo))
        timed("sidecar", lambda: write_caption(photo, CAPTION))
        restore(photo)
        timed("embed", lambda: write_caption(photo, CAPTION, WriteMode.EMBED))
        timed("restore", lambda: restore(photo))
    return {name: round(median(values[1:]), 2) for name, values in spent.items()}


def make_photo(path: Path) -> None:
    """Write a JPEG of about 3 MB with an EXIF block, as a camera would."""
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    picture = Image.effect_noise((2400, 1800), 60).convert("RGB")
    for quality in (95, 90, 85, 80, 70):
        picture.save(path, quality=quality, exif=exif)
        if path.stat().st_size <= PHOTO_BYTES:
            break


def copy(photo: Path, target: Path) -> None:
    """Copy a file the way it would have to be done safely."""
    with target.open("wb") as file:
        file.write(photo.read_bytes())
        file.flush()
        os.fsync(file.fileno())


if __name__ == "__main__":
    raise SystemExit(main())
