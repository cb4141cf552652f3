"""The machines of the lab: what qemu calls them, and what their CPUs lack."""

from dataclasses import dataclass
from pathlib import Path
import platform
from typing import Final

HERE: Final = "this-machine"
HARMLESS: Final = {"x86_64": "c3", "aarch64": "c0035fd6"}
"""Machine code that every CPU runs: it returns at once."""


@dataclass(frozen=True, slots=True)
class Machine:
    """One row of the table."""

    name: str
    title: str
    arch: str
    cpu: str
    """The name that qemu knows the CPU by; empty: not emulated."""
    lacks: str
    code: str
    """An instruction of what the CPU lacks, and a return, in hex."""
    variant: str
    """The variant of llama.cpp that is right for it; empty: the newest one."""
    x86_level: int | None = None

    def prefix(self, emulators: Path) -> tuple[str, ...]:
        """Return what stands before a command that this machine is to run."""
        if not self.cpu:
            return ()
        qemu = (str(emulators / f"qemu-{self.arch}"), "-cpu", self.cpu)
        root = emulators.parents[2] / f"debian-{self.arch}"
        return (*qemu, "-L", str(root)) if root.exists() else qemu


def _x86(*fields: str, level: int) -> Machine:
    name, title, cpu, lacks, code, variant = fields
    return Machine(name, title, "x86_64", cpu, lacks, code, variant, level)


def _arm(*fields: str) -> Machine:
    name, title, cpu, lacks, code, variant = fields
    return Machine(name, title, "aarch64", cpu, lacks, code, variant)


# fmt: off
MACHINES: Final = (
    _x86("core2", "Intel Core 2, 65 nm (2006)", "core2duo",
         "SSE4.1", "660f3840c0c3", "x64", level=1),
    _x86("k10", "AMD K10, HP MicroServer N40L (2008)", "phenom",
         "SSSE3", "660f381cc0c3", "x64", level=1),
    _x86("penryn", "Intel Core 2, 45 nm (2008)", "Penryn",
         "SSE4.2", "660f3837c0c3", "x64", level=1),
    _x86("nehalem", "Intel Nehalem; Celeron J1900 can do the same", "Nehalem",
         "AVX", "c5fc57c0c5f877c3", "sse42", level=2),
    _x86("sandybridge", "Intel Sandy Bridge (2011)", "SandyBridge",
         "AVX2", "c5fdfec0c5f877c3", "sandybridge", level=2),
    _x86("haswell", "Intel Haswell (2013)", "Haswell",
         "AVX-512", "62f17d48efc0c3", "haswell", level=3),
    _arm("cortex-a53", "Cortex-A53, Raspberry Pi 3 and Zero 2 W", "cortex-a53",
         "dot products", "0094804ec0035fd6", "armv8.0_1"),
    _arm("cortex-a72", "Cortex-A72, Raspberry Pi 4", "cortex-a72",
         "dot products", "0094804ec0035fd6", "armv8.0_1"),
    _arm("cortex-a76", "Cortex-A76, Raspberry Pi 5", "cortex-a76",
         "int8 matrix products", "00a4804ec0035fd6", "armv8.2_2"),
    Machine(HERE, "this machine, not emulated", platform.machine(), "", "", "", ""),
)
# fmt: on
BY_NAME: Final = {machine.name: machine for machine in MACHINES}
