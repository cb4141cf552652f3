"""Known causes of trouble on a machine: what is wrong, and what cures it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from edge_runtime.const import MB, MIB
from edge_runtime.units import human_bytes

from .model import HardwareInfo
from .nvidia import NvidiaLack
from .software import SoftwareInfo

LITTLE_MEMORY_BYTES: Final = 350 * MIB
LITTLE_DISK_BYTES: Final = 500 * MB
NO_SWAP_BELOW_BYTES: Final = 1024 * MIB
_32_BIT: Final = 32

_CORE_TYPES: Final = {
    "core2": "ssse3",
    "penryn": "sse4_1",
    "dunnington": "sse4_1",
    "nehalem": "sse4_2",
    "sandybridge": "avx",
    "bulldozer": "avx",
    "piledriver": "avx",
    "steamroller": "avx",
    "excavator": "avx2",
    "haswell": "avx2",
    "zen": "avx2",
    "skylakex": "avx512f",
    "cooperlake": "avx512f",
    "sapphirerapids": "avx512f",
}
"""OpenBLAS core types, and the feature without which their code is illegal."""


_NVIDIA: Final = {
    NvidiaLack.DRIVER: (
        "this machine has no NVIDIA driver loaded",
        (
            "Install the driver on the machine itself (Debian: apt install "
            "nvidia-driver) and start it again; a container uses the machine's."
        ),
    ),
    NvidiaLack.DEVICE: (
        "the driver is loaded and no card is handed into this container",
        "Start it with compose.nvidia.yaml, or docker run --gpus all.",
    ),
    NvidiaLack.TOOLKIT: (
        "the card is here without the driver's library (libcuda.so.1)",
        (
            "Install the NVIDIA container toolkit on the machine, run nvidia-ctk "
            "runtime configure, and start Docker again."
        ),
    ),
}


class Severity(StrEnum):
    """How much a trap matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Trap:
    """One known cause of trouble that this machine has."""

    code: str
    severity: Severity
    sentence: str
    cure: str

    def to_dict(self) -> dict[str, str]:
        """Return the JSON form."""
        return {
            "code": self.code,
            "severity": self.severity.value,
            "sentence": self.sentence,
            "cure": self.cure,
        }


@dataclass(frozen=True, slots=True)
class _Case:
    hardware: HardwareInfo
    software: SoftwareInfo
    environ: Mapping[str, str]

    def lacks(self, feature: str) -> bool:
        """Return whether an x86 CPU is known to be without a feature."""
        cpu = self.hardware.cpu
        known = cpu.features is not None and cpu.arch == "x86_64"
        return known and feature not in (cpu.features or ())


def traps(
    hardware: HardwareInfo, software: SoftwareInfo, environ: Mapping[str, str]
) -> tuple[Trap, ...]:
    """Return the traps that apply, the worst first."""
    case = _Case(hardware, software, environ)
    found = [trap for check in _CHECKS for trap in check(case)]
    order = (Severity.ERROR, Severity.WARNING, Severity.INFO)
    return tuple(sorted(found, key=lambda trap: order.index(trap.severity)))


def _platform(case: _Case) -> Iterable[Trap]:
    cpu = case.hardware.cpu
    if cpu.userland_bits == _32_BIT:
        yield Trap(
            "userland_32bit",
            Severity.ERROR,
            f"The programs here are 32-bit ({cpu.arch}): onnxruntime and numpy have "
            "no packages for that.",
            "Install a 64-bit operating system; on a Raspberry Pi 3 or later, the "
            "64-bit Raspberry Pi OS.",
        )
    if case.hardware.libc == "musl":
        yield Trap(
            "musl",
            Severity.ERROR,
            "This system uses musl (Alpine): onnxruntime has no packages for that.",
            "Run Edge Captions in a glibc image, such as python:3.13-slim; Home "
            "Assistant can reach it over the network.",
        )


def _processor(case: _Case) -> Iterable[Trap]:
    cpu = case.hardware.cpu
    if cpu.virtual_cpu_type is not None:
        yield Trap(
            "virtual_cpu",
            Severity.WARNING,
            f"This virtual machine shows the generic CPU type {cpu.virtual_cpu_type}, "
            "which hides features of the real processor: models run slower, or some "
            "libraries not at all.",
            "Set the virtual machine's CPU type to 'host' (Proxmox: Hardware, "
            "Processors, Type) and start it again.",
        )
    claimed, level = cpu.claimed_x86_level, cpu.x86_level
    if claimed is not None and level is not None and level < claimed:
        yield Trap(
            "emulated_cpu",
            Severity.INFO,
            f"/proc/cpuinfo shows an x86-64-v{claimed} processor and programs may use "
            f"x86-64-v{level} only: this looks like an emulator.",
            "Nothing to do: the lower level is used.",
        )
    if case.lacks("avx"):
        yield Trap(
            "no_avx",
            Severity.INFO,
            "This CPU has no AVX: captions work and take longer; a language model "
            "(LLM) is 5 to 6 times slower.",
            "Nothing to install; the models for this machine are chosen with it in "
            "mind.",
        )


