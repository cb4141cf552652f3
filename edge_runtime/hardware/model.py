"""What is known of a machine; an unknown fact is None, never invented."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class CpuInfo:
    """The processor as programs of this process may use it."""

    arch: str | None
    """What programs of this userland are built for: `x86_64`, `aarch64`, `armv7l`."""
    userland_bits: int | None
    model_name: str | None = None
    vendor: str | None = None
    features: frozenset[str] | None = None
    """Names as in /proc/cpuinfo (`sse4_2`, `avx2`, `asimd`, `asimddp`, ...)."""
    x86_level: int | None = None
    """1 to 4 for x86-64-v1 to v4: the lower of cpuinfo's and the loader's."""
    claimed_x86_level: int | None = None
    """What cpuinfo alone says; higher than `x86_level` under an emulator."""
    logical_cpus: int | None = None
    physical_cores: int | None = None
    usable_cpus: float | None = None
    """CPUs left after affinity and the container's quota; may be a fraction."""
    hypervisor: bool | None = None
    virtual_cpu_type: str | None = None
    """A virtual machine's generic type that hides features (`kvm64`, `qemu64`)."""


@dataclass(frozen=True, slots=True)
class MemoryInfo:
    """Memory in bytes, with the container's limit taken into account."""

    total_bytes: int | None = None
    """Memory of the machine."""
    limit_bytes: int | None = None
    """The lowest limit of the enclosing control groups, if there is one."""
    available_bytes: int | None = None
    """What can be used now without swapping: the lower of machine and container."""
    swap_total_bytes: int | None = None

    @property
    def usable_bytes(self) -> int | None:
        """Return the lower of the machine's memory and the container's limit."""
        known = [n for n in (self.total_bytes, self.limit_bytes) if n is not None]
        return min(known) if known else None


@dataclass(frozen=True, slots=True)
class Accelerator:
    """A device that could run models, found by its path and not yet tried."""

    kind: str
    """`nvidia`, `dri`, `coral`, `hailo`, `rknpu`, `intel_npu`, ..."""
    path: str
    name: str


@dataclass(frozen=True, slots=True)
class HardwareInfo:
    """One machine, as far as it is known."""

    cpu: CpuInfo
    memory: MemoryInfo = MemoryInfo()
    disk_free_bytes: int | None = None
    """Free room where models are stored."""
    libc: str | None = None
    """`glibc 2.36` or `musl`."""
    board: str | None = None
    """The board's name from the device tree."""
    accelerators: tuple[Accelerator, ...] = ()
    notes: tuple[str, ...] = field(default=())
    """Contradictions between sources, in a sentence each."""

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form; sets become sorted lists."""
        data = asdict(self)
        features = self.cpu.features
        data["cpu"]["features"] = None if features is None else sorted(features)
        return data
