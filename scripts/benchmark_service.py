"""Measure the service against its goals.

Run with the project's Python on an otherwise idle machine:

    .venv/bin/python scripts/make_store.py FOLDER --photos 100000
    .venv/bin/python scripts/benchmark_service.py FOLDER [--seconds N] [--json]

FOLDER is the home that the service runs in. Ratios are taken inside one run, against a
server of bare aiohttp beside it. Goals that are missed make the exit code 1.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
import json
import os
from pathlib import Path
import random
from statistics import median, quantiles
import sys
import time

import aiohttp
import psutil

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "edge_runtime" / "bundled" / "samples" / "dogs-on-grass.jpg"
MODEL = "tiny-captioner"
MB = 1_000_000
REPEATS = 30
CYCLES = 5
CLIENTS = 200
LANES = 8
START_S = 60
BARE = """
import json, sys
from aiohttp import web
rows = json.loads(sys.stdin.read())
async def photos(request):
    return web.json_response(rows)
async def said(app):
    print("ready", flush=True)
app = web.Application()
app.router.add_get("/photos", photos)
app.on_startup.append(said)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)
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
async def service(home: Path) -> AsyncIterator[Running]:
    """Run the real service over a home."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "edge_runtime", "serve", "--offline"),
        *("--home", str(home), "--port", "0"),
        cwd=ROOT,
        stderr=asyncio.subprocess.PIPE,
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


async def paced(running: Running, path: str, seconds: int) -> list[float]:
    """Return the times of many clients that ask once a second each."""

    async def client(first: float) -> list[float]:
        await asyncio.sleep(first)
        times = []
        for _ in range(seconds):
            took = await timed(lambda: running.get(path))
            times.append(took)
            await asyncio.sleep(max(0.0, 1 - took / 1000))
        return times

    rng = random.Random(1)  # noqa: S311 - spreads the clients over the second
    starts = [rng.random() for _ in range(CLIENTS)]
    lists = await asyncio.gather(*(client(first) for first in starts))
    return [one for times in lists for one in times]


async def throughput(running: Running, path: str, seconds: int) -> float:
    """Return answers a second to clients that ask again at once."""
    end = time.perf_counter() + seconds

    async def lane() -> int:
        count = 0
        while time.perf_counter() < end:
            await running.get(path)
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


async def memory_cycles(running: Running) -> float:
    """Return by how many MB the tree is bigger after many models came and went."""
    after = []
    for _ in range(CYCLES):
        photo = SAMPLE.read_bytes()
        await running.post("/api/v1/captions?refresh=true", photo)
        await running.post(f"/api/v1/models/{MODEL}/unload")
        await no_children(running)
        after.append(running.tree_mb())
    return after[-1] - after[0]


async def no_children(running: Running) -> None:
    """Wait until the workers have gone, the light one after its short keep-alive."""
    async with asyncio.timeout(START_S):
        while running.process.children(recursive=True):  # noqa: ASYNC110 - other processes
            await asyncio.sleep(0.2)


async def measure(home: Path, port: int, seconds: int) -> list[Figure]:
    """Take every figure."""
    page = "/api/v1/photos?limit=50"
    search = "/api/v1/photos?q=dog+bea"
    async with service(home) as own:
        idle = own.tree_mb()
        rows = await own.get(page)
        total = json.loads(await own.get("/api/v1/stats"))["stored"]["photos"]
        async with bare(port, rows) as other:
            idle_bare = other.tree_mb()
            rates = [
                await throughput(own, page, seconds)
                / await throughput(other, "/photos", seconds)
                for _ in range(3)
            ]
        listed = await paced(own, page, seconds * 2)
        found = [await timed(lambda: own.get(search)) for _ in range(REPEATS)]
        overhead = await caption_overhead(own)
        grown = await memory_cycles(own)
    return [
        Figure("photos in the store", total, ""),
        Figure("idle memory", idle, "MB"),
        Figure("idle memory / bare aiohttp", idle / idle_bare, "x", 1.35),
        Figure("page of 50 photos, 200 clients, p50", median(listed), "ms"),
        Figure("page of 50 photos, 200 clients, p99", p99(listed), "ms"),
        Figure("pages a second / bare aiohttp", median(rates), "x", 0.6, at_least=True),
        Figure("search, median", median(found), "ms", 50),
        Figure("a caption beside its own stages, median", overhead, "ms", 10),
        Figure(f"memory grown over {CYCLES} loads and unloads", grown, "MB", 5),
    ]


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
