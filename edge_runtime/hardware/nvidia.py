"""What lies between onnxruntime for NVIDIA graphics and its card: what is missing."""

import ctypes.util
from enum import StrEnum
from pathlib import Path
from typing import Final

DISTRIBUTION: Final = "onnxruntime_gpu"
_DRIVER: Final = "proc/driver/nvidia/version"
_DEVICES: Final = ("dev/nvidiactl", "dev/nvidia0")


class NvidiaLack(StrEnum):
    """What has to be there before a container or this machine can use the card."""

    DRIVER = "driver"
    DEVICE = "device mapping"
    TOOLKIT = "toolkit"


def nvidia_lack(
    root: Path = Path("/"), *, has_libcuda: bool | None = None
) -> NvidiaLack | None:
    """Return the first thing that is missing on the way to the card, or None.

    A container sees the kernel's driver, but devices and the driver's library only
    where they were handed in.
    """
    if not (root / _DRIVER).exists():
        return NvidiaLack.DRIVER
    if not all((root / device).exists() for device in _DEVICES):
        return NvidiaLack.DEVICE
    if has_libcuda is None:
        has_libcuda = ctypes.util.find_library("cuda") is not None
    return None if has_libcuda else NvidiaLack.TOOLKIT
