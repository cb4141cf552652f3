"""`edge-captions convert SOURCE`: turn a checkpoint of PyTorch into a model."""

import argparse
import asyncio
import json
from pathlib import Path
import re
import shutil
from typing import Any, Final

from ..convert.launch import convert, require_tools
from ..convert.request import FLOAT32, INT8, ConvertRequest, Step
from ..convert.sentences import SENTENCES
from ..errors import ConversionError, PhotoNotFoundError
from ..files import write_text
from ..manifest import ModelSpec
from ..manifest.converted import REPORT_NAME, ROW_NAME, record_measurement
from ..runtime import EdgeRuntime
from ..schemas import Task
from ..selftest import SelfTest, can_test, load_samples
from ..units import human_bytes
from .exit_codes import ExitCode
from .output import Console

_PHOTOS: Final = (".jpg", ".jpeg", ".png", ".webp")
_MOST_PHOTOS: Final = 40
_WORK: Final = ".convert"


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "convert",
        parents=[common],
        help="turn a checkpoint of PyTorch into a small model (on a desktop)",
        description="Turn a checkpoint (ViT-GPT2, BLIP, GIT, Florence-2, Marian, "
        "or the work folder of our own captioner) into ONNX with a key/value cache in "
        "int8, compare it with PyTorch, and put it among the models. The same command "
        "goes on where a stopped one was. Copy the model's folder to the machine that "
        "is to use it.",
    )
    parser.add_argument("source", metavar="FOLDER-OR-NAME", help="or a name on the hub")
    parser.add_argument("--id", metavar="ID", help="the model's id here")
    parser.add_argument(
        "--photos",
        metavar="DIR",
        type=Path,
        help="compare on these, not the samples",
    )
    parser.add_argument(
        "--quantization", choices=(INT8, FLOAT32), default=INT8, help="default: int8"
    )
    parser.add_argument(
        "--license", default="", metavar="SPDX", help="if its card names none"
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.set_defaults(run=run)


async def run(
    runtime: EdgeRuntime, options: argparse.Namespace, console: Console
) -> ExitCode:
    """Convert, install, prove and measure one model."""
    require_tools()
    request = _request_of(runtime, options)
    bar = console.progress(request.model_id, 0, "steps")
    shown = ""

    def show(step: Step) -> None:
        nonlocal shown
        if step.stage != shown:
            shown = step.stage
            console.tell(f"{request.model_id}: {step.stage}", "dim")
        unit = "bytes" if step.stage == "download" else "steps"
        bar.unit = unit
        bar.update(step.done, step.total, step.stage)

    try:
        report = await convert(request, show)
    finally:
        bar.close()
    made = Path(report.pop("folder"))
    spec = await _install(runtime, request, made)
    result = await runtime.self_test(spec) if can_test(spec) else None
    if result is not None:
        report["measured"] = {
            "seconds": round(result.seconds, 3),
            "peak_rss_bytes": result.peak_rss_bytes,
        }
        folder = runtime.settings.models_home / spec.id
        write_text(folder / REPORT_NAME, json.dumps(report, indent=1) + "\n")
        cpu = runtime.hardware.cpu.model_name or "unknown processor"
        peak = result.peak_rss_bytes
        record_measurement(folder / ROW_NAME, cpu, result.seconds, peak)
    _tell(spec, report, result, console, as_json=options.json)
    return ExitCode.OK


def _request_of(runtime: EdgeRuntime, options: argparse.Namespace) -> ConvertRequest:
    settings = runtime.settings
    name = options.id or _id_of(options.source)
    folder = settings.models_home / _WORK / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise ConversionError(f"{folder}: can't be made ({err.strerror})") from None
    return ConvertRequest(
        source=options.source,
        model_id=name,
        work=str(folder),
        samples=_photos(options.photos),
        sentences=SENTENCES,
        hub=settings.hub,
        offline=settings.offline,
        quantization=options.quantization,
        license=options.license,
    )


def _id_of(source: str) -> str:
    """Return an id made of a folder's or a model's name."""
    name = Path(source).name.lower() or "model"
    return re.sub(r"[^a-z0-9._-]+", "-", name).strip("._-")[:64] or "model"


def _photos(folder: Path | None) -> tuple[str, ...]:
    if folder is None:
        return tuple(str(sample.path) for sample in load_samples())
    found = [p for p in sorted(folder.glob("*")) if p.suffix.lower() in _PHOTOS]
    if not found:
        raise PhotoNotFoundError(f"{folder}: there are no photos to compare on")
    return tuple(str(path) for path in found[:_MOST_PHOTOS])


async def _install(
    runtime: EdgeRuntime, request: ConvertRequest, made: Path
) -> ModelSpec:
    """Put what was made among the models, checked like a download."""
    await asyncio.to_thread(_put, made, runtime.settings.models_home / request.model_id)
    runtime.forget_manifest()
    spec = runtime.model(request.model_id)
    await runtime.store.ensure(spec)
    shutil.rmtree(request.work, ignore_errors=True)
    return spec


def _put(made: Path, target: Path) -> None:
    """Move a folder to where another may be, which is kept until the new one is."""
    before = target.with_name(f".{target.name}.before")
    try:
        shutil.rmtree(before, ignore_errors=True)
        if target.exists():
            target.rename(before)
        made.rename(target)
        shutil.rmtree(before, ignore_errors=True)
    except OSError as err:
        raise ConversionError(
            f"{target}: can't be put there ({err.strerror})"
        ) from None


def _tell(
    spec: ModelSpec,
    report: dict[str, Any],
    result: SelfTest | None,
    console: Console,
    *,
    as_json: bool,
) -> None:
    if as_json:
        console.print(json.dumps({"id": spec.id, **report}, ensure_ascii=False))
        return
    for name in ("float32", "converted"):
        parity = report[name]
        console.print(
            f"{name if name == 'float32' else report['quantization']}: "
            f"{parity['token_agreement']:.1%} of PyTorch's tokens, "
            f"{parity['caption_agreement']:.1%} of {parity['samples']} texts the same, "
            f"log-probability {parity['logprob_change']:+.3f} a token"
        )
    for scope in report["kept_in_float32"]:
        console.print(f"kept in float32: {scope}")
    size = human_bytes(spec.total_bytes or 0)
    console.print(f"{spec.id}: {size} in {len(spec.files)} files", "green")
    if result is None:
        return
    unit = "photo" if spec.task is Task.IMAGE_TO_TEXT else "text"
    memory = human_bytes(result.peak_rss_bytes)
    console.print(f"{result.seconds:.2f} s a {unit}, {memory} of memory")
    if not result.passed:
        console.tell(f"{spec.id}: self-test failed: {result.reason}", "yellow")
