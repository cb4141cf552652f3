"""Every captured machine is read as what it is."""

from dataclasses import dataclass, field
from pathlib import Path
import re

import pytest

from edge_runtime.hardware import HardwareInfo, interpret
from edge_runtime.hardware.captures import (
    from_yaml,
    known_machines,
    load_machine,
    to_yaml,
)

MIB = 1024 * 1024
INTEL_GRAPHICS = ("dri", "Intel graphics")
VIDEOCORE = ("dri", "VideoCore graphics")
V2 = frozenset({"sse4_1", "sse4_2", "ssse3", "popcnt"})


@dataclass(frozen=True)
class Expected:
    arch: str
    level: int | None
    cores: int
    model: str
    available_mib: int
    has: frozenset[str] = frozenset()
    lacks: frozenset[str] = frozenset()
    logical: int | None = None
    usable: float | None = None
    limit_mib: int | None = None
    virtual: str | None = None
    hypervisor: bool | None = False
    board: str | None = None
    libc: str = "glibc 2.36"
    bits: int = 64
    accelerators: tuple[tuple[str, str], ...] = field(default=())


EXPECTED = {
    "alpine-vm": Expected(
        "x86_64", 2, 2, "QEMU Virtual CPU version 2.5+", 2657,
        has=V2, lacks=frozenset({"avx"}), virtual="x86-64-v2-AES", hypervisor=True,
        libc="musl",
    ),
    "core2-2gb": Expected(
        "x86_64", 1, 2, "Intel(R) Core(TM)2 CPU 6600 @ 2.40GHz", 1573,
        has=frozenset({"ssse3", "cx16"}), lacks=V2 - {"ssse3"},
    ),
    "j1900-4gb": Expected(
        "x86_64", 2, 4, "Intel(R) Celeron(R) CPU J1900 @ 1.99GHz", 3116,
        has=V2, lacks=frozenset({"avx", "avx2", "f16c", "aes"}),
        accelerators=(INTEL_GRAPHICS,),
    ),
    "k10-4gb": Expected(
        "x86_64", 1, 2, "AMD Turion(tm) II Neo N54L Dual-Core Processor", 3248,
        has=frozenset({"popcnt", "sse4a", "pni"}), lacks=frozenset({"ssse3", "sse4_1"}),
        libc="glibc 2.31",
    ),
    "kvm64-4gb": Expected(
        "x86_64", 1, 2, "Common KVM processor", 3341,
        has=frozenset({"pni", "cx16"}), lacks=V2 | {"avx"}, virtual="kvm64",
        hypervisor=True,
    ),
    "n100-16gb": Expected(
        "x86_64", 3, 4, "Intel(R) N100", 13595,
        has=V2 | {"avx2", "fma", "f16c", "avx_vnni"}, lacks=frozenset({"avx512f"}),
        accelerators=(INTEL_GRAPHICS,),
    ),
    "n100-container-v1-1gb": Expected(
        "x86_64", 3, 4, "Intel(R) N100", 904,
        has=frozenset({"avx2"}), limit_mib=1024,
    ),
    "nas-container-512mb": Expected(
        "x86_64", 2, 4, "Intel(R) Celeron(R) J4125 CPU @ 2.00GHz", 454,
        has=V2 | {"aes"}, lacks=frozenset({"avx", "avx2"}), usable=1.5, limit_mib=512,
    ),
    "pi-zero2w-512mb": Expected(
        "aarch64", None, 4, "Cortex-A53", 279,
        has=frozenset({"asimd"}), lacks=frozenset({"asimddp"}),
        board="Raspberry Pi Zero 2 W Rev 1.0", accelerators=(VIDEOCORE,),
    ),
    "pi3-1gb": Expected(
        "aarch64", None, 4, "Cortex-A53", 672,
        has=frozenset({"asimd"}), lacks=frozenset({"asimddp"}),
        board="Raspberry Pi 3 Model B Rev 1.2", accelerators=(VIDEOCORE,),
    ),
    "pi4-2gb": Expected(
        "aarch64", None, 4, "Cortex-A72", 1551,
        has=frozenset({"asimd"}), lacks=frozenset({"asimddp", "asimdhp"}),
        board="Raspberry Pi 4 Model B Rev 1.1", accelerators=(VIDEOCORE,),
    ),
    "pi4-8gb": Expected(
        "aarch64", None, 4, "Cortex-A72", 7217,
        has=frozenset({"asimd"}), lacks=frozenset({"asimddp"}),
        board="Raspberry Pi 4 Model B Rev 1.4", accelerators=(VIDEOCORE,),
    ),
    "pi4-32bit": Expected(
        "armv7l", None, 4, "Cortex-A72", 1586,
        has=frozenset({"neon", "vfpv4"}), lacks=frozenset({"asimd"}),
        board="Raspberry Pi 4 Model B Rev 1.1", libc="glibc 2.31", bits=32,
        accelerators=(VIDEOCORE,),
    ),
    "pi5-8gb": Expected(
        "aarch64", None, 4, "Cortex-A76", 7176,
        has=frozenset({"asimd", "asimddp", "asimdhp"}), lacks=frozenset({"i8mm"}),
        board="Raspberry Pi 5 Model B Rev 1.0", accelerators=(VIDEOCORE,),
    ),
    "zen4-32gb": Expected(
        "x86_64", 4, 8, "AMD Ryzen 7 7700X 8-Core Processor", 27240,
        has=V2 | {"avx512f", "avx512_vnni"}, lacks=frozenset({"avx_vnni"}), logical=16,
        accelerators=(("dri", "AMD graphics"),),
    ),
}  # fmt: skip


