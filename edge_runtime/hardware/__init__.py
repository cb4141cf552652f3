"""What this machine is, or a captured one: read once, then interpreted purely."""

from .detect import available_memory, detect, interpret
from .facts import SystemFacts, collect
from .model import Accelerator, CpuInfo, HardwareInfo, MemoryInfo
from .threads import default_threads

__all__ = [
    "Accelerator",
    "CpuInfo",
    "HardwareInfo",
    "MemoryInfo",
    "SystemFacts",
    "available_memory",
    "collect",
    "default_threads",
    "detect",
    "interpret",
]