def _libraries(case: _Case) -> Iterable[Trap]:
    software = case.software
    numpy = software.version("numpy")
    if numpy is not None and numpy >= (2, 4) and case.lacks("sse4_2"):
        yield Trap(
            "numpy_needs_sse42",
            Severity.ERROR,
            f"numpy {software.libraries['numpy']} needs SSE4.2, which this CPU lacks: "
            "it ends with an illegal instruction.",
            "pip install 'numpy<2.4'",
        )
    if software.has("ai-edge-litert") and case.lacks("sse4_1"):
        yield Trap(
            "litert_needs_sse41",
            Severity.ERROR,
            "ai-edge-litert needs SSE4.1, which this CPU lacks: it ends with an "
            "illegal instruction.",
            "Use the ONNX models, or tflite-runtime with 'numpy<2' on Python 3.11.",
        )
    if software.has("tflite-runtime") and numpy is not None and numpy >= (2,):
        yield Trap(
            "tflite_needs_numpy1",
            Severity.ERROR,
            f"tflite-runtime is installed beside numpy {software.libraries['numpy']}: "
            "it imports, and fails at the first model.",
            "pip install 'numpy<2', or use ai-edge-litert in its place.",
        )
    if software.has("llama-cpp-python") and software.has_libgomp is False:
        yield Trap(
            "libgomp_missing",
            Severity.ERROR,
            "llama-cpp-python is installed and libgomp.so.1, which it needs, is not.",
            "apt install libgomp1",
        )


def _graphics(case: _Case) -> Iterable[Trap]:
    lack = case.software.lacks_for_nvidia
    if lack is not None:
        why, cure = _NVIDIA[lack]
        yield Trap(
            "nvidia_incomplete",
            Severity.WARNING,
            f"onnxruntime for NVIDIA graphics is installed, but {why}: models run on "
            "the processor.",
            cure,
        )


def _language_models(case: _Case) -> Iterable[Trap]:
    lacks = case.software.lacks_to_build
    if lacks is None:
        return
    tools = f"apt install {' '.join(lacks)} && " if lacks else ""
    yield Trap(
        "no_language_model",
        Severity.INFO,
        "llama-cpp-python is not installed: no language model runs here, and captions "
        "tell their facts by templates.",
        f'{tools}pip install "edge-captions[llm]" (it is built from source)',
    )


def _openblas(case: _Case) -> Iterable[Trap]:
    forced = case.environ.get("OPENBLAS_CORETYPE", "").strip()
    if not forced:
        return
    feature = _CORE_TYPES.get(forced.lower())
    cure = "Remove OPENBLAS_CORETYPE from the environment or the compose file."
    if feature is not None and case.lacks(feature):
        yield Trap(
            "openblas_coretype",
            Severity.ERROR,
            f"OPENBLAS_CORETYPE={forced} forces code with {feature}, which this CPU "
            "lacks: numpy ends with an illegal instruction.",
            cure,
        )
    else:
        yield Trap(
            "openblas_coretype",
            Severity.INFO,
            f"OPENBLAS_CORETYPE={forced} overrides the CPU type that numpy would "
            "find by itself.",
            cure,
        )


def _memory(case: _Case) -> Iterable[Trap]:
    memory = case.hardware.memory
    available, usable = memory.available_bytes, memory.usable_bytes
    if available is not None and available < LITTLE_MEMORY_BYTES:
        yield Trap(
            "little_memory",
            Severity.WARNING,
            f"Only {human_bytes(available)} of memory are available: few models "
            "fit beside what runs here.",
            "Stop what is not needed, or give the container or machine more memory.",
        )
    limit, total = memory.limit_bytes, memory.total_bytes
    if limit is not None and (total is None or limit < total):
        yield Trap(
            "memory_limit",
            Severity.INFO,
            f"A container limit of {human_bytes(limit)} applies; the machine has "
            + ("more." if total is None else f"{human_bytes(total)}."),
            "Raise the container's memory limit if a larger model is wanted.",
        )
    no_swap = memory.swap_total_bytes == 0
    if no_swap and usable is not None and usable < NO_SWAP_BELOW_BYTES:
        yield Trap(
            "no_swap",
            Severity.INFO,
            f"There are {human_bytes(usable)} of memory and no swap: a peak ends "
            "the worker instead of slowing it down.",
            "Switch on some swap; zram wears no SD card.",
        )


def _room(case: _Case) -> Iterable[Trap]:
    free = case.hardware.disk_free_bytes
    if free is not None and free < LITTLE_DISK_BYTES:
        yield Trap(
            "little_disk",
            Severity.WARNING,
            f"Only {human_bytes(free)} are free where models are stored: most "
            "models are larger.",
            "Make room, or set EDGE_CAPTIONS_HOME to a larger disk.",
        )
    cpus = case.hardware.cpu.usable_cpus
    if cpus is not None and cpus < 1:
        yield Trap(
            "cpu_quota",
            Severity.WARNING,
            f"The container may use {cpus:g} of one CPU: every caption takes longer.",
            "Raise the container's CPU limit to 1 or more.",
        )


_CHECKS: Final[tuple[Callable[[_Case], Iterable[Trap]], ...]] = (
    _platform,
    _libraries,
    _graphics,
    _language_models,
    _openblas,
    _processor,
    _memory,
    _room,
)
