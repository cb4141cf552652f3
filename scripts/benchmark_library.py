"""Measure how fast a folder is looked at, indexed, described and written to.

Run with the project's Python on an otherwise idle machine:

    .venv/bin/python scripts/benchmark_library.py [--files N] [--photos N] [--json]
        [--folder DIR] [--only rescan,index,write,caption]

`rescan`: a look at N unchanged files, in a process of its own (median of five looks,
and the peak memory of the whole process). `index`: the first scan of photos of 3 MB
and of 0.5 MB, nothing decoded. `write`: a caption beside and into a 3 MB JPEG.
`caption`: a folder by the job, against the same photos by the model alone. Goals that
are missed make the exit code 1.
"""

import argparse
import asyncio
from collections.abc import Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
import json
import os
from pathlib import Path
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from typing import Any, Final

from benchmark_metadata import GOALS_MS, measure as measure_writing
from PIL import Image

from edge_runtime.config import Settings
from edge_runtime.runtime import EdgeRuntime
from edge_runtime.schemas import CaptionRequest
from edge_runtime.service import CAPTION_JOB, SCAN_JOB, Service
from edge_runtime.store import DATABASE_NAME, SourceKind, Store
from edge_runtime.watcher import Walk

LOOK: Final = """
import asyncio, json, resource, sys, time
from statistics import median
from pathlib import Path
from edge_runtime.store import Store
from edge_runtime.watcher import Settling, look

async def main(home, photos, source_id):
    wall, cpu = [], []
    async with await Store.open(Path(home)) as store:
        for _ in range(5):
            started, busy = time.perf_counter(), time.process_time()
            known = await store.files.known(source_id)
            found = await asyncio.to_thread(look, Path(photos), known, Settling())
            wall.append(time.perf_counter() - started)
            cpu.append(time.process_time() - busy)
            del known
    print(json.dumps({
        "seconds": median(wall), "cpu_seconds": median(cpu),
        "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "unchanged": found.difference.unchanged,
    }))

asyncio.run(main(*sys.argv[1:]))
"""
"""What looks, with nothing else loaded: store and watcher."""
SIZES: Final = {"3 MB": (4000, 3000, 88), "0.5 MB": (1600, 1200, 85)}
TURNS: Final = 2
QUIET: Final = {"automatic": False, "watch": False}


@dataclass(frozen=True)
class Figure:
    """One number, and the goal that it has to keep."""

    name: str
    value: float
    unit: str
    goal: float | None = None
    at_least: bool = False

    @property
    def missed(self) -> bool:
        """Return whether the goal is missed."""
        if self.goal is None:
            return False
        return self.value < self.goal if self.at_least else self.value > self.goal

    def __str__(self) -> str:
        """Return the line that is printed."""
        sign = "at least" if self.at_least else "at most"
        goal = "" if self.goal is None else f"  goal {sign} {self.goal:g}"
        mark = "  MISSED" if self.missed else ""
        return f"{self.name:44} {self.value:9.2f} {self.unit:9}{goal}{mark}"


def main() -> int:
    """Print the figures; return 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--photos", type=int, default=200)
    parser.add_argument("--folder", type=Path, help="where to work (default: /tmp)")
    parser.add_argument("--only", default="rescan,index,write,caption")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures: list[Figure] = []
    for part in options.only.split(","):
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            for figure in PARTS[part](Path(folder), options):
                figures.append(figure)
                if not options.json:
                    print(figure, flush=True)
    if options.json:
        print(json.dumps([{**vars(f), "missed": f.missed} for f in figures], indent=2))
    return 1 if any(figure.missed for figure in figures) else 0


def rescan(folder: Path, options: argparse.Namespace) -> Iterator[Figure]:
    """Look at many unchanged files."""
    photos, home = folder / "photos", folder / "home"
    for number in range(options.files):
        place = photos / f"{2000 + number // 5000}" / f"{number // 100:05}"
        if number % 100 == 0:
            place.mkdir(parents=True)
        (place / f"IMG_{number:06}.jpg").write_bytes(b"x")
    source_id = asyncio.run(remember(home, photos))
    command = [sys.executable, "-c", LOOK, str(home), str(photos), source_id]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    found = json.loads(done.stdout)
    expect(found["unchanged"] == options.files, found)
    label = f"a look at {options.files:,} unchanged files"
    yield Figure(label, found["seconds"], "s", 1.5)
    yield Figure("  processor time of it", found["cpu_seconds"], "s")
    yield Figure("  peak memory of the process", found["mb"], "MB", 60)


async def remember(home: Path, photos: Path) -> str:
    """Put every file into a store as one that is known; return the source's id."""
    async with await Store.open(home) as store:
        source = await store.sources.add(SourceKind.LIBRARY, "photos", str(photos))
    with closing(sqlite3.connect(home / DATABASE_NAME)) as database:
        database.execute(
            "INSERT INTO photos (position, id, source_id, picture_hash, width, height,"
            " added_at, stored_bytes) VALUES (1, '1', ?, x'00', 1, 1, 0, 0)",
            (source.id,),
        )
        database.executemany(
            "INSERT INTO files (photo_id, source_id, path, size, mtime_ns, state,"
            " seen_at) VALUES ('1', ?, ?, ?, ?, 'present', 0)",
            ((source.id, s.path, s.size, s.mtime_ns) for s in Walk(photos).photos()),
        )
        database.commit()
    return source.id


