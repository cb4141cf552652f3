"""Measure the service against its goals.

Run with the project's Python on an otherwise idle machine:

    .venv/bin/python scripts/make_store.py FOLDER --photos 100000
    .venv/bin/python scripts/benchmark_service.py FOLDER [--seconds N] [--json]

FOLDER is the home whose photos are listed; memory is measured in an empty home. Ratios
are taken inside one run, against a server of bare aiohttp beside it, which answers with
the same rows. Goals that are missed make the exit code 1.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
import json
import os
from pathlib import Path
import random
from statistics import median, quantiles
import sys
from tempfile import TemporaryDirectory
import time

import aiohttp
import psutil

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "edge_runtime" / "bundled" / "samples" / "dogs-on-grass.jpg"
MODEL = "tiny-captioner"
MB = 1_000_000
REPEATS = 30
CYCLES = 20
KEEP_ALIVE_S = 2
BACK_S = 4.5
PLACES = 200
CLIENTS = 200
LANES = 8
START_S = 60
BARE = """
import json, sys
from aiohttp import web
rows = json.loads(sys.stdin.read())
async def photos(request):
    return web.json_response(rows)
def said(*_):
    print("ready", flush=True)
app = web.Application()
app.router.add_get("/photos", photos)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=said, access_log=None)
"""


@dataclass(frozen=True)
class Figure:
    """One measured number beside its goal."""

    name: str
    value: float
    unit: str
    goal: float | None = None
    at_least: bool = False
    """Whether more is better."""

    @property
    def met(self) -> bool:
        """Whether the goal is reached; without one it always is."""
        if self.goal is None:
            return True
        return self.value >= self.goal if self.at_least else self.value <= self.goal


@dataclass(frozen=True)
class Running:
    """A server that runs, and a client of it."""

    process: psutil.Process
    session: aiohttp.ClientSession

    def tree_mb(self) -> float:
        """Return the resident memory of the process and its children."""
        tree = [self.process, *self.process.children(recursive=True)]
        return sum(one.memory_info().rss for one in tree) / MB

    async def get(self, path: str) -> bytes:
        """Return the body of an answer."""
        async with self.session.get(path, raise_for_status=True) as response:
            return await response.read()

    async def post(self, path: str, body: bytes | None = None) -> bytes:
        """Send a photo, or nothing, and return the body of the answer."""
        headers = {"Content-Type": "image/jpeg"} if body else {}
        async with self.session.post(
            path, data=body, headers=headers, raise_for_status=True
        ) as response:
            return await response.read()


@asynccontextmanager
async def connected(
    child: asyncio.subprocess.Process, url: str
) -> AsyncIterator[Running]:
    """Connect to a child that listens, and end it afterwards."""
    connector = aiohttp.TCPConnector(limit=0)
    try:
        async with aiohttp.ClientSession(url, connector=connector) as session:
            yield Running(psutil.Process(child.pid), session)
    finally:
        child.terminate()
        await child.wait()


@asynccontextmanager
async def service(home: Path, *options: str, **environ: str) -> AsyncIterator[Running]:
    """Run the real service over a home."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "edge_runtime", "serve", "--offline"),
        *("--home", str(home), "--port", "0", *options),
        cwd=ROOT,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environ},
    )
    assert child.stderr is not None  # noqa: S101 - it was asked for
    async with asyncio.timeout(START_S):
        line = (await child.stderr.readline()).decode()
    if "listening at " not in line:
        rest = (await child.stderr.read()).decode()
        raise SystemExit(f"the service did not start: {line}{rest}")
    reading = asyncio.create_task(child.stderr.read())
    async with connected(child, line.split()[-1]) as running:
        yield running
    await reading


