"""Each known trap is found where it applies, and nowhere else."""

from collections.abc import Mapping
from dataclasses import replace
import json

import pytest

from edge_runtime.hardware import HardwareInfo, SystemFacts, interpret
from edge_runtime.hardware.captures import known_machines, load_machine
from edge_runtime.hardware.software import SoftwareInfo
from edge_runtime.hardware.traps import Severity, traps

GOOD = {"onnxruntime": "1.32.0", "numpy": "2.3.5", "pillow": "13.0.0"}


def software(**versions: str) -> SoftwareInfo:
    named = {name.replace("_", "-"): version for name, version in versions.items()}
    return SoftwareInfo("3.13.1", {**GOOD, **named})


def found(
    hardware: HardwareInfo,
    installed: SoftwareInfo | None = None,
    environ: Mapping[str, str] | None = None,
) -> dict[str, str]:
    result = traps(hardware, installed or software(), environ or {})
    return {trap.code: trap.severity.value for trap in result}


@pytest.mark.parametrize(
    ("machine", "expected"),
    [
        ("n100-16gb", {}),
        ("zen4-32gb", {}),
        ("pi5-8gb", {}),
        ("j1900-4gb", {"no_avx": "info"}),
        ("kvm64-4gb", {"virtual_cpu": "warning", "no_avx": "info"}),
        (
            "alpine-vm",
            {"musl": "error", "virtual_cpu": "warning", "no_avx": "info"},
        ),
        ("pi4-32bit", {"userland_32bit": "error"}),
        ("pi-zero2w-512mb", {"little_memory": "warning"}),
        ("nas-container-512mb", {"memory_limit": "info", "no_avx": "info"}),
        ("n100-container-v1-1gb", {"memory_limit": "info"}),
    ],
)
def test_each_captured_machine_has_its_known_traps(
    machine: str, expected: dict[str, str]
) -> None:
    assert found(interpret(load_machine(machine))) == expected


@pytest.mark.parametrize(
    ("machine", "numpy", "trapped"),
    [
        ("core2-2gb", "2.4.6", True),
        ("k10-4gb", "2.5.0rc1", True),
        ("core2-2gb", "2.3.5", False),
        ("core2-2gb", "unknown", False),
        ("j1900-4gb", "2.4.6", False),
        ("pi4-2gb", "2.4.6", False),
    ],
)
def test_a_new_numpy_on_a_cpu_without_sse42_is_an_error(
    machine: str, numpy: str, trapped: bool
) -> None:
    codes = found(interpret(load_machine(machine)), software(numpy=numpy))
    assert (codes.get("numpy_needs_sse42") == "error") is trapped


@pytest.mark.parametrize(
    ("machine", "trapped"),
    [("k10-4gb", True), ("j1900-4gb", False), ("pi3-1gb", False)],
)
def test_litert_on_a_cpu_without_sse41_is_an_error(machine: str, trapped: bool) -> None:
    codes = found(interpret(load_machine(machine)), software(ai_edge_litert="2.3.0"))
    assert ("litert_needs_sse41" in codes) is trapped


@pytest.mark.parametrize(("numpy", "trapped"), [("2.0.0", True), ("1.26.4", False)])
def test_tflite_beside_a_new_numpy_is_an_error(numpy: str, trapped: bool) -> None:
    installed = software(tflite_runtime="2.14.0", numpy=numpy)
    codes = found(interpret(load_machine("pi4-2gb")), installed)
    assert ("tflite_needs_numpy1" in codes) is trapped


@pytest.mark.parametrize(
    ("has_libgomp", "trapped"), [(False, True), (True, False), (None, False)]
)
def test_llama_without_libgomp_is_an_error(
    has_libgomp: bool | None, trapped: bool
) -> None:
    installed = replace(software(llama_cpp_python="0.3.36"), has_libgomp=has_libgomp)
    codes = found(interpret(load_machine("n100-16gb")), installed)
    assert ("libgomp_missing" in codes) is trapped


@pytest.mark.parametrize(
    ("lacks", "cure"),
    [
        (None, None),
        ((), 'pip install "edge-captions[llm]" (it is built from source)'),
        (("cmake", "g++"), "apt install cmake g++ && pip install"),
    ],
)
def test_without_llama_one_line_says_what_to_install(lacks, cure) -> None:
    installed = replace(software(), lacks_to_build=lacks)
    hardware = interpret(load_machine("n100-16gb"))
    hints = [t for t in traps(hardware, installed, {}) if t.code == "no_language_model"]
    assert len(hints) == (cure is not None)
    assert cure is None or hints[0].cure.startswith(cure)


