"""`edge-captions caption PHOTO...`: describe photos."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
import json
from typing import Any

from ..config import AutoDownload
from ..errors import (
    DownloadError,
    EdgeRuntimeError,
    ModelUnknownError,
    ModelUnusableError,
)
from ..hardware import HardwareInfo
from ..manifest import ModelSpec
from ..pipeline import Described, TextStage, untranslated_note
from ..runtime import EdgeRuntime
from ..schemas import CaptionRequest, CaptionResult, Task, Verdict
from ..selection import Choice, Selection, better_here
from ..text_models import text_stage
from ..units import human_bytes, printable
from ..yaml_reader import suggest
from .download import fetch
from .exit_codes import ExitCode, exit_code_of
from .fact_options import add_fact_options, add_text_options, sources_of, wanted_of
from .output import Console, language_code


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "caption",
        parents=[common],
        help="describe photos",
        description="Describe photos; one line each on standard output.",
    )
    parser.add_argument("photos", nargs="+", metavar="PHOTO")
    parser.add_argument(
        "--json", action="store_true", help="one JSON object a line and photo"
    )
    parser.add_argument(
        "--language",
        metavar="CODE",
        type=language_code,
        help="language of the caption (en, de, ...)",
    )
    parser.add_argument("--model", metavar="ID", help="use this captioner")
    parser.add_argument(
        "--no-verify",
        dest="verify",
        action="store_false",
        help="don't check the captions against the photos",
    )
    add_fact_options(parser)
    add_text_options(parser)
    parser.set_defaults(run=run)


async def run(
    runtime: EdgeRuntime, options: argparse.Namespace, console: Console
) -> ExitCode:
    """Caption every photo; a broken one does not stop the others."""
    language = options.language or runtime.settings.language
    wanted = wanted_of(options, runtime.settings)
    if options.model is not None:
        _check_is_captioner(runtime, options.model)
    selection = runtime.select(language=language, pin=options.model)
    if await fetch_if_wanted(runtime, selection, console):
        selection = runtime.select(language=language, pin=options.model)
    spec = runtime.captioner(selection)
    _tell_choice(selection, runtime.hardware, console)
    await runtime.runner(spec, verify=options.verify).ensure_ready()
    report = _Report(console, as_json=options.json, several=len(options.photos) > 1)
    report.told.add(untranslated_note(language, spec.languages[0]))
    requests = [
        replace(wanted, path=path, language=language, verify=options.verify)
        for path in options.photos
    ]
    texts = text_stage(runtime, requests[0], selection)
    return await _caption_all(runtime, spec, requests, texts, report)


async def _caption_all(
    runtime: EdgeRuntime,
    spec: ModelSpec,
    requests: Sequence[CaptionRequest],
    texts: TextStage,
    report: "_Report",
) -> ExitCode:
    """Describe every photo; then, a model after the other, finish every text."""
    bar = report.console.progress("captions", len(requests), "photos")
    worst = ExitCode.OK
    waiting: list[tuple[CaptionRequest, Described]] = []
    for number, request in enumerate(requests):
        if report.several:
            bar.update(number, label=printable(request.path.rpartition("/")[2]))
        try:
            described = await runtime.describe(request, spec)
        except EdgeRuntimeError as err:
            report.failed(request.path, err)
            worst = max(worst, exit_code_of(err))
            continue
        if texts.models.are_there:
            waiting.append((request, described))
        else:
            report.done(described.result)
    for number, (request, described) in enumerate(waiting):
        if report.several:
            bar.update(number, label="texts")
        report.done(await texts.finish(request, described))
    bar.close()
    return worst


@dataclass(slots=True)
class _Report:
    """Writes results as people or programs want them."""

    console: Console
    as_json: bool
    several: bool
    told: set[str] = field(default_factory=set)

    def done(self, result: CaptionResult) -> None:
        if self.as_json:
            self.console.print(json.dumps(result.to_dict(), ensure_ascii=False))
            return
        path = self.console.style(f"{printable(result.path)}: ", "dim")
        prefix = path if self.several else ""
        title = self.console.style(f"{result.title}: " if result.title else "", "bold")
        said = title + self.console.style(result.caption, "bold")
        self.console.print(prefix + said)
        if judgement := in_words(result):
            style = "green" if result.verdict is Verdict.SURE else "yellow"
            self.console.tell(f"  {judgement}", style)
        if told := sources_of(result):
            self.console.tell(f"  {told}", "dim")
        for note in result.notes:
            if note not in self.told:
                self.told.add(note)
                self.console.tell(f"  {note}", "dim")

    def failed(self, path: str, error: EdgeRuntimeError) -> None:
        if self.as_json:
            line = {"path": path, "error": error.to_dict()}
            self.console.print(json.dumps(line, ensure_ascii=False))
        self.console.fail(error.message)


def in_words(result: CaptionResult) -> str:
    """Return how far a caption can be trusted; empty if nothing checked it."""
    said = f" {result.caption.lower().rstrip('.')} "
    stands = [word for word in result.doubted if f" {word.lower()} " in said]
    gone = [word for word in result.doubted if word not in stands]
    left_out = f" (left out: {printable(', '.join(gone))})" if gone else ""
    match result.verdict:
        case Verdict.SURE:
            return f"looks right{left_out}"
        case Verdict.UNSURE:
            words = f": {printable(', '.join(stands))}" if stands else ""
            return f"please check{words}{left_out}"
        case Verdict.NONE:
            return f"couldn't tell{left_out}"
        case Verdict.UNCHECKED:
            return ""


def _check_is_captioner(runtime: EdgeRuntime, model_id: str) -> None:
    rows = runtime.manifest.for_task(Task.IMAGE_TO_TEXT)
    if runtime.manifest.get(model_id) is None:
        hint = suggest(model_id, [row.id for row in rows])
        raise ModelUnknownError(f"unknown captioner '{model_id}'; {hint}")
    spec = runtime.model(model_id)
    if spec.task is not Task.IMAGE_TO_TEXT:
        raise ModelUnusableError(
            f"{model_id} is a model for {spec.task.value}, not a captioner; "
            f"captioners: {', '.join(row.id for row in rows)}"
        )


def _tell_choice(
    selection: Selection, hardware: HardwareInfo, console: Console
) -> None:
    task = selection.get(Task.IMAGE_TO_TEXT)
    for warning in task.warnings:
        console.tell(f"note: {warning}", "yellow")
    if task.running is not None:
        console.tell(_choice_line(task.running, hardware), "dim")
    if line := better_here(selection):
        console.tell(line, "dim")


def _choice_line(choice: Choice, hardware: HardwareInfo) -> str:
    """Return which model answers on this hardware, and why."""
    place = "built in" if choice.model.is_bundled else "installed"
    cores, arch = hardware.cpu.physical_cores, hardware.cpu.arch or "machine"
    machine = f"this {arch} with {cores} cores" if cores else f"this {arch}"
    available = hardware.memory.available_bytes
    if choice.need is None or available is None:
        fit = f"for {machine}"
    else:
        need = human_bytes(choice.need.steady_bytes)
        fit = f"needs {need} of the {human_bytes(available)} free on {machine}"
    return f"{choice.model.id} ({place}): {fit}; {choice.why}"


async def fetch_if_wanted(
    runtime: EdgeRuntime, selection: Selection, console: Console
) -> bool:
    """Download a better or pinned captioner if the settings or the person say so."""
    task = selection.get(Task.IMAGE_TO_TEXT)
    choice = task.recommended
    if choice is None or choice.installed or choice.needs_license:
        return False
    pinned = task.pinned == choice.model.id
    if not _may_download(runtime, choice, console, pinned=pinned):
        return False
    try:
        await fetch(runtime, choice.model, console, unasked=not pinned)
    except DownloadError as err:
        if pinned:
            raise
        console.tell(f"note: {err.message}", "yellow")
        return False
    return True


def _may_download(
    runtime: EdgeRuntime, choice: Choice, console: Console, *, pinned: bool
) -> bool:
    match runtime.settings.auto_download:
        case AutoDownload.YES:
            return True
        case AutoDownload.NO:
            return False
        case AutoDownload.ASK:
            if not (pinned and console.is_interactive):
                return False
    size = choice.download_bytes
    amount = f", {human_bytes(size)}" if size else ""
    return console.ask(f"{choice.model.id} is not installed. Download it{amount}?")
