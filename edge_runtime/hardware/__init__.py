"""What this machine is, or a captured one: read once, then interpreted purely."""

from .detect import available_memory, detect, interpret
from .facts import SystemFacts, collect
from .model import Accelerator, CpuInfo, HardwareInfo, MemoryInfo

__all__ = [
    "Accelerator",
    "CpuInfo",
    "HardwareInfo",
    "MemoryInfo",
    "SystemFacts",
    "available_memory",
    "collect",
    "detect",
    "interpret",
]
