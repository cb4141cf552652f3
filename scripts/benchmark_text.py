"""Text models: speed beside llama.cpp's own, the known prefix, memory.

    scripts/benchmark_text.py [--home FOLDER] [--check] [--llama-bench FILE] [MODEL...]

For each installed text model: the worker's peak memory beside what `memory_need` says
of its manifest row. For language models also prompt and generation tokens/s through our
session beside llama.cpp's decode loop on the same build and threads (as llama-bench
runs it: the prompt in batches, then single tokens), and how much sooner the first token
of a second photo comes. --check fails where a goal is missed.

--llama-bench measures against that program instead, with the libraries of the installed
wheel, by the clock: on a machine that does nothing else.
"""

import argparse
import asyncio
from dataclasses import dataclass
from itertools import islice
import json
from pathlib import Path
import statistics
import subprocess
import sys
from time import perf_counter, process_time
from typing import TYPE_CHECKING

from PIL import Image

from edge_runtime.config import load_settings
from edge_runtime.facts import Fact, FactKind, FactSource
from edge_runtime.hardware import default_threads
from edge_runtime.inference.messages import LoadRequest
from edge_runtime.inference.runner import ModelRunner
from edge_runtime.inference.text_messages import (
    GenerateJob,
    ReadJob,
    TranslateJob,
)
from edge_runtime.manifest import ModelSpec
from edge_runtime.pipeline.composing import Composer, Draft
from edge_runtime.pipeline.prompts import conversation
from edge_runtime.runtime import EdgeRuntime
from edge_runtime.schemas import Task
from edge_runtime.selection import memory_need

if TYPE_CHECKING:
    from edge_runtime.sessions.llama import LlamaSession

PLACE = Fact(FactKind.PLACE, "Lisbon", FactSource.REQUEST)
CAPTIONS = ("A brown dog is running on the sand.", "Two people are on a street.")
TEXTS = (Task.TEXT_GENERATION, Task.TRANSLATION, Task.OCR)
GENERATED, ROUNDS = 96, 5
MEMORY_GOAL, SPEED_GOAL, PREFIX_GOAL, TEMPLATE_GOAL_S = 0.15, 0.90, 2.0, 0.002


@dataclass
class Row:
    """One number beside its goal."""

    name: str
    value: str
    met: bool


async def memory(runtime: EdgeRuntime, spec: ModelSpec, photo: Path) -> Row:
    """Return the worker's peak beside what the manifest's formula says."""
    runner = runtime.runner(spec)
    peak = 0
    match spec.task:
        case Task.TEXT_GENERATION:
            for caption in CAPTIONS:
                job = GenerateJob(conversation(caption, [PLACE]))
                peak = (await runner.generate(job)).peak_rss_bytes
        case Task.TRANSLATION:
            peak = (await runner.translate(TranslateJob(CAPTIONS))).peak_rss_bytes
        case _:
            peak = (await runner.read(ReadJob(path=str(photo)))).peak_rss_bytes
    need = memory_need(spec)
    said = need.load_peak_bytes if need else 0
    off = said / peak - 1
    value = f"{peak / 1e6:.0f} MB, formula {said / 1e6:.0f} MB ({off:+.0%})"
    return Row(f"{spec.id}: peak memory", value, abs(off) <= MEMORY_GOAL)


async def prefix(runner: ModelRunner) -> Row:
    """Return how much sooner a second photo's first token comes."""
    ratios = []
    for number in range(ROUNDS):
        await runner.stop()
        await runner.ensure_ready()
        seconds = []
        for caption in CAPTIONS:
            turns = conversation(caption, [PLACE])
            answer = await runner.generate(GenerateJob(turns, {"seed": number}))
            seconds.append(answer.seconds["prompt"])
        ratios.append(seconds[0] / seconds[1])
    ratio = statistics.median(ratios)
    name = f"{runner.model.model_id}: first token of a second photo"
    return Row(name, f"{ratio:.1f} times sooner", ratio >= PREFIX_GOAL)


def speed(runner: ModelRunner, bench: Path | None) -> list[Row]:
    """Return our tokens/s beside llama.cpp's own.

    In its loop in this process it is by the processor's time, which other programs on
    the machine don't stretch; llama-bench knows the clock alone.
    """
    from edge_runtime.sessions.base import Sampling  # noqa: PLC0415
    from edge_runtime.sessions.llama import LlamaSession  # noqa: PLC0415

    model = runner.model
    session = LlamaSession(
        model.files["weights"], threads=model.threads, options=model.options
    )
    ours, theirs = ([], []), ([], [])
    clock = process_time if bench is None else perf_counter
    for number in range(ROUNDS):
        text = f"{number}. Sing a song of the sea, a very long one. " * 16
        prompt = session.chat([("user", text)])
        new = len(prompt) - session.known_prefix(prompt)
        started = clock()
        pieces = session.generate(prompt, Sampling())
        next(pieces)
        read = clock()
        count = sum(1 for _ in islice(pieces, GENERATED))
        done = clock()
        ours[0].append(new / (read - started))
        ours[1].append(count / (done - read))
        if bench is None:
            raw = decode_loop(session, new)
        else:
            raw = run_bench(bench, model, new)
        for index in (0, 1):
            theirs[index].append(raw[index])
    rows = []
    for index, what in enumerate(("prompt", "generation")):
        our, their = max(ours[index]), max(theirs[index])
        name = "llama.cpp's loop" if bench is None else "llama-bench"
        value = f"{our:.0f} tokens/s, {name} {their:.0f} ({our / their:.0%})"
        rows.append(Row(f"{model.model_id}: {what}", value, our / their >= SPEED_GOAL))
    return rows


