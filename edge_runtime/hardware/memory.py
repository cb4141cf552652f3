"""Memory from /proc/meminfo and the limits of control groups."""

from typing import TYPE_CHECKING

from .cgroups import read_limits
from .model import MemoryInfo

if TYPE_CHECKING:
    from .facts import SystemFacts

_KIB = 1024
_ESTIMATED = (
    "This kernel names no MemAvailable: free memory is estimated as "
    "MemFree + Cached + SReclaimable - Shmem."
)


def describe_memory(facts: "SystemFacts") -> tuple[MemoryInfo, tuple[str, ...]]:
    """Return the memory and a note where a number had to be estimated."""
    values = parse_meminfo(facts.meminfo)
    limits = read_limits(facts.cgroup, facts.cgroup_files)
    available = values.get("MemAvailable")
    estimated = None if available is not None else _estimate(values)
    candidates = [available, estimated, limits.memory_available_bytes]
    known = [number for number in candidates if number is not None]
    memory = MemoryInfo(
        total_bytes=values.get("MemTotal"),
        limit_bytes=limits.memory_bytes,
        available_bytes=min(known) if known else None,
        swap_total_bytes=values.get("SwapTotal"),
    )
    return memory, () if estimated is None else (_ESTIMATED,)


def parse_meminfo(text: str | None) -> dict[str, int]:
    """Return the numbers of /proc/meminfo in bytes; malformed lines are left out."""
    values = {}
    for line in (text or "").splitlines():
        name, _, rest = line.partition(":")
        words = rest.split()
        if words and words[0].isascii() and words[0].isdigit():
            unit = _KIB if words[1:] == ["kB"] else 1
            values[name.strip()] = int(words[0]) * unit
    return values


def _estimate(values: dict[str, int]) -> int | None:
    # MemAvailable came with Linux 3.14, and some NAS kernels are older. Shared
    # memory is counted in Cached and cannot be given back.
    if "MemFree" not in values or "Cached" not in values:
        return None
    cache = values["Cached"] + values.get("SReclaimable", 0) - values.get("Shmem", 0)
    return max(0, values["MemFree"] + cache)
