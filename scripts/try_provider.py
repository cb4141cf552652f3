"""Caption photos on the processor and on one of onnxruntime's other providers.

usage: scripts/try_provider.py PROVIDER PHOTOS [--count 200] [--cycles 20]

Run by the Python of an environment whose onnxruntime has the provider, such as
onnxruntime-openvino. Prints how many captions are the same, the seconds and the memory,
and what is left after loading and unloading the captioner again and again.
"""

import argparse
import asyncio
from pathlib import Path
import statistics
import sys
import tempfile
from time import perf_counter

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import psutil  # noqa: E402

from edge_runtime.config import Settings  # noqa: E402
from edge_runtime.const import CPU, EMBEDDED_MODEL  # noqa: E402
from edge_runtime.inference.messages import CaptionJob  # noqa: E402
from edge_runtime.inference.runner import ModelRunner  # noqa: E402
from edge_runtime.runtime import EdgeRuntime  # noqa: E402
from edge_runtime.units import human_bytes  # noqa: E402


async def main() -> None:
    """Print both ways' captions, seconds and memory, and the cycles' memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("provider")
    parser.add_argument("photos", type=Path)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--cycles", type=int, default=20)
    options = parser.parse_args()
    photos = sorted(options.photos.iterdir())[: options.count]
    found = [await captions(name, photos) for name in (CPU, options.provider)]
    same = sum(a == b for a, b in zip(*found, strict=True))
    print(f"{same} of {len(photos)} captions are the same")
    await cycles(options.provider, options.cycles, photos[0])


def runner_on(provider: str, home: str) -> ModelRunner:
    """Return the captioner's runner that prefers a provider."""
    settings = Settings(home=Path(home), threads=1, prefer_providers=(provider,))
    runtime = EdgeRuntime(settings)
    return runtime.runner(runtime.model(EMBEDDED_MODEL))


async def captions(provider: str, photos: list[Path]) -> list[str]:
    """Return the captions by one provider; print the seconds and the memory."""
    with tempfile.TemporaryDirectory() as home:
        runner = runner_on(provider, home)
        started = perf_counter()
        await runner.ensure_ready()
        ready = perf_counter() - started
        texts, seconds = [], []
        for path in photos:
            answer = await runner.caption(CaptionJob(path=str(path)))
            texts.append(answer.captions[0].text)
            seconds.append(answer.seconds["encode"] + answer.seconds["generate"])
        used = runner.computes_on
        peak = human_bytes(runner.stats.peak_rss_bytes)
        print(
            f"{used}: ready in {ready:.2f} s, {statistics.median(seconds):.4f} s a "
            f"photo, worker {peak}"
        )
        await runner.stop()
    return texts


async def cycles(provider: str, count: int, photo: Path) -> None:
    """Load, caption and unload; print what this process holds, and its children."""
    this = psutil.Process()
    held = []
    for _ in range(count):
        with tempfile.TemporaryDirectory() as home:
            runner = runner_on(provider, home)
            await runner.caption(CaptionJob(path=str(photo)))
            loaded = runner.rss_bytes()
            await runner.stop()
        held.append(this.memory_info().rss)
        if children := this.children(recursive=True):
            raise SystemExit(f"a worker outlived its unloading: {children}")
    print(
        f"{count} cycles: worker {human_bytes(loaded)}, no process left after any; "
        f"this process {human_bytes(held[0])} after the first, "
        f"{human_bytes(held[-1])} after the last"
    )


if __name__ == "__main__":
    asyncio.run(main())
