"""`edge-captions hardware`: what is known of this machine."""

import argparse
import json
from pathlib import Path
from typing import Any

from ..files import write_text
from ..hardware import HardwareInfo, collect, interpret
from ..hardware.captures import load_machine, to_yaml
from ..runtime import EdgeRuntime
from ..units import human_bytes
from .exit_codes import ExitCode
from .output import Console


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "hardware",
        parents=[common],
        help="show what is known of this machine",
        description="Show what is known of this machine; unknown facts stay unknown.",
    )
    parser.add_argument("--json", action="store_true", help="machine-readable")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--machine",
        metavar="NAME",
        help="show another machine: a capture, or one of models --help",
    )
    which.add_argument(
        "--capture",
        metavar="FILE",
        help="save this machine's raw facts, to send with a report or to use "
        "with --machine (no serial numbers, names or addresses)",
    )
    parser.set_defaults(run=run)


async def run(
    runtime: EdgeRuntime, options: argparse.Namespace, console: Console
) -> ExitCode:
    """Show or save the hardware facts."""
    if options.capture:
        facts = collect(runtime.settings.models_home)
        write_text(Path(options.capture), to_yaml(facts))
        console.print(f"saved as {options.capture}")
        return ExitCode.OK
    if options.machine:
        hardware = interpret(load_machine(options.machine))
    else:
        hardware = runtime.hardware
    if options.json:
        console.print(json.dumps(hardware.to_dict(), ensure_ascii=False, indent=2))
    else:
        for label, value in describe(hardware):
            console.print(f"{console.style(f'{label:14}', 'dim')} {value}")
    return ExitCode.OK


def describe(hardware: HardwareInfo) -> list[tuple[str, str]]:
    """Return label and text of each fact, for people."""
    cpu, memory = hardware.cpu, hardware.memory
    rows = [
        ("board", hardware.board or "unknown"),
        ("processor", cpu.model_name or "unknown"),
        ("architecture", _architecture(hardware)),
        ("cores", _cores(hardware)),
        ("features", _features(hardware)),
        ("memory", _size(memory.total_bytes)),
        ("memory limit", _size(memory.limit_bytes, "none")),
        ("available", _size(memory.available_bytes)),
        ("swap", _size(memory.swap_total_bytes)),
        ("free disk", _size(hardware.disk_free_bytes)),
        ("C library", hardware.libc or "unknown"),
    ]
    found = [f"{a.name} ({a.path})" for a in hardware.accelerators]
    rows.append(("accelerators", ", ".join(found) or "none found"))
    rows += [("note", note) for note in hardware.notes]
    return rows if hardware.board else rows[1:]


def _architecture(hardware: HardwareInfo) -> str:
    cpu = hardware.cpu
    text = cpu.arch or "unknown"
    if cpu.x86_level is not None:
        text += f", x86-64-v{cpu.x86_level}"
    if cpu.virtual_cpu_type:
        text += f", virtual CPU type {cpu.virtual_cpu_type}"
    elif cpu.hypervisor:
        text += ", virtual machine"
    return text


def _cores(hardware: HardwareInfo) -> str:
    cpu = hardware.cpu
    text = f"{cpu.physical_cores or 'unknown'} cores, {cpu.logical_cpus or '?'} threads"
    if cpu.usable_cpus is not None and cpu.usable_cpus != cpu.logical_cpus:
        text += f", {cpu.usable_cpus:g} usable here"
    return text


_INTERESTING = (
    "ssse3", "sse4_1", "sse4_2", "avx", "f16c", "fma", "avx2", "avx512f",
    "avx512_vnni", "avx_vnni", "asimd", "asimdhp", "asimddp", "i8mm", "sve", "bf16",
)  # fmt: skip


def _features(hardware: HardwareInfo) -> str:
    features = hardware.cpu.features
    if features is None:
        return "unknown"
    return " ".join(name for name in _INTERESTING if name in features) or "none of note"


def _size(count: int | None, missing: str = "unknown") -> str:
    return missing if count is None else human_bytes(count)
