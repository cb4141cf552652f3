"""Which half is missing between onnxruntime for NVIDIA graphics and its card."""

import pytest

from edge_runtime.hardware import interpret
from edge_runtime.hardware.captures import load_machine
from edge_runtime.hardware.nvidia import NvidiaLack, nvidia_lack
from edge_runtime.hardware.software import SoftwareInfo, inspect_software
from edge_runtime.hardware.traps import traps


def make(root, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()


def test_each_half_is_found_missing_in_turn(tmp_path):
    assert nvidia_lack(tmp_path) is NvidiaLack.DRIVER
    make(tmp_path, "proc/driver/nvidia/version")
    assert nvidia_lack(tmp_path) is NvidiaLack.DEVICE
    make(tmp_path, "dev/nvidiactl")
    assert nvidia_lack(tmp_path) is NvidiaLack.DEVICE
    make(tmp_path, "dev/nvidia0")
    assert nvidia_lack(tmp_path, has_libcuda=False) is NvidiaLack.TOOLKIT
    assert nvidia_lack(tmp_path, has_libcuda=True) is None


@pytest.mark.parametrize(
    ("lack", "sentence", "cure"),
    [
        (NvidiaLack.DRIVER, "no NVIDIA driver loaded", "nvidia-driver"),
        (NvidiaLack.DEVICE, "no card is handed into", "compose.nvidia.yaml"),
        (NvidiaLack.TOOLKIT, "libcuda.so.1", "NVIDIA container toolkit"),
    ],
)
def test_the_doctor_names_it_with_its_cure(lack, sentence, cure):
    hardware = interpret(load_machine("n100-16gb"))
    software = SoftwareInfo("3.11.2", {}, lacks_for_nvidia=lack)
    (trap,) = [
        t for t in traps(hardware, software, {}) if t.code == "nvidia_incomplete"
    ]
    assert sentence in trap.sentence
    assert cure in trap.cure


def test_without_such_an_onnxruntime_nobody_is_told():
    assert inspect_software().lacks_for_nvidia is None
