"""From raw facts to the description of a machine that decisions are made on."""

from pathlib import Path

from .accelerators import find_accelerators
from .cpu import describe_cpu
from .facts import SystemFacts, collect, collect_memory
from .memory import describe_memory
from .model import HardwareInfo


def detect(models_home: Path) -> HardwareInfo:
    """Return what is known of this machine; `models_home` is where disk counts."""
    return interpret(collect(models_home))


def available_memory() -> int | None:
    """Return the bytes that can be used at this moment without swapping."""
    return describe_memory(collect_memory())[0].available_bytes


def interpret(facts: SystemFacts) -> HardwareInfo:
    """Return the machine that the facts describe; unreadable facts become None."""
    cpu, cpu_notes = describe_cpu(facts)
    memory, memory_notes = describe_memory(facts)
    return HardwareInfo(
        cpu=cpu,
        memory=memory,
        disk_free_bytes=facts.disk_free_bytes,
        libc=describe_libc(facts),
        board=facts.device_tree_model,
        accelerators=find_accelerators(facts),
        notes=(*cpu_notes, *memory_notes),
    )


def describe_libc(facts: SystemFacts) -> str | None:
    """Return `glibc 2.36`, `musl`, or None where neither could be seen."""
    # A glibc system may have musl's loader installed beside its own, so what the
    # running libc says of itself comes first.
    if facts.libc:
        return facts.libc
    return "musl" if facts.musl_loader else None
