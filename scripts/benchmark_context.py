"""Measure how long facts take: places looked up, captions composed.

Run with the project's Python on an otherwise idle machine:

    .venv/bin/python scripts/benchmark_context.py [--json]

`compose`: the slowest style of an English caption with seven facts, median of 200.
`place`: positions over all the world's towns, median and slowest of 500. `memory`: what
the table of places adds to a process. Goals that are missed make the exit code 1.
"""

import argparse
from collections.abc import Callable
from functools import partial
import json
from statistics import median
import subprocess
import sys
from time import perf_counter
from typing import Final

from edge_runtime.context import Gazetteer
from edge_runtime.facts import Fact, FactKind, FactSource
from edge_runtime.pipeline.composing import Composer, Draft
from edge_runtime.schemas import Style

CAPTION: Final = "A man in a red shirt is standing next to a bench in a large park."
VALUES: Final = {
    FactKind.PLACE: "Lisbon",
    FactKind.DATE: "2023-12-24",
    FactKind.PERSON: "Anna",
    FactKind.ALBUM: "Winter trip",
    FactKind.CAMERA: "Pixel 9",
    FactKind.KEYWORD: "tram",
    FactKind.TEXT: "CAFE CENTRAL",
}
GOALS: Final = {
    "compose_ms": 2.0,
    "place_ms": 5.0,
    "slowest_place_ms": 50.0,
    "mb": 12.0,
}
MEMORY: Final = """
from pathlib import Path
from edge_runtime.context import Gazetteer
def held():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])
before = held()
places = Gazetteer()
for latitude in range(-55, 70):
    for longitude in range(-180, 180, 10):
        places.place_at(latitude + 0.5, longitude + 0.5, "de")
print((held() - before) / 1024)
"""


def main() -> int:
    """Measure, print, return 0 if every goal is met."""
    parser = argparse.ArgumentParser(description="Measure how long facts take.")
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    places = sorted(place_ms())
    found = {
        "compose_ms": max(compose_ms(style) for style in Style),
        "place_ms": median(places),
        "slowest_place_ms": places[-1],
        "mb": memory_mb(),
    }
    if as_json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name:18} {value:8.3f}   goal {GOALS[name]:g}")
    return int(any(value > GOALS[name] for name, value in found.items()))


def compose_ms(style: Style) -> float:
    """Return the median milliseconds of one composition."""
    facts = tuple(
        Fact(kind, value, FactSource.REQUEST) for kind, value in VALUES.items()
    )
    draft = Draft(CAPTION, "en", facts, style, "{caption}[ {where}][ {when}]")
    composer = Composer()
    composer.compose(draft)  # reads the language's file
    return median(_ms(partial(composer.compose, draft)) for _ in range(200))


def place_ms() -> list[float]:
    """Return the milliseconds of each of many lookups."""
    gazetteer = Gazetteer()
    spots = [(-50 + n % 25 * 4.3, -170 + n * 0.68) for n in range(500)]
    return [_ms(partial(gazetteer.place_at, *spot, "de")) for spot in spots]


def memory_mb() -> float:
    """Return what lookups all over the world add to a process, in MB."""
    command = [sys.executable, "-c", MEMORY]
    done = subprocess.run(  # noqa: S603 - this Python, our own words
        command, check=True, capture_output=True, text=True
    )
    return float(done.stdout)


def _ms(work: Callable[[], object]) -> float:
    started = perf_counter()
    work()
    return (perf_counter() - started) * 1000


if __name__ == "__main__":
    sys.exit(main())
