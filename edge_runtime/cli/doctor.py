"""`edge-captions doctor`: every fact, choice and known trap, with the cure."""

import argparse
from dataclasses import asdict, dataclass
import json
import os
from typing import Any, Final

from ..const import EMBEDDED_MODEL
from ..errors import EdgeRuntimeError
from ..hardware.software import SoftwareInfo, inspect_software
from ..hardware.speed import MachineSpeed
from ..hardware.traps import Severity, Trap, traps
from ..inference.providers import ProviderReport
from ..manifest import ModelSpec
from ..runtime import EdgeRuntime
from ..schemas import Task
from ..selection import Selection
from ..selftest import SelfTest
from ..units import human_bytes
from . import acceleration, speed
from .exit_codes import ExitCode
from .hardware import describe
from .output import Console

_MARKS: Final = {
    Severity.INFO: ("note", "dim"),
    Severity.WARNING: ("warning", "yellow"),
    Severity.ERROR: ("problem", "red"),
}


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "doctor",
        parents=[common],
        help="check this machine and installation",
        description="Explain every fact, chosen model and known trap, with the cure.",
    )
    parser.add_argument("--json", action="store_true", help="machine-readable")
    parser.add_argument(
        "--no-model", action="store_true", help="don't load and run the captioner"
    )
    parser.add_argument(
        "--benchmark",
        action="store_true",
        help="measure how fast this machine computes (2 s), for better estimates",
    )
    parser.set_defaults(run=run)


async def run(
    runtime: EdgeRuntime, options: argparse.Namespace, console: Console
) -> ExitCode:
    """Check the machine, the libraries and the captioner that would answer now."""
    found = await _measure(runtime) if options.benchmark else []
    selection = runtime.select()
    software = inspect_software()
    found += traps(runtime.hardware, software, os.environ)
    test: SelfTest | None = None
    if not options.no_model:
        try:
            test = await runtime.self_test(_captioner(runtime, selection))
        except EdgeRuntimeError as err:
            found.append(Trap(err.code, Severity.ERROR, err.message, ""))
        else:
            found += _judge(test)
    reports = await _tried(runtime, run_nothing=options.no_model)
    found += acceleration.traps(reports)
    report = _Report(runtime, software, selection, tuple(found), test, reports)
    if options.json:
        console.print(json.dumps(report.to_dict(), ensure_ascii=False, indent=2))
    else:
        report.print(console)
    worst = any(trap.severity is Severity.ERROR for trap in found)
    return ExitCode.PHOTO if worst else ExitCode.OK


async def _measure(runtime: EdgeRuntime) -> list[Trap]:
    """Run the self-benchmark; return what prevented it."""
    try:
        await runtime.benchmark.run(runtime.hardware)
    except EdgeRuntimeError as err:
        sentence = f"the benchmark did not run: {err.message}"
        return [Trap(err.code, Severity.ERROR, sentence, "")]
    return []


def _captioner(runtime: EdgeRuntime, selection: Selection) -> ModelSpec:
    """Return the captioner that runs, is pinned, or is built in: also a failed one."""
    task = selection.get(Task.IMAGE_TO_TEXT)
    if task.running is not None:
        return task.running.model
    return runtime.model(task.pinned or EMBEDDED_MODEL)


async def _tried(
    runtime: EdgeRuntime, *, run_nothing: bool
) -> tuple[ProviderReport, ...]:
    """Return where each of onnxruntime's providers stands; a crash is told, too."""
    return runtime.providers.reports if run_nothing else await runtime.providers.look()


def _judge(test: SelfTest) -> list[Trap]:
    if test.passed:
        return []
    sentence = f"the captioner failed its self-test: {test.reason}"
    cure = "check its files with: edge-captions download --verify"
    return [Trap("self_test_failed", Severity.ERROR, sentence, cure)]


@dataclass(frozen=True, slots=True)
class _Report:
    """What the doctor saw."""

    runtime: EdgeRuntime
    software: SoftwareInfo
    selection: Selection
    found: tuple[Trap, ...]
    test: SelfTest | None
    acceleration: tuple[ProviderReport, ...]

    def to_dict(self) -> dict[str, Any]:
        test = None if self.test is None else asdict(self.test)
        return {
            "hardware": self.runtime.hardware.to_dict(),
            "python": self.software.python,
            "libraries": dict(self.software.libraries),
            "llama_graphics": list(self.software.llama_graphics),
            "running": {
                task.task.value: task.running.model.id if task.running else None
                for task in self.selection.tasks
            },
            "self_test": test,
            "acceleration": [asdict(report) for report in self.acceleration],
            "speed": asdict(self._speed),
            "findings": [asdict(trap) for trap in self.found],
        }

    @property
    def _speed(self) -> MachineSpeed:
        return self.runtime.speed

    def _version(self, name: str, version: str | None) -> str:
        if version is None or name != "llama-cpp-python":
            return version or "not installed"
        graphics = ", ".join(self.software.llama_graphics)
        where = f"layers on {graphics}" if graphics else "the processor alone"
        return f"{version} ({where})"

    def print(self, console: Console) -> None:
        _title(console, "Machine")
        for label, value in describe(self.runtime.hardware):
            _row(console, label, value)
        _title(console, "Speed")
        for label, value in speed.rows(self._speed):
            _row(console, label, value)
        _title(console, "Installation")
        _row(console, "python", self.software.python)
        for name, version in self.software.libraries.items():
            _row(console, name, self._version(name, version))
        _row(console, "home", str(self.runtime.settings.home))
        _title(console, "Acceleration")
        found = self.runtime.hardware.accelerators
        for label, value in acceleration.rows(self.acceleration, found):
            _row(console, label, value)
        self._print_models(console)
        self._print_findings(console)

    def _print_models(self, console: Console) -> None:
        _title(console, "Models")
        for task in self.selection.tasks:
            text = "none that runs here"
            if task.running is not None:
                text = f"{task.running.model.id}: {task.running.why}"
            elif task.stage == "off":
                text = "switched off"
            _row(console, task.task.value, text, width=30)
        if self.test is not None and self.test.passed:
            amount = human_bytes(self.test.peak_rss_bytes)
            text = f"passed, {self.test.seconds:.2f} s a photo, {amount}"
            _row(console, "self-test of the captioner", text, width=30)

    def _print_findings(self, console: Console) -> None:
        _title(console, "Findings")
        for trap in self.found:
            word, style = _MARKS[trap.severity]
            console.print(f"  {console.style(f'{word}:', style)} {trap.sentence}")
            if trap.cure:
                console.print(f"      {trap.cure}")
        if not self.found:
            console.print(console.style("  nothing stands in the way", "green"))


def _title(console: Console, text: str) -> None:
    console.print(text, "bold")


def _row(console: Console, label: str, value: str, width: int = 16) -> None:
    console.print(f"  {console.style(f'{label:{width}}', 'dim')} {value}")
