"""The processor is described from texts that may be old, odd, broken or absent."""

from dataclasses import replace

import pytest

from edge_runtime.hardware import SystemFacts, interpret
from edge_runtime.hardware.captures import load_machine
from edge_runtime.hardware.cpu import parse_cpuinfo
from edge_runtime.hardware.x86_levels import (
    cut_to_level,
    level_of_features,
    level_of_loader,
)

V2 = "cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3"
V3 = f"{V2} abm avx avx2 bmi1 bmi2 f16c fma movbe xsave"
V4 = f"{V3} avx512bw avx512cd avx512dq avx512f avx512vl"
LOADER_V2 = (
    "Subdirectories of glibc-hwcaps directories, in priority order:\n"
    "  x86-64-v4\n  x86-64-v3\n  x86-64-v2 (supported, searched)\n"
)


@pytest.mark.parametrize(
    ("flags", "level"),
    [
        ("", 1),
        ("pni ssse3 cx16 lahf_lm", 1),
        (V2, 2),
        (f"{V2} avx xsave", 2),
        (V3, 3),
        (f"{V3} avx512f", 3),
        (V4, 4),
        (V4.replace("ssse3", ""), 1),
    ],
)
def test_the_level_is_the_highest_with_all_its_features(flags: str, level: int) -> None:
    assert level_of_features(frozenset(flags.split())) == level


@pytest.mark.parametrize(
    ("text", "level"),
    [
        (None, None),
        ("", None),
        ("Usage: ld.so [OPTION]... EXECUTABLE-FILE\n", None),
        (LOADER_V2, 2),
        (LOADER_V2.replace(" (supported, searched)", ""), 1),
        (LOADER_V2.replace("v4", "v4 (supported, searched)"), 4),
        (LOADER_V2.replace("v2 (supported, searched)", "v2 (supported, masked)"), 2),
    ],
)
def test_the_loader_says_which_levels_it_supports(
    text: str | None, level: int | None
) -> None:
    assert level_of_loader(text) == level


def machine(flags: str, **others: object) -> SystemFacts:
    cpuinfo = f"processor\t: 0\nflags\t\t: {flags}\n"
    facts = SystemFacts(machine="x86_64", userland_bits=64, cpuinfo=cpuinfo)
    return replace(facts, **others)  # type: ignore[arg-type]


def test_features_above_the_loaders_level_are_removed_and_noted() -> None:
    hardware = interpret(machine(f"{V4} vaes avx512_vnni aes", loader_help=LOADER_V2))
    cpu = hardware.cpu
    assert (cpu.x86_level, cpu.claimed_x86_level) == (2, 4)
    assert cpu.features == frozenset(V2.split()) | {"aes"}
    assert len(hardware.notes) == 1
    assert "x86-64-v4" in hardware.notes[0]
    assert "x86-64-v2" in hardware.notes[0]


def test_glibcs_own_answer_removes_exactly_what_is_missing() -> None:
    # An emulated Penryn on an AVX-512 host: SSE4.1 is there, SSE4.2 is not.
    cpu = interpret(
        machine(f"{V4} sse2 hypervisor", libc_flags="pni ssse3 cx16 sse4_1 lahf_lm")
    ).cpu
    assert cpu.x86_level == 1
    assert cpu.features == frozenset(
        ["pni", "ssse3", "cx16", "sse4_1", "lahf_lm", "sse2", "hypervisor"]
    )


def test_features_stay_where_both_sources_agree() -> None:
    hardware = interpret(machine(f"{V2} avx xsave", loader_help=LOADER_V2))
    assert hardware.cpu.x86_level == 2
    assert "avx" in (hardware.cpu.features or ())
    assert hardware.notes == ()


def test_cutting_to_level_one_leaves_only_the_base() -> None:
    flags = frozenset(f"{V4} sse sse2 sse4a aes pclmulqdq gfni".split())
    assert cut_to_level(flags, 1) == {"sse", "sse2"}


@pytest.mark.parametrize(
    ("model", "flags", "kind"),
    [
        ("Common KVM processor", "lm", "kvm64"),
        ("Common 32-bit KVM processor", "", "kvm32"),
        ("QEMU Virtual CPU version 2.5+", "lm", "qemu64"),
        ("QEMU Virtual CPU version 2.5+", "", "qemu32"),
        ("QEMU Virtual CPU version 2.5+", f"lm {V2}", "x86-64-v2"),
        ("QEMU Virtual CPU version 2.5+", f"lm aes {V2}", "x86-64-v2-AES"),
        ("QEMU TCG CPU version 2.5+", "lm", None),
        ("AMD EPYC", f"lm {V3}", None),
    ],
)
def test_generic_types_of_virtual_machines_are_named(
    model: str, flags: str, kind: str | None
) -> None:
    cpuinfo = f"processor\t: 0\nmodel name\t: {model}\nflags\t\t: {flags}\n"
    facts = SystemFacts(machine="x86_64", cpuinfo=cpuinfo)
    assert interpret(facts).cpu.virtual_cpu_type == kind


def core(number: int, part: str, features: str) -> str:
    return (
        f"processor\t: {number}\nFeatures\t: {features}\n"
        f"CPU implementer\t: 0x41\nCPU part\t: {part}\n\n"
    )


