"""`edge-captions download MODEL...`: fetch, verify and prove models."""

import argparse
from typing import Any

from ..downloads import ModelState, Progress
from ..inference.registry import FAMILIES
from ..manifest import ModelSpec
from ..runtime import EdgeRuntime
from ..schemas import Task
from ..selftest import can_test
from ..units import human_bytes
from .exit_codes import ExitCode
from .output import Console


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "download",
        parents=[common],
        help="fetch, verify or remove models",
        description="Fetch models, check what is here, or remove what is not needed.",
    )
    parser.add_argument("models", nargs="*", metavar="MODEL")
    parser.add_argument(
        "--accept-license",
        action="store_true",
        help="accept the licence of a model that asks for it",
    )
    action = parser.add_mutually_exclusive_group()
    action.add_argument(
        "--verify", action="store_true", help="hash the files that are here"
    )
    action.add_argument(
        "--prune", action="store_true", help="remove what no manifest row needs"
    )
    action.add_argument(
        "--remove", action="store_true", help="remove the named models' files"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="only say what would be fetched"
    )
    parser.add_argument(
        "--yes", action="store_true", help="with --prune: remove without asking"
    )
    parser.set_defaults(run=run, parser=parser)


async def run(
    runtime: EdgeRuntime, options: argparse.Namespace, console: Console
) -> ExitCode:
    """Do what the options say for each model."""
    specs = [runtime.model(model_id) for model_id in options.models]
    if options.verify:
        return _verify(runtime, specs or _installed(runtime), console)
    if options.prune:
        _prune(runtime, console, options)
        return ExitCode.OK
    if options.yes:
        options.parser.error("--yes goes with --prune")
    if not specs:
        options.parser.error("name at least one model; see edge-captions models")
    for spec in specs:
        if options.remove:
            _remove(runtime, spec, console, only_tell=options.dry_run)
        elif options.dry_run:
            _print_plan(runtime, spec, console)
        else:
            if options.accept_license:
                runtime.store.accept_license(spec)
            await fetch(runtime, spec, console)
    return ExitCode.OK


async def fetch(
    runtime: EdgeRuntime, spec: ModelSpec, console: Console, *, unasked: bool = False
) -> None:
    """Fetch one model with a progress bar, then prove it if this version can run it.

    What nobody asked for by name neither retries a server that was just out of reach
    nor waits for another process.
    """
    if runtime.store.state(spec).is_usable:
        console.tell(f"{spec.id}: is already here")
    else:
        if spec.family not in FAMILIES and not _wants_anyway(spec, console):
            return
        await _download(runtime, spec, console, unasked=unasked)
    await _prove(runtime, spec, console)


def _wants_anyway(spec: ModelSpec, console: Console) -> bool:
    """Say that the model is of no use yet; on a terminal, ask."""
    console.tell(
        f"note: this version can't run models of the family '{spec.family}' yet; "
        "the files will be there for one that can",
        "yellow",
    )
    size = spec.total_bytes
    amount = "" if size is None else f" ({human_bytes(size)})"
    return not console.is_interactive or console.ask(
        f"Download it all the same{amount}?"
    )


async def _download(
    runtime: EdgeRuntime, spec: ModelSpec, console: Console, *, unasked: bool
) -> None:
    bar = console.progress(spec.id, spec.total_bytes or 0)

    def show(progress: Progress) -> None:
        bar.update(
            progress.done_bytes, progress.total_bytes, f"{spec.id}/{progress.file}"
        )

    def tell_wait(pid: int | None) -> None:
        who = f"process {pid}" if pid else "another process"
        console.tell(f"{spec.id}: waiting for {who}, which works on it")

    try:
        await runtime.store.ensure(
            spec, show, force=not unasked, wait=not unasked, on_wait=tell_wait
        )
    finally:
        bar.close()
    size = "" if spec.total_bytes is None else f", {human_bytes(spec.total_bytes)}"
    console.tell(f"{spec.id}: downloaded and verified{size}", "green")


async def _prove(runtime: EdgeRuntime, spec: ModelSpec, console: Console) -> None:
    if spec.family not in FAMILIES or not can_test(spec):
        return
    known = runtime.self_tests.get(spec)
    if spec.is_bundled or (known is not None and known.passed):
        return
    result = await runtime.self_test(spec)
    if result.passed:
        console.tell(
            f"{spec.id}: self-test passed, {result.seconds:.1f} s a {_unit(spec)}, "
            f"{human_bytes(result.peak_rss_bytes)} of memory"
        )
    else:
        console.tell(f"{spec.id}: self-test failed: {result.reason}", "yellow")


def _unit(spec: ModelSpec) -> str:
    return "photo" if spec.task in {Task.IMAGE_TO_TEXT, Task.OCR} else "text"


def _installed(runtime: EdgeRuntime) -> list[ModelSpec]:
    rows = runtime.manifest.models
    return [s for s in rows if runtime.store.state(s) is not ModelState.MISSING]


def _verify(runtime: EdgeRuntime, specs: list[ModelSpec], console: Console) -> ExitCode:
    worst = ExitCode.OK
    for spec in specs:
        problems = runtime.store.verify(spec)
        for problem in problems:
            console.fail(f"{spec.id}: {problem.message}")
            worst = ExitCode.MODEL
        if not problems:
            console.print(f"{spec.id}: all files are as the manifest says")
    return worst


def _remove(
    runtime: EdgeRuntime, spec: ModelSpec, console: Console, *, only_tell: bool
) -> None:
    state = runtime.store.state(spec)
    if state is ModelState.BUNDLED:
        console.print(f"{spec.id}: is built in and stays")
    elif state is ModelState.MISSING:
        console.print(f"{spec.id}: is not here")
    elif only_tell:
        console.print(f"{spec.id}: would be removed")
    else:
        freed = runtime.store.remove(spec)
        console.print(f"{spec.id}: removed, {human_bytes(freed)} freed")


def _prune(runtime: EdgeRuntime, console: Console, options: argparse.Namespace) -> None:
    rows = runtime.manifest.models
    report = runtime.store.prune(rows, dry_run=True)
    if not (report.removed or report.busy):
        console.print("nothing to remove")
        return
    verb, done = "would remove", "would come free: add --yes to remove it"
    question = f"Remove {', '.join(report.removed)} ({human_bytes(report.bytes)})?"
    wanted = bool(report.removed) and not options.dry_run
    if wanted and (options.yes or console.ask(question)):
        report = runtime.store.prune(rows)
        verb, done = "removed", "freed"
    for name in report.removed:
        console.print(f"{verb} {name}")
    for name in report.busy:
        console.print(f"left alone, another process works on it: {name}")
    console.print(f"{human_bytes(report.bytes)} {done}")


def _print_plan(runtime: EdgeRuntime, spec: ModelSpec, console: Console) -> None:
    plan = runtime.store.plan(spec)
    for file in plan.files:
        size = "size unknown" if file.bytes is None else human_bytes(file.bytes)
        console.print(
            f"{spec.id}/{file.path}: {file.action.value}, {size}, {file.source}"
        )
