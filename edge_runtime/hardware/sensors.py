"""What the machine feels now: its processor's heat, and whether a battery feeds it."""

from pathlib import Path
from typing import Final

_ROOT: Final = Path("/")
_POWER: Final = "sys/class/power_supply"
_THERMAL: Final = "sys/class/thermal"
_HWMON: Final = "sys/class/hwmon"
_PROCESSOR: Final = (
    "cpu",
    "soc",
    "x86_pkg",
    "acpitz",
    "coretemp",
    "k10temp",
    "package",
)
_MILLI: Final = 1000.0


def on_battery(root: Path = _ROOT) -> bool:
    """Return whether a battery empties and nothing feeds the machine."""
    fed = False
    empties = False
    for supply in _entries(root / _POWER):
        kind, scope = _text(supply / "type"), _text(supply / "scope")
        if kind == "Battery" and scope != "Device":  # a mouse's battery is not ours
            empties |= _text(supply / "status") == "Discharging"
        elif kind in {"Mains", "USB", "UPS"}:
            fed |= _text(supply / "online") == "1"
    return empties and not fed


def processor_celsius(root: Path = _ROOT) -> float | None:
    """Return the hottest sensor of the processor; None where there is none."""
    found = [
        _number(zone / "temp")
        for zone in _entries(root / _THERMAL)
        if zone.name.startswith("thermal_zone") and _is_processor(zone / "type")
    ]
    for chip in _entries(root / _HWMON):
        if _is_processor(chip / "name"):
            found += [_number(path) for path in sorted(chip.glob("temp*_input"))]
    degrees = [value / _MILLI for value in found if value is not None and value > 0]
    return max(degrees, default=None)


def _is_processor(path: Path) -> bool:
    name = _text(path).lower()
    return any(part in name for part in _PROCESSOR)


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""


def _number(path: Path) -> float | None:
    try:
        return float(_text(path))
    except ValueError:
        return None