def test_big_and_little_cores_count_with_what_both_can_do() -> None:
    text = core(0, "0xd05", "fp asimd asimddp") + core(1, "0xd0b", "fp asimd i8mm")
    cpu = interpret(SystemFacts(machine="aarch64", cpuinfo=text)).cpu
    assert cpu.model_name == "Cortex-A55 + Cortex-A76"
    assert cpu.features == {"fp", "asimd"}
    assert (cpu.physical_cores, cpu.logical_cpus) == (2, 2)
    assert cpu.x86_level is None


@pytest.mark.parametrize(
    ("implementer", "part", "vendor"),
    [("0x51", "0xd08", "Qualcomm"), ("zebra", "0xd08", None), ("0x41", "0xfff", "ARM")],
)
def test_an_unknown_core_has_no_invented_name(
    implementer: str, part: str, vendor: str | None
) -> None:
    text = f"processor : 0\nCPU implementer : {implementer}\nCPU part : {part}\n"
    cpu = interpret(SystemFacts(machine="aarch64", cpuinfo=text)).cpu
    assert cpu.model_name is None
    assert cpu.vendor == vendor


def test_the_line_over_all_cores_of_an_old_arm_kernel_is_no_processor() -> None:
    text = (
        "Processor\t: ARMv7 Processor rev 2 (v7l)\nprocessor\t: 0\nprocessor\t: 1\n"
        "Features\t: neon vfpv4\n"
    )
    cpu = interpret(SystemFacts(machine="armv7l", cpuinfo=text)).cpu
    assert cpu.logical_cpus == 2
    assert cpu.model_name == "ARMv7 Processor rev 2 (v7l)"


def test_threads_of_one_core_are_one_physical_core() -> None:
    cpu = interpret(load_machine("zen4-32gb")).cpu
    assert (cpu.physical_cores, cpu.logical_cpus) == (8, 16)


def test_two_sockets_with_equal_core_numbers_are_two_cores() -> None:
    blocks = [
        f"processor : {n}\nphysical id : {n}\ncore id : 0\nflags : lm\n"
        for n in range(2)
    ]
    facts = SystemFacts(machine="x86_64", cpuinfo="\n".join(blocks))
    assert interpret(facts).cpu.physical_cores == 2


def test_affinity_limits_the_usable_cpus() -> None:
    facts = replace(load_machine("zen4-32gb"), affinity=3)
    assert interpret(facts).cpu.usable_cpus == 3.0


def test_a_32_bit_userland_counts_more_than_the_64_bit_kernel() -> None:
    facts = SystemFacts(machine="aarch64", elf_machine=40, userland_bits=32)
    hardware = interpret(facts)
    assert hardware.cpu.arch == "armv7l"
    assert "32-bit" in hardware.notes[0]
    facts = SystemFacts(machine="x86_64", elf_machine=3, userland_bits=32)
    assert interpret(facts).cpu.arch == "i686"
    assert interpret(facts).cpu.x86_level is None


@pytest.mark.parametrize(
    ("facts", "hypervisor"),
    [
        (SystemFacts(machine="aarch64"), None),
        (SystemFacts(machine="aarch64", hypervisor_type="xen"), True),
        (SystemFacts(machine="aarch64", dmi_vendor="QEMU"), True),
        (SystemFacts(machine="aarch64", device_tree_model="linux,dummy-virt"), True),
        (SystemFacts(machine="aarch64", device_tree_model="Raspberry Pi 5"), False),
        (machine("lm"), False),
        (machine("lm hypervisor"), True),
    ],
)
def test_a_hypervisor_is_told_from_a_board(
    facts: SystemFacts, hypervisor: bool | None
) -> None:
    assert interpret(facts).cpu.hypervisor is hypervisor


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n\n",
        ":",
        "processor",
        "processor\t:",
        "processor\t: one\nflags",
        "\x00\ufffd\x7f: \x00",
        "flags\t\t:\nCPU part\t: 0x\n",
    ],
)
@pytest.mark.parametrize("arch", ["x86_64", "aarch64", None])
def test_broken_texts_give_unknown_facts_and_never_raise(
    text: str, arch: str | None
) -> None:
    facts = SystemFacts(
        machine=arch, cpuinfo=text, meminfo=text, cgroup=text, loader_help=text
    )
    cpu = interpret(facts).cpu
    assert cpu.features is None
    assert cpu.x86_level is None
    assert cpu.logical_cpus is None
    assert cpu.physical_cores is None
    assert cpu.model_name is None


def test_no_facts_at_all_give_a_machine_of_nothing_but_unknowns() -> None:
    data = interpret(SystemFacts()).to_dict()
    assert set(data["cpu"].values()) == {None}
    assert set(data["memory"].values()) == {None}
    assert (data["libc"], data["board"], data["notes"]) == (None, None, ())


def test_the_lines_of_a_board_are_no_processor() -> None:
    blocks = parse_cpuinfo(core(0, "0xd08", "fp") + "Model\t: Raspberry Pi 4\n")
    assert [block.get("processor") for block in blocks] == ["0", None]
