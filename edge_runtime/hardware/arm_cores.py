"""Names of ARM cores by the numbers that /proc/cpuinfo gives."""

from typing import Final

_IMPLEMENTERS: Final = {
    0x41: "ARM",
    0x42: "Broadcom",
    0x43: "Cavium",
    0x48: "HiSilicon",
    0x4E: "NVIDIA",
    0x51: "Qualcomm",
    0x53: "Samsung",
    0x61: "Apple",
    0xC0: "Ampere",
}
_ARM_PARTS: Final = {
    0xB76: "ARM1176",
    0xC05: "Cortex-A5",
    0xC07: "Cortex-A7",
    0xC08: "Cortex-A8",
    0xC09: "Cortex-A9",
    0xC0F: "Cortex-A15",
    0xD03: "Cortex-A53",
    0xD04: "Cortex-A35",
    0xD05: "Cortex-A55",
    0xD07: "Cortex-A57",
    0xD08: "Cortex-A72",
    0xD09: "Cortex-A73",
    0xD0A: "Cortex-A75",
    0xD0B: "Cortex-A76",
    0xD0C: "Neoverse-N1",
    0xD0D: "Cortex-A77",
    0xD40: "Neoverse-V1",
    0xD41: "Cortex-A78",
    0xD44: "Cortex-X1",
    0xD46: "Cortex-A510",
    0xD47: "Cortex-A710",
    0xD49: "Neoverse-N2",
    0xD4D: "Cortex-A715",
    0xD4F: "Neoverse-V2",
    0xD80: "Cortex-A520",
    0xD81: "Cortex-A720",
}
_ARM: Final = 0x41


def implementer_name(text: str) -> str | None:
    """Return who designed the core, from the text after `CPU implementer`."""
    return _IMPLEMENTERS.get(_number(text))


def core_name(implementer: str, part: str) -> str | None:
    """Return the core's name; only ARM's own designs are known by number."""
    return _ARM_PARTS.get(_number(part)) if _number(implementer) == _ARM else None


def _number(text: str) -> int:
    try:
        return int(text, 16)
    except ValueError:
        return -1