def test_the_table_names_every_machine_that_ships() -> None:
    assert set(known_machines()) == set(EXPECTED)


def described(hardware: HardwareInfo, expected: Expected) -> Expected:
    """Return what was found, in the table's form; features are compared apart."""
    cpu, memory = hardware.cpu, hardware.memory
    limit, available = memory.limit_bytes, memory.available_bytes
    assert cpu.arch is not None
    assert cpu.model_name is not None
    assert available is not None
    assert hardware.libc is not None
    return Expected(
        cpu.arch, cpu.x86_level, cpu.physical_cores or 0, cpu.model_name,
        available // MIB, expected.has, expected.lacks, cpu.logical_cpus,
        cpu.usable_cpus, None if limit is None else limit // MIB, cpu.virtual_cpu_type,
        cpu.hypervisor, hardware.board, hardware.libc, cpu.userland_bits or 0,
        tuple((found.kind, found.name) for found in hardware.accelerators),
    )  # fmt: skip


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_captured_machine_is_read_as_what_it_is(name: str) -> None:
    expected = EXPECTED[name]
    hardware = interpret(load_machine(name))
    features = hardware.cpu.features
    assert features is not None
    assert expected.has <= features
    assert not expected.lacks & features
    logical = expected.logical or expected.cores
    usable = expected.usable or float(logical)
    found = described(hardware, expected)
    assert (found.logical, found.usable) == (logical, usable)
    assert found == Expected(
        **{
            **{name: getattr(expected, name) for name in Expected.__annotations__},
            "logical": logical,
            "usable": usable,
        }
    )
    assert hardware.notes == ()


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_memory_never_promises_more_than_there_is(name: str) -> None:
    memory = interpret(load_machine(name)).memory
    assert memory.usable_bytes is not None
    assert memory.available_bytes is not None
    assert 0 < memory.available_bytes < memory.usable_bytes


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_shipped_capture_says_what_it_is_and_holds_nothing_private(name: str) -> None:
    folder = Path(__file__).parents[2] / "edge_runtime/hardware/machines"
    text = (folder / f"{name}.yaml").read_text(encoding="utf-8")
    assert text.startswith("# A")
    assert "Serial" not in text
    assert not re.search(r"([0-9a-f]{2}:){5}[0-9a-f]{2}", text)
    assert not re.search(r"[0-9a-f]{16}", text)
    facts = from_yaml(text, name)
    assert from_yaml(to_yaml(facts), name) == facts