def decode_loop(session: "LlamaSession", prompt_tokens: int) -> tuple[float, float]:
    """Return prompt and generation tokens/s of bare llama_decode calls."""
    import llama_cpp  # noqa: PLC0415

    llama = session._llama  # noqa: SLF001
    context = llama.ctx
    everything = True

    def forget() -> None:
        memory = llama_cpp.llama_get_memory(context)
        llama_cpp.llama_memory_clear(memory, everything)
        llama.reset()

    def decode(count: int) -> None:
        ids = (llama_cpp.llama_token * count)(*([1000] * count))
        llama_cpp.llama_decode(context, llama_cpp.llama_batch_get_one(ids, count))
        llama_cpp.llama_synchronize(context)

    forget()
    started = process_time()
    for start in range(0, prompt_tokens, llama.n_batch):
        decode(min(llama.n_batch, prompt_tokens - start))
    read = process_time()
    for _ in range(GENERATED):
        decode(1)
    done = process_time()
    forget()
    return prompt_tokens / (read - started), GENERATED / (done - read)


def run_bench(
    bench: Path, model: LoadRequest, prompt_tokens: int
) -> tuple[float, float]:
    """Return prompt and generation tokens/s of llama-bench on the wheel's libraries.

    It generates behind as many tokens (its depth) as ours has read.
    """
    import llama_cpp  # noqa: PLC0415

    libraries = {"LD_LIBRARY_PATH": str(Path(llama_cpp.__file__).parent / "lib")}
    length = str(prompt_tokens)
    rates = []
    prompt = ("-p", length, "-n", "0")
    generation = ("-p", "0", "-n", str(GENERATED), "-d", length)
    for what in (prompt, generation):
        command = [
            str(bench), "-m", model.files["weights"], "-t", str(model.threads),
            "-r", "1", "-o", "json", *what,
        ]  # fmt: skip
        done = subprocess.run(  # noqa: S603 - the program that the person named
            command, env=libraries, check=True, capture_output=True, text=True
        )
        (run,) = json.loads(done.stdout)
        rates.append(run["avg_ts"])
    return rates[0], rates[1]


def template() -> Row:
    """Return how long a template takes."""
    composer = Composer()
    draft = Draft(CAPTIONS[0], "en", (PLACE,))
    composer.compose(draft)
    started = perf_counter()
    for _ in range(200):
        composer.compose(draft)
    seconds = (perf_counter() - started) / 200
    return Row("template", f"{seconds * 1000:.2f} ms", seconds < TEMPLATE_GOAL_S)


async def measure(options: argparse.Namespace) -> int:
    """Print every number; return 1 if one misses its goal and that was asked."""
    settings = load_settings(home=options.home)
    photo = Path(options.photo)
    rows = [template()]
    async with EdgeRuntime(settings) as runtime:
        print(f"threads: {settings.threads or default_threads(runtime.hardware)}")
        for spec in runtime.manifest.models:
            wanted = not options.models or spec.id in options.models
            if spec.task not in TEXTS or not wanted:
                continue
            if not runtime.store.state(spec).is_usable:
                continue
            rows.append(await memory(runtime, spec, photo))
            if spec.task is Task.TEXT_GENERATION:
                runner = runtime.runner(spec)
                rows.append(await prefix(runner))
                await runner.stop()
                rows += await asyncio.to_thread(speed, runner, options.llama_bench)
            await runtime.runner(spec).stop()
    for row in rows:
        print(f"{'ok  ' if row.met else 'MISS'} {row.name}: {row.value}")
    return 1 if options.check and not all(row.met for row in rows) else 0


def main() -> int:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("models", nargs="*", metavar="MODEL")
    parser.add_argument("--home", type=Path)
    parser.add_argument("--photo", help="what a text reader reads")
    parser.add_argument("--llama-bench", type=Path, help="llama.cpp's program")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    if options.photo is None:
        options.photo = "/tmp/benchmark_text.png"  # noqa: S108
        Image.effect_noise((1600, 1200), 60).convert("RGB").save(options.photo)
    return asyncio.run(measure(options))


if __name__ == "__main__":
    sys.exit(main())
