"""Facts are read from the real machine and from a folder that looks like one."""

import os
from pathlib import Path
import subprocess
import sys
import time

import pytest

from edge_runtime.hardware import collect, detect, interpret
from edge_runtime.hardware.captures import from_yaml, to_yaml, without_private_data
from edge_runtime.hardware.facts import LOADER
from edge_runtime.hardware.libc_features import KNOWN_FLAGS, usable_flags

HELP = (
    "Subdirectories of glibc-hwcaps directories:\n  x86-64-v2 (supported, searched)\n"
)


def write(root: Path, name: str, text: str) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def loader(root: Path, script: str) -> None:
    write(root, LOADER, f"#!/bin/sh\n{script}\n").chmod(0o755)


def test_this_machine_is_detected_and_survives_a_capture(tmp_path: Path) -> None:
    facts = collect(tmp_path / "not" / "made" / "yet")
    hardware = interpret(facts)
    assert hardware.cpu.arch == os.uname().machine
    assert hardware.cpu.userland_bits == 64
    assert hardware.cpu.logical_cpus == os.cpu_count()
    assert hardware.cpu.usable_cpus is not None
    assert 0 < hardware.cpu.usable_cpus <= len(os.sched_getaffinity(0))
    assert hardware.memory.available_bytes
    assert hardware.disk_free_bytes
    assert interpret(from_yaml(to_yaml(facts), "capture")) == hardware
    assert detect(tmp_path).cpu == hardware.cpu


def test_importing_the_hardware_package_brings_no_heavy_module() -> None:
    code = "import sys, edge_runtime.hardware; print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )
    heavy = {"numpy", "PIL", "onnxruntime", "yaml", "psutil", "asyncio", "email"}
    assert not heavy & set(done.stdout.split())


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="x86-64 only")
def test_glibc_and_cpuinfo_agree_on_a_machine_that_is_not_emulated() -> None:
    usable = usable_flags()
    if usable is None:
        pytest.skip("this libc does not tell which features it found")
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    line = next(row for row in text.splitlines() if row.startswith("flags"))
    shown = frozenset(line.partition(":")[2].split())
    assert frozenset(usable.split()) <= KNOWN_FLAGS
    assert frozenset(usable.split()) & shown == KNOWN_FLAGS & shown


def test_a_folder_that_looks_like_a_board_is_read_like_one(tmp_path: Path) -> None:
    write(tmp_path, "proc/cpuinfo", "processor\t: 0\nSerial\t\t: 10000000a1b2c3d4\n")
    write(tmp_path, "proc/meminfo", "MemTotal: 100 kB\nMemAvailable: 50 kB\n")
    write(tmp_path, "proc/self/cgroup", "0::/a\n")
    write(tmp_path, "proc/device-tree/model", "Raspberry Pi 5 Model B Rev 1.0\0")
    write(tmp_path, "sys/fs/cgroup/a/memory.max", "51200\n")
    write(tmp_path, "sys/class/dmi/id/sys_vendor", "\n")
    write(tmp_path, "sys/hypervisor/type", "xen\n")
    write(tmp_path, "dev/dri/renderD128", "")
    write(
        tmp_path,
        "sys/class/drm/renderD128/device/uevent",
        "OF_NAME=v3d\nDRIVER=v3d\n",
    )
    write(tmp_path, "dev/hailo0", "")
    write(tmp_path, "sys/bus/usb/devices/1-1/idVendor", "1a6e\n")
    write(tmp_path, "sys/bus/usb/devices/1-1/idProduct", "089a\n")
    write(tmp_path, "sys/bus/usb/devices/1-2/idVendor", "046d\n")
    write(tmp_path, "sys/bus/usb/devices/1-2/idProduct", "c52b\n")
    write(tmp_path, "lib/ld-musl-aarch64.so.1", "")
    facts = collect(tmp_path, root=tmp_path)
    assert facts.device_tree_model == "Raspberry Pi 5 Model B Rev 1.0"
    assert facts.cgroup_files == {"a/memory.max": "51200\n"}
    assert facts.dmi_vendor is None
    assert facts.hypervisor_type == "xen"
    assert facts.usb_ids == ("1a6e:089a",)
    assert facts.musl_loader
    assert facts.libc_flags is None
    hardware = interpret(facts)
    assert hardware.memory.limit_bytes == 51200
    assert [(a.kind, a.path, a.name) for a in hardware.accelerators] == [
        ("dri", "/dev/dri/renderD128", "VideoCore graphics"),
        ("hailo", "/dev/hailo0", "Hailo"),
        ("coral", "usb:1a6e:089a", "Coral Edge TPU (USB)"),
    ]
    assert "a1b2c3d4" in (facts.cpuinfo or "")
    assert "a1b2c3d4" not in to_yaml(facts)
    assert from_yaml(to_yaml(facts), "x") == without_private_data(facts)


