"""Compare converted captioners with PyTorch: seconds, peak memory, cold start.

    .cache/conversion/venv/bin/python scripts/benchmark_conversion.py

BLIP-base and ViT-GPT2 at full size with random weights, made here: speed and memory
don't depend on what the weights say. Every caption has 20 tokens, greedily. Each way
runs in a process of its own with the same threads and pictures; ours is the runtime's
worker. Needs the extra `convert`, 5 GB of disk and 3 GB of memory.
"""

import argparse
import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
import json
import os
from pathlib import Path
import resource
from statistics import median
import subprocess
import sys
import tempfile
from time import perf_counter
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from edge_runtime.inference.child import WorkerLaunch  # noqa: E402
from edge_runtime.inference.messages import CaptionJob, LoadRequest  # noqa: E402
from edge_runtime.inference.runner import ModelRunner  # noqa: E402
from edge_runtime.selftest import load_samples  # noqa: E402
from edge_runtime.units import human_bytes  # noqa: E402

TOKENS = 20
PHOTOS = [str(sample.path) for sample in load_samples()[:5]]
BLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
BLIP_STD = (0.26862954, 0.26130258, 0.27577711)
PREPROCESS: Mapping[str, dict[str, Any]] = {
    "blip": {"size": [384, 384], "resample": "bicubic"}
    | {"mean": BLIP_MEAN, "std": BLIP_STD},
    "vit_gpt2": {"size": [224, 224], "mean": [0.5] * 3, "std": [0.5] * 3},
}
TITLES = {"blip": "BLIP-base", "vit_gpt2": "ViT-GPT2"}


@dataclass(frozen=True)
class Measured:
    """How one way did."""

    cold: float
    """Seconds from the start of its process to the first caption."""
    warm: float
    """Median seconds of the captions after it."""
    peak: int
    cpu: float
    """Processor seconds of start and captions: other programs don't change them."""


def main() -> int:
    """Measure and print a table; return 0 if the bounds hold."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--work", type=Path, help="keep the models here")
    parser.add_argument("--pytorch", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.pytorch:
        kind, folder = options.pytorch
        print(json.dumps(run_pytorch(kind, Path(folder), options.threads)))
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        work = options.work or Path(scratch)
        return measure_all(work, options.threads)


def measure_all(work: Path, threads: int) -> int:
    """Measure both captioners in all ways."""
    print(f"{TOKENS} tokens, {threads} threads, median of {len(PHOTOS)} photos\n")
    print("| captioner | way | cold start | a photo | peak memory | processor time |")
    print("|---|---|---|---|---|---|")
    good = True
    for kind, title in TITLES.items():
        folder = work / kind
        if not (folder / "int8").is_dir():
            subprocess.run(  # noqa: S603
                [sys.executable, __file__, "--pytorch", f"make-{kind}", str(folder)],
                check=True,
                stdout=subprocess.DEVNULL,
            )
        theirs = start_pytorch(kind, folder, threads)
        ways = {"PyTorch": theirs}
        for name in ("float32", "int8"):
            ways[name] = asyncio.run(run_ours(kind, folder / name, threads))
        for name, found in ways.items():
            print(
                f"| {title} | {name} | {found.cold:.1f} s | {found.warm:.2f} s "
                f"| {human_bytes(found.peak)} | {found.cpu:.1f} s |",
                flush=True,
            )
        ours = ways["int8"]
        faster, sooner = theirs.warm / ours.warm, theirs.cold / ours.cold
        smaller = ours.peak / theirs.peak
        print(
            f"| {title} | int8 to PyTorch | {sooner:.1f} times sooner "
            f"| {faster:.1f} times faster | {smaller:.0%} of it "
            f"| {theirs.cpu / ours.cpu:.1f} times less |",
            flush=True,
        )
        good &= faster >= 2 and sooner >= 5 and smaller <= 1 / 3  # noqa: PLR2004
    return 0 if good else 1


def start_pytorch(kind: str, folder: Path, threads: int) -> Measured:
    """Return how `transformers` does in a process of its own."""
    command = [sys.executable, __file__, "--threads", str(threads)]
    before, started = used(), perf_counter()
    child = subprocess.run(  # noqa: S603
        [*command, "--pytorch", kind, str(folder / "checkpoint")],
        check=True,
        capture_output=True,
        env={**os.environ, "BENCHMARK_STARTED": repr(started)},
    )
    found = json.loads(child.stdout.splitlines()[-1])
    cpu = used() - before
    return Measured(found["cold"], median(found["warm"]), found["peak"], cpu)


def used() -> float:
    """Return the processor seconds of all children that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def run_pytorch(kind: str, folder: Path, threads: int) -> dict[str, Any]:
    """Caption the photos with `transformers`; the child of `start_pytorch`."""
    from PIL import Image  # noqa: PLC0415 - part of what is measured
    import torch  # noqa: PLC0415
    import transformers  # noqa: PLC0415

    from edge_runtime.imaging import to_pixel_values  # noqa: PLC0415

    if kind.startswith("make-"):
        return make(kind.removeprefix("make-"), folder)
    torch.set_num_threads(threads)
    names = {
        "blip": "BlipForConditionalGeneration",
        "vit_gpt2": "VisionEncoderDecoderModel",
    }
    model = getattr(transformers, names[kind]).from_pretrained(folder).eval()
    # perf_counter is the machine's clock since its start: the same in every process
    started, taken = float(os.environ["BENCHMARK_STARTED"]), []
    for path in PHOTOS:
        with Image.open(path) as image:
            pixels = to_pixel_values(image.convert("RGB"), PREPROCESS[kind])
        with torch.no_grad():
            ids = model.generate(
                pixel_values=torch.from_numpy(pixels),
                max_new_tokens=TOKENS,
                min_new_tokens=TOKENS,
                num_beams=1,
                do_sample=False,
            )
        assert ids.shape[1] == TOKENS + 1  # noqa: S101
        taken.append(perf_counter() - started)
        started = perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"cold": taken[0], "warm": taken[1:], "peak": peak}


