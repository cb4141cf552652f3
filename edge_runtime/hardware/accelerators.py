"""Devices that could run models, recognised by their path alone."""

from typing import TYPE_CHECKING, Final

from .model import Accelerator

if TYPE_CHECKING:
    from .facts import SystemFacts

RENDER_NODE: Final = "renderD128"
_RENDER_PATH: Final = f"/dev/dri/{RENDER_NODE}"

DEVICE_PATHS: Final[dict[str, tuple[str, str]]] = {
    "/dev/nvidia0": ("nvidia", "NVIDIA graphics"),
    "/dev/nvidiactl": ("nvidia", "NVIDIA graphics"),
    "/dev/dxg": ("wsl", "Graphics of the Windows host (WSL)"),
    "/dev/kfd": ("rocm", "AMD graphics (ROCm)"),
    _RENDER_PATH: ("dri", "Graphics"),
    "/dev/accel/accel0": ("intel_npu", "Intel NPU"),
    "/dev/apex_0": ("coral", "Coral Edge TPU (PCIe)"),
    "/dev/hailo0": ("hailo", "Hailo"),
    "/dev/rknpu": ("rknpu", "Rockchip NPU"),
    "/sys/kernel/debug/rknpu": ("rknpu", "Rockchip NPU"),
}
"""Path of a device to its kind and name; of one kind the first found counts."""

USB_IDS: Final[dict[str, tuple[str, str]]] = {
    # The Edge TPU shows the first id until its firmware is loaded, then the second.
    "1a6e:089a": ("coral", "Coral Edge TPU (USB)"),
    "18d1:9302": ("coral", "Coral Edge TPU (USB)"),
}

_RENDER_NAMES: Final = {
    "amdgpu": "AMD graphics",
    "radeon": "AMD graphics",
    "i915": "Intel graphics",
    "xe": "Intel graphics",
    "nouveau": "NVIDIA graphics (nouveau)",
    "nvidia": "NVIDIA graphics",
    "panfrost": "Mali graphics",
    "panthor": "Mali graphics",
    "v3d": "VideoCore graphics",
    "vc4-drm": "VideoCore graphics",
    "virtio-pci": "Virtual graphics",
}


def find_accelerators(facts: "SystemFacts") -> tuple[Accelerator, ...]:
    """Return one accelerator per kind and bus, in the order of the known paths."""
    found: dict[str, Accelerator] = {}
    for path, (kind, name) in DEVICE_PATHS.items():
        if path in facts.devices:
            named = _render_name(facts, name) if path == _RENDER_PATH else name
            found.setdefault(kind, Accelerator(kind, path, named))
    for usb_id in facts.usb_ids:
        if usb_id in USB_IDS:
            kind, name = USB_IDS[usb_id]
            found.setdefault(f"{kind} usb", Accelerator(kind, f"usb:{usb_id}", name))
    return tuple(found.values())


def _render_name(facts: "SystemFacts", name: str) -> str:
    return _RENDER_NAMES.get(facts.render_driver or "", name)
