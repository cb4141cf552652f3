"""onnxruntime's execution providers: how each is asked for, and a first try of it."""

from collections.abc import Mapping
import ctypes
from typing import Any, Final

import numpy as np
import onnxruntime as ort

from ..errors import ProviderFailedError
from .base import first_line

CPU: Final = "CPUExecutionProvider"
_NAMES: Final = {
    "cuda": "CUDAExecutionProvider",
    "migraphx": "MIGraphXExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "rocm": "ROCMExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
}
_ONE_BY_ONE: Final = {"arena_extend_strategy": "kSameAsRequested"}
_SHARED: Final = "shared"
_FATAL: Final = 4
_SQUARE: Final = (
    b'\x08\x08\x12\x00:5\n\x0e\n\x01x\n\x01x\x12\x01y"\x03Mul\x12\x01g'
    b"Z\x0f\n\x01x\x12\n\n\x08\x08\x01\x12\x04\n\x02\x08\x04"
    b"b\x0f\n\x01y\x12\n\n\x08\x08\x01\x12\x04\n\x02\x08\x04B\x04\n\x00\x10\r"
)
"""A graph of one node: y = x * x, four floats."""


def chosen(options: Mapping[str, Any], threads: int) -> list[Any]:
    """Return the providers of a session, the processor last."""
    name = options.get("provider")
    if name is None:
        return [CPU]
    settings: dict[str, str] = {}
    if name == "openvino":
        device = str(options.get("device") or "cpu").upper()
        settings = {"device_type": device, "num_of_threads": str(threads)}
    elif name in {"cuda", "rocm"}:
        settings = dict(_ONE_BY_ONE)  # the memory of a small card is others' too
    return [(_NAMES[name], settings), CPU]


def probe(options: Mapping[str, Any]) -> None:
    """Compute something with a provider alone; raise why that is not possible."""
    name = str(options["provider"])
    if _NAMES.get(name) not in ort.get_available_providers():
        raise ProviderFailedError(f"the installed onnxruntime has no provider '{name}'")
    _load(name)
    settings = ort.SessionOptions()
    settings.log_severity_level = _FATAL
    settings.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    values = np.arange(4, dtype=np.float32)
    try:
        session = ort.InferenceSession(
            _SQUARE, settings, providers=chosen(options, threads=1)[:1]
        )
        (found,) = session.run(None, {"x": values})
    except Exception as err:  # noqa: BLE001 - its errors have no common base
        raise ProviderFailedError(first_line(err)) from None
    if not np.allclose(found, values * values, rtol=1e-2):
        raise ProviderFailedError(f"it computes wrongly: {values}² = {found}")


def _load(name: str) -> None:
    """Load the provider's library; what it lacks is named by the loader alone."""
    from ..hardware.providers import library_of  # 6 ms, for a trial alone

    paths = (library_of(_SHARED), library_of(name))
    for path in paths:
        try:
            if path is not None:
                ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)
        except OSError as err:
            raise ProviderFailedError(first_line(err)) from None