@asynccontextmanager
async def bare(port: int, rows: bytes) -> AsyncIterator[Running]:
    """Run a server of aiohttp alone, which answers with the same rows."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", BARE, str(port)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdin is not None  # noqa: S101 - it was asked for
    assert child.stdout is not None  # noqa: S101 - it was asked for
    child.stdin.write(rows)
    child.stdin.close()
    async with asyncio.timeout(START_S):
        await child.stdout.readline()
    async with connected(child, f"http://127.0.0.1:{port}") as running:
        yield running


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    """Return the milliseconds of one piece of work."""
    begun = time.perf_counter()
    await work()
    return (time.perf_counter() - begun) * 1000


def anywhere(paths: list[str]) -> Iterator[str]:
    """Yield addresses in an order that is the same each time."""
    rng = random.Random(2)  # noqa: S311 - which page a client looks at
    while True:
        yield rng.choice(paths)


async def paced(running: Running, paths: list[str], seconds: int) -> list[float]:
    """Return the times of many clients that ask once a second each."""
    wanted = anywhere(paths)

    async def client(first: float) -> list[float]:
        await asyncio.sleep(first)
        times = []
        for _ in range(seconds):
            took = await timed(lambda: running.get(next(wanted)))
            times.append(took)
            await asyncio.sleep(max(0.0, 1 - took / 1000))
        return times

    rng = random.Random(1)  # noqa: S311 - spreads the clients over the second
    starts = [rng.random() for _ in range(CLIENTS)]
    lists = await asyncio.gather(*(client(first) for first in starts))
    return [one for times in lists for one in times]


async def throughput(running: Running, paths: list[str], seconds: int) -> float:
    """Return answers a second to clients that ask again at once."""
    wanted = anywhere(paths)
    end = time.perf_counter() + seconds

    async def lane() -> int:
        count = 0
        while time.perf_counter() < end:
            await running.get(next(wanted))
            count += 1
        return count

    return sum(await asyncio.gather(*(lane() for _ in range(LANES)))) / seconds


async def caption_overhead(running: Running) -> float:
    """Return what HTTP, store and queue add to a photo's own stages."""
    photo = SAMPLE.read_bytes()
    await running.post("/api/v1/captions", photo)
    extra = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        answer = await running.post("/api/v1/captions?refresh=true", photo)
        took = time.perf_counter() - begun
        extra.append((took - json.loads(answer)["seconds"]) * 1000)
    return median(extra)