def test_an_empty_folder_gives_unknown_facts(tmp_path: Path) -> None:
    facts = collect(tmp_path, root=tmp_path)
    assert facts.cpuinfo is None
    assert facts.meminfo is None
    assert facts.cgroup is None
    assert facts.loader_help is None
    assert facts.render_driver is None
    assert facts.devices == ()
    assert interpret(facts).memory.total_bytes is None


def test_a_driver_without_a_name_is_unknown(tmp_path: Path) -> None:
    write(tmp_path, "sys/class/drm/renderD128/device/uevent", "DRIVER=\n")
    assert collect(tmp_path, root=tmp_path).render_driver is None


def test_the_loader_is_asked_for_its_levels(tmp_path: Path) -> None:
    loader(tmp_path, f"test \"$1\" = --help && printf '{HELP}'")
    assert collect(tmp_path, root=tmp_path).loader_help == HELP.replace("\\n", "\n")


@pytest.mark.parametrize("script", ["exit 127", "exit 0", "kill -ILL $$"])
def test_a_loader_that_fails_or_is_silent_says_nothing(
    tmp_path: Path, script: str
) -> None:
    loader(tmp_path, script)
    assert collect(tmp_path, root=tmp_path).loader_help is None


def test_a_loader_that_cannot_be_run_says_nothing(tmp_path: Path) -> None:
    write(tmp_path, LOADER, "no program").chmod(0o755)
    assert collect(tmp_path, root=tmp_path).loader_help is None


def test_a_loader_that_hangs_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_runtime.hardware.facts.LOADER_TIMEOUT_S", 0.1)
    loader(tmp_path, "exec sleep 20")
    started = time.monotonic()
    assert collect(tmp_path, root=tmp_path).loader_help is None
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("header", [b"", b"#!/bin/sh\n" * 3, b"\x7fELF"])
def test_a_python_that_is_no_elf_file_leaves_the_machine_to_uname(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, header: bytes
) -> None:
    program = tmp_path / "python"
    program.write_bytes(header)
    monkeypatch.setattr(sys, "executable", str(program))
    facts = collect(tmp_path, root=tmp_path)
    assert (facts.elf_machine, facts.userland_bits) == (None, 64)
    assert interpret(facts).cpu.arch == os.uname().machine


def test_a_32_bit_python_is_told_by_its_header(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "python"
    header = bytearray(20)
    header[:5] = b"\x7fELF\x01"
    header[18] = 40
    program.write_bytes(header)
    monkeypatch.setattr(sys, "executable", str(program))
    facts = collect(tmp_path, root=tmp_path)
    assert (facts.elf_machine, facts.userland_bits) == (40, 32)


def test_a_missing_python_file_leaves_the_bits_of_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "gone"))
    assert collect(tmp_path, root=tmp_path).userland_bits == 64


def test_a_system_without_glibc_and_affinity_is_described_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.delattr(os, "confstr")
    write(tmp_path, "lib/ld-musl-x86_64.so.1", "")
    facts = collect(tmp_path, root=tmp_path)
    assert facts.affinity is None
    assert interpret(facts).libc == "musl"


def test_a_file_in_the_place_of_the_home_leaves_the_disk_unknown(
    tmp_path: Path,
) -> None:
    file = write(tmp_path, "file", "")
    assert collect(file / "models", root=tmp_path).disk_free_bytes is None