async def run_ours(kind: str, folder: Path, threads: int) -> Measured:
    """Caption the photos in the runtime's worker."""
    runner = ModelRunner(
        model=LoadRequest(
            model_id=kind,
            family="encoder_decoder",
            library="onnxruntime",
            files={
                "encoder": str(folder / "encoder.onnx"),
                "decoder": str(folder / "decoder.onnx"),
                "vocabulary": str(folder.parent / "vocabulary.txt"),
            },
            threads=threads,
            preprocess=PREPROCESS[kind],
            generate={"max_new_tokens": TOKENS, "min_new_tokens": TOKENS},
            options={},
            scorer=None,
        ),
        launch=WorkerLaunch((sys.executable,)),
        keep_alive_s=600,
        timeout_s=600,
        memory_limit_bytes=None,
    )
    taken, peak, before = [], 0, used()
    for path in PHOTOS:
        started = perf_counter()
        answer = await runner.caption(CaptionJob(path=path, memory_budget=None))
        taken.append(perf_counter() - started)
        assert len(answer.captions[0].token_logprobs) == TOKENS  # noqa: S101
        peak = max(peak, answer.peak_rss_bytes)
    await runner.stop()
    return Measured(taken[0], median(taken[1:]), peak, used() - before)


def make(kind: str, folder: Path) -> dict[str, Any]:
    """Write a checkpoint of random weights, its conversions and a list of words."""
    import torch  # noqa: PLC0415

    from edge_runtime.convert.exporters import blip_pair, vit_gpt2_pair  # noqa: PLC0415
    from edge_runtime.convert.quantization import quantize  # noqa: PLC0415

    torch.manual_seed(0)
    model, begin, words = random_blip() if kind == "blip" else random_vit_gpt2()
    model.save_pretrained(folder / "checkpoint")
    model.set_attn_implementation("eager")  # what can be traced
    pair = blip_pair(model) if kind == "blip" else vit_gpt2_pair(model)
    for part in pair.export(folder / "float32"):
        quantize(part, folder / "int8" / part.name)
    special = {begin: "<bos>", 0: "<pad>", 1: "<unk>", 2: "<eos>"}
    lines = [special.get(index, f"word{index}") for index in range(words)]
    (folder / "vocabulary.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {}


def random_blip() -> tuple[Any, int, int]:
    """Return BLIP-base, the id that begins a caption, and how many words it has."""
    from transformers import (  # noqa: PLC0415
        BlipConfig,
        BlipForConditionalGeneration,
    )

    config = BlipConfig(vision_config={"image_size": 384})
    text = config.text_config
    return BlipForConditionalGeneration(config).eval(), text.bos_token_id, 30524


def random_vit_gpt2() -> tuple[Any, int, int]:
    """Return ViT-GPT2, the id that begins a caption, and how many words it has."""
    from transformers import (  # noqa: PLC0415
        GPT2Config,
        VisionEncoderDecoderConfig,
        VisionEncoderDecoderModel,
        ViTConfig,
    )

    config = VisionEncoderDecoderConfig.from_encoder_decoder_configs(
        ViTConfig(), GPT2Config()
    )
    config.decoder_start_token_id = config.eos_token_id = 50256
    config.pad_token_id = 50256
    model = VisionEncoderDecoderModel(config).eval()
    for name in ("decoder_start_token_id", "eos_token_id", "pad_token_id"):
        setattr(model.generation_config, name, 50256)
    return model, 50256, 50257


if __name__ == "__main__":
    sys.exit(main())
