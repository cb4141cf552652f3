"""What else than the processor onnxruntime could compute on here, found by files alone.

Whether one works is found out by a child that tries it: `inference.providers`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from ..const import CPU, PROVIDER_NAMES
from .model import Accelerator

CUDA: Final = "cuda"
_LIBRARY: Final = "libonnxruntime_providers_{}.so"


@dataclass(frozen=True, slots=True)
class Provider:
    """One of onnxruntime's execution providers."""

    name: str
    title: str
    devices: frozenset[str]
    """Kinds of accelerators that it computes on."""
    is_asked_for: bool = False
    """Whether it is tried only where a person prefers it."""


PROVIDERS: Final = (
    Provider(CUDA, "NVIDIA CUDA", frozenset({"nvidia", "wsl"})),
    Provider("migraphx", "AMD MIGraphX", frozenset({"rocm"})),
    Provider("rocm", "AMD ROCm", frozenset({"rocm"})),
    Provider("openvino", "Intel OpenVINO", frozenset({"intel", "intel_npu"})),
    # compiles a model for minutes before its first answer
    Provider("tensorrt", "NVIDIA TensorRT", frozenset({"nvidia"}), is_asked_for=True),
)


@dataclass(frozen=True, slots=True)
class ProviderPlan:
    """A provider that is installed, and why it is left alone, if it is."""

    provider: Provider
    left_out: str = ""
    device: str = ""
    """`gpu` or `npu`, where a provider has to be told; else empty."""


def library_of(name: str) -> Path | None:
    """Return the library by which onnxruntime has a provider; None: it has it not."""
    try:
        spec = find_spec("onnxruntime")
    except (ImportError, ValueError):
        return None
    folders = () if spec is None else spec.submodule_search_locations or ()
    paths = (Path(folder, "capi", _LIBRARY.format(name)) for folder in folders)
    return next((path for path in paths if path.exists()), None)


def installed_providers() -> tuple[str, ...]:
    """Return the providers that the installed onnxruntime has, the processor aside."""
    return tuple(name for name in PROVIDER_NAMES if library_of(name) is not None)


def plan_providers(
    installed: Iterable[str],
    accelerators: Sequence[Accelerator],
    *,
    prefer: Sequence[str] = (),
    forbid: Sequence[str] = (),
) -> tuple[ProviderPlan, ...]:
    """Return what is installed in the order in which it is tried, with reasons."""
    installed = set(installed)
    known = {entry.name: entry for entry in PROVIDERS if entry.name in installed}
    first = [name for name in prefer if name in known]
    names = [*first, *(name for name in known if name not in first)]
    kinds = _kinds(accelerators)
    return tuple(
        ProviderPlan(
            known[name],
            left_out=_left_out(known[name], kinds, prefer, forbid),
            device="gpu" if "intel" in kinds else "npu" if "intel_npu" in kinds else "",
        )
        for name in names
    )


def _kinds(accelerators: Sequence[Accelerator]) -> frozenset[str]:
    """Return the kinds of the accelerators; a render node counts as its maker's."""
    kinds = {found.kind for found in accelerators}
    if any(a.kind == "dri" and a.name.startswith("Intel") for a in accelerators):
        kinds.add("intel")
    return frozenset(kinds)


def _left_out(
    provider: Provider,
    kinds: frozenset[str],
    prefer: Sequence[str],
    forbid: Sequence[str],
) -> str:
    name = provider.name
    if name in forbid:
        return "forbidden by forbid_providers"
    if name in prefer:
        return ""
    if CPU in prefer:
        return "prefer_providers names the processor"
    if provider.is_asked_for:
        return f"slow to begin with: used only with prefer_providers: [{name}]"
    if not provider.devices & kinds:
        return f"nothing that it is faster on was found; prefer_providers: [{name}]" + (
            " uses it on the processor" if name == "openvino" else " tries it"
        )
    return ""


_BROUGHT_BY: Final = {
    "nvidia": (CUDA, "onnxruntime-gpu"),
    "wsl": (CUDA, "onnxruntime-gpu"),
    "intel": ("openvino", "onnxruntime-openvino"),
    "intel_npu": ("openvino", "onnxruntime-openvino"),
    "rocm": ("migraphx", "onnxruntime-migraphx"),
}
"""Kind of an accelerator to the provider for it, and the package that has it."""


def why_unused(accelerator: Accelerator, installed: Iterable[str]) -> str:
    """Return why nothing is tried on an accelerator; empty if something is."""
    kinds = _kinds([accelerator]) - {"dri"}
    brought = next((_BROUGHT_BY[kind] for kind in kinds if kind in _BROUGHT_BY), None)
    if brought is None:
        return "no library that models run on here computes on it"
    provider, package = brought
    if provider in installed:
        return ""
    return (
        "the onnxruntime that is installed computes on the processor alone; "
        f"{package} from PyPI in its place would use it"
    )
