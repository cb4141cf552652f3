"""Carry out `edge-captions evaluate`: caption, score, print, write."""

import argparse
import asyncio
import json
from pathlib import Path
import shutil
import tempfile
from typing import Final

from ..config import Settings
from ..errors import ModelUnusableError
from ..evaluation import (
    Dataset,
    Evaluation,
    PhotoResult,
    Wanted,
    WorkFile,
    basis_of,
    caption_photos,
    check_embedding,
    headline,
    load_dataset,
    notes,
    report_html,
    score_models,
    table_lines,
    to_document,
    why_no_meteor,
)
from ..files import FileWriteError, write_text
from ..manifest import ModelSpec
from ..runtime import EdgeRuntime
from ..schemas import Task
from .exit_codes import ExitCode
from .output import Console

_NARROWEST: Final = 60


async def evaluate(
    runtime: EdgeRuntime, options: argparse.Namespace, console: Console
) -> ExitCode:
    """Caption with each model, score, and write what was asked for."""
    if options.embed and options.html is None:
        options.parser.error("--embed goes with --html")
    specs = _captioners(runtime, options.model or [])
    dataset = _dataset(options)
    # whatever would spoil the end is found before the long work
    for path in (options.json, options.html):
        if path is not None:
            _check_destination(path)
    if options.embed:
        check_embedding(dataset)
    folder = options.work or _work_folder(runtime.settings)
    results = {
        spec.id: await _caption(runtime, spec, dataset, folder, options, console)
        for spec in specs
    }
    no_meteor = "--no-meteor was given" if options.no_meteor else why_no_meteor()
    if no_meteor is None:
        console.tell("METEOR loads its table of paraphrases, some ten seconds", "dim")
    evaluation = await score_models(dataset, results, no_meteor=no_meteor)
    _write(evaluation, options, console)
    _print(evaluation, console)
    failed = any(model.failed for model in evaluation.models)
    return ExitCode.PHOTO if failed else ExitCode.OK


def _captioners(runtime: EdgeRuntime, wanted: list[str]) -> list[ModelSpec]:
    """Return the named captioners, or the one that answers here; all can run."""
    if not wanted:
        return [runtime.captioner(runtime.select())]
    for model_id in wanted:
        spec = runtime.model(model_id)
        if spec.task is not Task.IMAGE_TO_TEXT:
            raise ModelUnusableError(
                f"{model_id} is a model for {spec.task.value}, not a captioner"
            )
    return [
        runtime.captioner(runtime.select(pin=model_id))
        for model_id in dict.fromkeys(wanted)
    ]


def _dataset(options: argparse.Namespace) -> Dataset:
    wanted = Wanted(
        images=options.images,
        split=options.split,
        limit=options.limit,
        skip_missing=options.skip_missing,
    )
    return load_dataset(options.dataset, wanted)


def _work_folder(settings: Settings) -> Path:
    return settings.home / "evaluations"


def _check_destination(path: Path) -> None:
    """Raise FileWriteError unless a file of this name can be written."""
    if path.is_dir():
        raise FileWriteError(f"{path}: can't be written: is a folder")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as err:
        raise FileWriteError(f"{path}: can't be written: {err.strerror}") from None


async def _caption(
    runtime: EdgeRuntime,
    spec: ModelSpec,
    dataset: Dataset,
    folder: Path,
    options: argparse.Namespace,
    console: Console,
) -> tuple[PhotoResult, ...]:
    total = len(dataset.photos)
    bar = console.progress(spec.id, total, "photos")
    done = 0

    def progress(count: int) -> None:
        nonlocal done
        done = count
        bar.update(count)

    basis = basis_of(runtime, spec, dataset)
    with WorkFile.of(folder, f"{dataset.title} {spec.id}", basis) as work:
        work.open(fresh=options.fresh)
        try:
            return await caption_photos(runtime, spec, dataset, work, progress)
        except asyncio.CancelledError:
            console.tell(
                f"{spec.id}: {done} of {total} photos are done; the same command "
                "goes on from there"
            )
            raise
        finally:
            bar.close()
            # its memory comes back before the next model needs some
            await runtime.runner(spec).stop()


def _write(
    evaluation: Evaluation, options: argparse.Namespace, console: Console
) -> None:
    if options.json is not None:
        write_text(options.json, json.dumps(to_document(evaluation), indent=1) + "\n")
        console.tell(f"wrote {options.json}")
    if options.html is not None:
        page = report_html(evaluation, options.html, embed=options.embed)
        write_text(options.html, page)
        console.tell(f"wrote {options.html}")


def _print(evaluation: Evaluation, console: Console) -> None:
    console.print(headline(evaluation), "bold")
    console.print()
    width = max(shutil.get_terminal_size().columns, _NARROWEST)
    for line in table_lines(evaluation, width):
        console.print(line)
    for line in notes(evaluation):
        console.tell(line, "dim")
