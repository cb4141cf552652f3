"""`edge-captions models`: what there is, what runs here and why."""

import argparse
import json
from typing import Any

from ..hardware import HardwareInfo, interpret
from ..hardware.captures import known_machines, load_machine
from ..manifest import ModelSpec
from ..runtime import EdgeRuntime
from ..schemas import Task
from ..selection import Selection, explain, to_dict
from ..units import human_bytes
from .exit_codes import ExitCode
from .output import Console, language_code


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "models",
        parents=[common],
        help="list models, and explain the choice for this machine",
        description="List the models of the manifest, or explain the choice.",
    )
    parser.add_argument(
        "--explain", action="store_true", help="say what was chosen and why"
    )
    parser.add_argument(
        "--machine",
        metavar="NAME",
        help="decide for another machine: a file made by hardware --capture, or one of "
        + ", ".join(known_machines()),
    )
    parser.add_argument(
        "--language",
        metavar="CODE",
        type=language_code,
        help="language of the captions",
    )
    parser.add_argument("--model", metavar="ID", help="as if this model were pinned")
    parser.add_argument("--json", action="store_true", help="machine-readable")
    parser.set_defaults(run=run)


async def run(
    runtime: EdgeRuntime, options: argparse.Namespace, console: Console
) -> ExitCode:
    """List models or explain the selection."""
    other = interpret(load_machine(options.machine)) if options.machine else None
    selection = runtime.select(
        language=options.language, pin=options.model, hardware=other
    )
    hardware = other or runtime.hardware
    if options.json:
        document = {"hardware": hardware.to_dict(), "selection": to_dict(selection)}
        console.print(json.dumps(document, ensure_ascii=False, indent=2))
    elif options.explain or options.machine:
        _print_explanation(selection, hardware, console)
    else:
        _print_list(runtime, selection, console)
    return ExitCode.OK


def _print_explanation(
    selection: Selection, hardware: HardwareInfo, console: Console
) -> None:
    for line in explain(selection, hardware):
        console.print(line)


def _print_list(runtime: EdgeRuntime, selection: Selection, console: Console) -> None:
    running = {t.running.model.id for t in selection.tasks if t.running}
    recommended = {t.recommended.model.id for t in selection.tasks if t.recommended}
    for task in Task:
        rows = runtime.manifest.for_task(task)
        if rows:
            console.print(task.value, "bold")
        for spec in rows:
            mark = "*" if spec.id in running else "+" if spec.id in recommended else " "
            console.print(f" {mark} {_row(runtime, spec)}")
    console.print()
    console.print(
        "* runs here   + recommended here   why: edge-captions models --explain"
    )


def _row(runtime: EdgeRuntime, spec: ModelSpec) -> str:
    size = "?" if spec.total_bytes is None else human_bytes(spec.total_bytes)
    state = runtime.store.state(spec).value
    proven = "" if spec.verified else "  not verified by us"
    return f"{spec.id:32} {size:>8}  {spec.license:24} {state}{proven}"
