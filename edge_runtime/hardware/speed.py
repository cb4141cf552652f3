"""How fast a machine computes and reads memory: measured, or guessed from its CPU."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from types import MappingProxyType
from typing import Final

from .model import CpuInfo, HardwareInfo
from .threads import all_threads


@dataclass(frozen=True, slots=True)
class Rates:
    """What some number of threads do together."""

    int8_gops: float
    """10^9 operations a second in products of int8 matrices; a multiply-add is two."""
    fp32_gops: float
    """The same in float32."""
    memory_gbs: float
    """10^9 bytes a second that are read in order from memory."""
    calls_per_s: float
    """Small steps a second, each a call of the library with next to no work in it."""

    def best(self, other: "Rates") -> "Rates":
        """Return the higher of each rate: a busy machine only ever measures less."""
        return Rates(*map(max, astuple(self), astuple(other)))

    def between(self, other: "Rates", share: float) -> "Rates":
        """Return the rates that lie `share` of the way to others."""
        pairs = zip(astuple(self), astuple(other), strict=True)
        return Rates(*(one + (two - one) * share for one, two in pairs))


@dataclass(frozen=True, slots=True)
class MachineSpeed:
    """What one thread does, and what all of them do together."""

    one: Rates
    all: Rates
    threads: int
    """How many `all` are."""
    runs: int = 0
    """How many measurements these are the best of; 0: guessed from the CPU."""
    taken_at: str = ""
    """When the best was measured: ISO 8601, UTC."""
    others: float | None = None
    """Share of the cores that other programs kept busy meanwhile, at the least."""

    @property
    def is_measured(self) -> bool:
        """Return whether a benchmark ran here."""
        return self.runs > 0

    def with_threads(self, threads: int) -> Rates:
        """Return what that many threads do together."""
        if self.threads == 1 or threads <= 1:
            return self.one
        share = min(threads - 1, self.threads - 1) / (self.threads - 1)
        return self.one.between(self.all, share)


# One thread at the clock that such cores usually have; the lower end, as a model that
# turns out faster than was said disappoints nobody.
_ARM_CORES: Final[Mapping[str, Rates]] = MappingProxyType(
    {
        "Cortex-A35": Rates(2, 2, 1.5, 5_000),
        "Cortex-A53": Rates(3, 2.5, 1.8, 6_000),
        "Cortex-A55": Rates(10, 4, 3, 10_000),
        "Cortex-A57": Rates(10, 7, 4, 15_000),
        "Cortex-A72": Rates(12, 8, 4, 20_000),
        "Cortex-A73": Rates(12, 8, 4, 20_000),
        "Cortex-A75": Rates(40, 16, 8, 30_000),
    }
)
_ARM_DOT_PRODUCT: Final = Rates(80, 30, 10, 45_000)
"""Cortex-A76 and what came after it."""
_X86: Final[tuple[tuple[str, Rates], ...]] = (
    ("avx512_vnni", Rates(400, 100, 15, 100_000)),
    ("avx_vnni", Rates(110, 45, 12, 70_000)),
    ("avx2", Rates(70, 45, 10, 60_000)),
    ("avx", Rates(25, 25, 8, 50_000)),
    ("ssse3", Rates(14, 8, 5, 20_000)),
)
"""By the best instruction set that the CPU has."""
_X86_PLAIN: Final = Rates(8, 6, 4, 20_000)
_TOGETHER: Final = 0.85
"""Share of so many times one thread that several reach."""
_MEMORY_TOGETHER: Final = 1.4
"""How much more several threads read than one: they share the memory."""


def guess_speed(hardware: HardwareInfo) -> MachineSpeed:
    """Return what machines with such a CPU usually do."""
    one, threads = _guess_one(hardware.cpu), all_threads(hardware)
    if threads == 1:
        return MachineSpeed(one, one, 1)
    several = threads * _TOGETHER
    together = Rates(
        int8_gops=one.int8_gops * several,
        fp32_gops=one.fp32_gops * several,
        memory_gbs=one.memory_gbs * _MEMORY_TOGETHER,
        calls_per_s=one.calls_per_s,
    )
    return MachineSpeed(one, together, threads)


def _guess_one(cpu: CpuInfo) -> Rates:
    features = cpu.features or frozenset()
    if cpu.arch == "x86_64":
        found = (rates for name, rates in _X86 if name in features)
        return next(found, _X86_PLAIN)
    known = _ARM_CORES.get(cpu.model_name or "")
    if known is not None:
        return known
    weakest = _ARM_CORES["Cortex-A53"]
    return _ARM_DOT_PRODUCT if "asimddp" in features else weakest
