"""What background captions cost other programs on the same machine.

    scripts/measure_neighbours.py [--seconds 20] [--rounds 3]

A neighbour wakes twenty times a second and works for some milliseconds, as a home
automation does; how long its work takes is measured while the machine is at rest,
while the service describes photos for somebody who waits (usual priority), and in the
background. Then other programs keep every core busy, and how much of one core the
model's worker gets beside them is told for both priorities.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
import os
from pathlib import Path
import statistics
import subprocess
import sys
import tempfile
import time

from edge_runtime.config import Settings
from edge_runtime.jobs import Priority
from edge_runtime.runtime import EdgeRuntime
from edge_runtime.selftest import SAMPLES
from edge_runtime.service import CaptionOptions, Question, Service

NEIGHBOUR = """
import sys, time
end = time.monotonic() + float(sys.argv[1])
while time.monotonic() < end:
    time.sleep(0.05)
    started = time.monotonic()
    sum(range(200_000))
    print(time.monotonic() - started)
"""
BUSY = "while True: pass"
TICKS = os.sysconf("SC_CLK_TCK")
PHOTOS = sorted(SAMPLES.glob("*.jpg"))


async def neighbour(seconds: float) -> list[float]:
    """Return how long each piece of a neighbour's work took."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", NEIGHBOUR, str(seconds)),
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    out, _ = await process.communicate()
    return [float(line) for line in out.split()]


@asynccontextmanager
async def describing(service: Service, priority: Priority) -> AsyncIterator[None]:
    """Describe photos one after another for the time of a block."""

    async def work() -> None:
        options = CaptionOptions(refresh=True)
        while True:
            for path in PHOTOS:
                question = Question(options, path=path, priority=priority)
                await service.captions.ask(question)

    task = asyncio.create_task(work())
    await asyncio.sleep(2)  # the model is loaded
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def worker_seconds(service: Service) -> float:
    """Return the processor time that the workers took so far."""
    total = 0.0
    for fact in service.runner_states():
        if fact.pid is not None:
            text = Path(f"/proc/{fact.pid}/stat").read_text(encoding="utf-8")
            total += sum(map(int, text.rpartition(")")[2].split()[11:13])) / TICKS
    return total


async def beside_busy_cores(service: Service, priority: Priority, span: float) -> float:
    """Return the share of one core that the worker gets while every core is busy."""
    with busy_cores():
        async with describing(service, priority):
            before, started = worker_seconds(service), time.monotonic()
            await asyncio.sleep(span)
            taken = worker_seconds(service) - before
            return taken / (time.monotonic() - started)


@contextmanager
def busy_cores() -> Iterator[None]:
    """Keep every core busy for the time of a block."""
    command = [sys.executable, "-c", BUSY]
    busy = [
        subprocess.Popen(command, start_new_session=True)  # noqa: S603 - this Python
        for _ in range(os.cpu_count() or 1)
    ]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


async def measure(seconds: float, rounds: int) -> None:
    """Print a row per condition."""
    kinds = {"waited for": Priority.WAITING, "background": Priority.BATCH}
    rest: list[float] = []
    took: dict[str, list[float]] = {name: [] for name in kinds}
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            home=Path(folder) / "home", offline=True, allowed_folders=(SAMPLES,)
        )
        async with EdgeRuntime(settings) as runtime:
            service = Service(settings, runtime)
            await service.start()
            try:
                for _ in range(rounds):
                    rest += await neighbour(seconds)
                    for name, priority in kinds.items():
                        async with describing(service, priority):
                            took[name] += await neighbour(seconds)
                shares = {
                    name: await beside_busy_cores(service, priority, seconds)
                    for name, priority in kinds.items()
                }
            finally:
                await service.stop()
    print(f"cores: {os.cpu_count()}, load {os.getloadavg()[0]:.1f}")
    print(f"{'':12} {'median ms':>10} {'95 % ms':>10} {'beside busy cores':>20}")
    for name, values in {"at rest": rest, **took}.items():
        late = statistics.quantiles(values, n=20)[-1]
        share = f"{shares[name]:.0%}" if name in shares else "-"
        print(
            f"{name:12} {statistics.median(values) * 1e3:10.2f} {late * 1e3:10.2f}"
            f" {share:>20}"
        )


def main() -> None:
    """Measure as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    asyncio.run(measure(options.seconds, options.rounds))


if __name__ == "__main__":
    main()
