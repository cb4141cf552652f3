"""What must be the same for a measured time to hold."""

from typing import Any, Final

from ..const import ONNX
from .model import HardwareInfo
from .software import installed_version
from .threads import all_threads

_VERSION: Final = 1
"""Of how things are measured: another one takes no notice of older results."""


def identity(hardware: HardwareInfo) -> dict[str, Any]:
    """Return the processor and the library that a time was taken with."""
    return {
        "version": _VERSION,
        "cpu": hardware.cpu.model_name,
        "board": hardware.board,
        "arch": hardware.cpu.arch,
        "x86_level": hardware.cpu.x86_level,
        "threads": all_threads(hardware),
        ONNX: installed_version(ONNX),
    }