async def pages(running: Running) -> list[str]:
    """Return the addresses of pages all over the photos."""
    found, path = [], "/api/v1/photos?limit=50"
    total = json.loads(await running.get("/api/v1/stats"))["stored"]["photos"]
    step = max(total // 50 // PLACES, 1)
    for number in range(total // 50):
        if number % step == 0:
            found.append(path)
        cursor = json.loads(await running.get(path))["next_cursor"]
        if cursor is None:
            break
        path = f"/api/v1/photos?limit=50&cursor={cursor}"
    return found


async def memory_cycles(running: Running) -> list[float]:
    """Return the tree's MB after each of many models that came and went by itself."""
    after = []
    for _ in range(CYCLES):
        await running.post("/api/v1/captions?refresh=true", SAMPLE.read_bytes())
        await no_children(running)
        await asyncio.sleep(BACK_S)
        after.append(running.tree_mb())
    return after


async def no_children(running: Running) -> None:
    """Wait until the workers have gone, the light one after its short keep-alive."""
    async with asyncio.timeout(START_S):
        while running.process.children(recursive=True):  # noqa: ASYNC110 - other processes
            await asyncio.sleep(0.2)


async def speed(home: Path, port: int, seconds: int) -> list[Figure]:
    """Take the figures of a home that is full of photos."""
    polled, search = ["/api/v1/photos?limit=50"], "/api/v1/photos?q=dog+bea"
    async with service(home) as own:
        total = json.loads(await own.get("/api/v1/stats"))["stored"]["photos"]
        spread = await pages(own)
        rows = await own.get(polled[0])
        async with bare(port, rows) as other:
            rates: dict[str, list[float]] = {"polled": [], "spread": []}
            for _ in range(3):
                base = await throughput(other, ["/photos"], seconds)
                for name, paths in (("polled", polled), ("spread", spread)):
                    rates[name].append(await throughput(own, paths, seconds) / base)
            base_times = await paced(other, ["/photos"], seconds * 2)
        listed = await paced(own, spread, seconds * 2)
        found = [await timed(lambda: own.get(search)) for _ in range(REPEATS)]
        overhead = await caption_overhead(own)
    clients = f"a page, {CLIENTS} clients"
    ratio = "pages a second / bare aiohttp"
    return [
        Figure("photos in the store", total, ""),
        Figure(f"{clients}, median", median(listed), "ms"),
        Figure(f"{clients}, 99 of 100 below", p99(listed), "ms", 100),
        Figure("the same of bare aiohttp", p99(base_times), "ms"),
        Figure(ratio, median(rates["polled"]), "x", 0.6, at_least=True),
        Figure(f"{ratio}, all over", median(rates["spread"]), "x", 0.6, at_least=True),
        Figure("search, median", median(found), "ms", 50),
        Figure("a caption beside its own stages, median", overhead, "ms", 10),
    ]


async def memory(port: int) -> list[Figure]:
    """Take the figures of a home in which nothing is yet."""
    keep = {"EDGE_CAPTIONS_SERVICE_KEEP_ALIVE_S": str(KEEP_ALIVE_S)}
    with TemporaryDirectory() as folder:
        async with bare(port, b"[]") as other:
            await other.get("/photos")
            base = other.tree_mb()
        async with service(Path(folder) / "home", **keep) as own:
            await asyncio.sleep(BACK_S)
            idle = own.tree_mb()
            after = await memory_cycles(own)
        async with service(Path(folder) / "told", "--host", "0.0.0.0") as own:  # noqa: S104
            await asyncio.sleep(BACK_S)
            announcing = own.tree_mb()
    cycles = f"{CYCLES} loads"
    return [
        Figure("bare aiohttp", base, "MB"),
        Figure("idle memory", idle, "MB"),
        Figure("idle memory / bare aiohttp", idle / base, "x", 1.35),
        Figure("while it announces itself / bare", announcing / base, "x", 1.45),
        Figure(
            f"{BACK_S} s after the last of {cycles} / bare", after[-1] / base, "x", 1.35
        ),
        Figure(
            f"grown from the first to the last of {cycles}",
            after[-1] - after[0],
            "MB",
            1,
        ),
    ]


async def measure(home: Path, port: int, seconds: int) -> list[Figure]:
    """Take every figure."""
    return [*await memory(port), *await speed(home, port, seconds)]


def p99(times: list[float]) -> float:
    """Return what 99 of 100 stay below."""
    return quantiles(times, n=100)[98]


def print_table(figures: list[Figure]) -> None:
    """Print what was measured beside what should be."""
    for one in figures:
        sign = ">=" if one.at_least else "<="
        goal = "" if one.goal is None else f"{sign} {one.goal:g}"
        met = "" if one.goal is None else ("met" if one.met else "MISSED")
        print(f"{one.name:44} {one.value:10.2f} {one.unit:3} {goal:8} {met}")


def main() -> int:
    """Read the command line, measure and report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("home", type=Path, help="made by scripts/make_store.py")
    parser.add_argument("--port", type=int, default=18490, help="of the bare server")
    parser.add_argument("--seconds", type=int, default=5, help="of each load")
    parser.add_argument("--json", action="store_true", help="machine-readable")
    chosen = parser.parse_args()
    load = os.getloadavg()[0]
    figures = asyncio.run(measure(chosen.home, chosen.port, chosen.seconds))
    if chosen.json:
        print(json.dumps([asdict(one) | {"met": one.met} for one in figures], indent=2))
    else:
        print_table(figures)
        print(f"load of the machine before: {load:.1f} on {os.cpu_count()} cores")
    return 0 if all(one.met for one in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