def index(folder: Path, options: argparse.Namespace) -> Iterator[Figure]:
    """Scan photos that nobody has seen before."""
    for name, (width, height, quality) in SIZES.items():
        photos = folder / name
        make_photos(photos, options.photos, (width, height), quality)
        busy = processor_seconds()
        rate = asyncio.run(scan_rate(folder / f"home {name}", photos))
        busy = processor_seconds() - busy
        size = next(photos.iterdir()).stat().st_size / 1_000_000
        label = f"first scan of {options.photos} JPEGs of {size:.1f} MB"
        yield Figure(label, rate, "photos/s", 200, at_least=True)
        each = busy / options.photos * 1000
        yield Figure("  processor time of one, the start included", each, "ms")


def make_photos(folder: Path, count: int, size: tuple[int, int], quality: int) -> None:
    """Write JPEGs whose pictures all differ, and whose bytes look like a camera's."""
    folder.mkdir()
    noise = Image.effect_noise((size[0] // 8, size[1] // 8), 90).resize(size)
    base = folder / "base.jpg"
    Image.merge("RGB", (noise, noise, noise)).save(base, quality=quality)
    data = base.read_bytes()
    base.unlink()
    for number in range(count):
        at = len(data) // 2 + number * 7
        changed = bytes(
            b ^ 1 if b not in {0xFE, 0xFF, 0, 1} else b for b in data[at : at + 6]
        )
        (folder / f"IMG_{number:05}.jpg").write_bytes(
            data[:at] + changed + data[at + 6 :]
        )
    for path in folder.iterdir():
        os.utime(path, (1_700_000_000, 1_700_000_000))


def processor_seconds() -> float:
    """Return the processor time of this process and of its children that ended."""
    used = (
        resource.getrusage(who)
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return sum(one.ru_utime + one.ru_stime for one in used)


async def scan_rate(home: Path, photos: Path) -> float:
    """Return photos a second of a first scan, the worker's start included."""
    async with serving(home, photos) as service:
        source = await service.library.add(str(photos), QUIET)
        await asyncio.sleep(4)  # until the files count as whole
        started = time.perf_counter()
        result = await run(service, SCAN_JOB, source.id)
        seconds = time.perf_counter() - started
        expect(not result["unread"], result)
        return float(result["added"] / seconds)


def write(folder: Path, options: argparse.Namespace) -> Iterator[Figure]:
    """Write captions, as `scripts/benchmark_metadata.py` does."""
    del options
    figures = measure_writing(folder, 15)
    for name, goal in GOALS_MS.items():
        yield Figure(f"writing a caption: {name}", figures[name], "ms", goal)


def caption(folder: Path, options: argparse.Namespace) -> Iterator[Figure]:
    """Describe a folder by the job, and the same photos by the model alone."""
    photos = folder / "photos"
    count = min(options.photos, 120)
    make_photos(photos, count, (1600, 1200), 85)
    alone, by_job = asyncio.run(
        caption_rates(folder / "home", photos, sorted(photos.iterdir()))
    )
    yield Figure("the model alone", alone, "photos/s")
    yield Figure("a folder by its job", by_job, "photos/s")
    yield Figure("  of the model's rate", by_job / alone, "", 0.9, at_least=True)


async def caption_rates(
    home: Path, photos: Path, paths: list[Path]
) -> tuple[float, float]:
    """Return photos a second of the model alone, and of the job."""
    async with serving(home, photos) as service:
        source = await service.library.add(str(photos), QUIET)
        await asyncio.sleep(4)
        await run(service, SCAN_JOB, source.id)
        runtime = service.runtime
        spec = runtime.captioner(await service.selection())
        await runtime.caption(CaptionRequest(str(paths[0])), spec)  # it is loaded now
        alone = by_job = 0.0
        share = len(paths) // TURNS
        for turn in range(TURNS):  # in turns: other programs disturb both alike
            started = time.perf_counter()
            for path in paths[turn * share : (turn + 1) * share]:
                await runtime.caption(CaptionRequest(str(path)), spec)
            alone += time.perf_counter() - started
            started = time.perf_counter()
            result = await run(service, CAPTION_JOB, source.id, limit=share)
            expect(result["captioned"] == share, result)
            by_job += time.perf_counter() - started
    return share * TURNS / alone, share * TURNS / by_job


async def run(
    service: Service, kind: str, source_id: str, **params: object
) -> dict[str, Any]:
    """Return the result of a job."""
    job = await service.library.enqueue(kind, source_id, params, "benchmark")
    ended = await service.jobs.wait(job.id)
    expect(ended.error is None, ended.error)
    return dict(ended.result or {})


def expect(truth: bool, found: object) -> None:
    """End with what was found, if it is not what was measured."""
    if not truth:
        raise SystemExit(f"the measurement went wrong: {found}")


@asynccontextmanager
async def serving(home: Path, folder: Path) -> Any:
    """Give a service in a home of its own."""
    settings = replace(Settings(home=home), offline=True, allowed_folders=(folder,))
    async with EdgeRuntime(settings) as runtime:
        service = Service(settings, runtime)
        try:
            await service.start()
            yield service
        finally:
            await service.stop()


PARTS: Final = {"rescan": rescan, "index": index, "write": write, "caption": caption}


if __name__ == "__main__":
    sys.exit(main())