@pytest.mark.parametrize(
    ("machine", "core_type", "severity"),
    [
        ("j1900-4gb", "Haswell", "error"),
        ("j1900-4gb", "Nehalem", "info"),
        ("core2-2gb", "NEHALEM", "error"),
        ("n100-16gb", "Haswell", "info"),
        ("n100-16gb", "SkylakeX", "error"),
        ("j1900-4gb", "Prescott", "info"),
        ("pi4-2gb", "ARMV8", "info"),
        ("pi4-2gb", "Haswell", "info"),
        ("n100-16gb", "  ", None),
    ],
)
def test_a_forced_openblas_type_is_an_error_where_the_cpu_lacks_it(
    machine: str, core_type: str, severity: str | None
) -> None:
    environ = {"OPENBLAS_CORETYPE": core_type}
    codes = found(interpret(load_machine(machine)), environ=environ)
    assert codes.get("openblas_coretype") == severity


def test_an_emulated_cpu_is_told() -> None:
    facts = load_machine("n100-16gb")
    emulated = replace(facts, libc_flags="pni ssse3 cx16 lahf_lm")
    codes = found(interpret(emulated))
    assert codes["emulated_cpu"] == "info"
    assert codes["no_avx"] == "info"


@pytest.mark.parametrize(
    ("total_kib", "swap_kib", "trapped"),
    [(900_000, 0, True), (900_000, 100, False), (4_000_000, 0, False)],
)
def test_no_swap_matters_where_memory_is_small(
    total_kib: int, swap_kib: int, trapped: bool
) -> None:
    meminfo = (
        f"MemTotal: {total_kib} kB\nMemAvailable: 800000 kB\nSwapTotal: {swap_kib} kB\n"
    )
    codes = found(interpret(SystemFacts(meminfo=meminfo)))
    assert ("no_swap" in codes) is trapped


@pytest.mark.parametrize(("limit", "trapped"), [(10**9, True), (64 * 10**9, False)])
def test_a_limit_above_the_machines_memory_is_no_limit(
    limit: int, trapped: bool
) -> None:
    facts = replace(
        load_machine("n100-16gb"),
        cgroup="0::/\n",
        cgroup_files={"memory.max": f"{limit}\n"},
    )
    assert ("memory_limit" in found(interpret(facts))) is trapped


def test_a_limit_counts_where_the_machines_memory_is_unknown() -> None:
    facts = SystemFacts(cgroup="0::/\n", cgroup_files={"memory.max": "1048576\n"})
    assert "memory_limit" in found(interpret(facts))


@pytest.mark.parametrize(
    ("quota", "trapped"), [("50000 100000", True), ("100000 100000", False)]
)
def test_less_than_one_cpu_is_a_warning(quota: str, trapped: bool) -> None:
    facts = replace(
        load_machine("n100-16gb"), cgroup="0::/\n", cgroup_files={"cpu.max": quota}
    )
    assert ("cpu_quota" in found(interpret(facts))) is trapped


def test_a_full_disk_is_a_warning() -> None:
    facts = replace(load_machine("n100-16gb"), disk_free_bytes=200_000_000)
    assert found(interpret(facts)) == {"little_disk": "warning"}


def test_nothing_known_means_no_trap() -> None:
    installed = software(numpy="2.4.6", ai_edge_litert="2.3.0")
    assert found(interpret(SystemFacts()), installed) == {}


def test_the_worst_comes_first_and_each_has_a_cure() -> None:
    for name in known_machines():
        hardware = interpret(load_machine(name))
        installed = software(numpy="2.4.6", tflite_runtime="2.14.0")
        result = traps(hardware, installed, {"OPENBLAS_CORETYPE": "Haswell"})
        order = [list(Severity).index(trap.severity) for trap in result]
        assert order == sorted(order, reverse=True)
        for trap in result:
            assert trap.sentence.endswith(".")
            assert trap.cure
            assert "\n" not in trap.sentence + trap.cure
            json.dumps(trap.to_dict())
