"""Whether the machine has time to describe photos that nobody waits for."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, time
import os
from pathlib import Path
from typing import Final

from ...folder_settings import Schedule

_POWER: Final = Path("/sys/class/power_supply")
_THERMAL: Final = Path("/sys/class/thermal")
_HWMON: Final = Path("/sys/class/hwmon")
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
_COOLER: Final = 3.0
"""Degrees below the limit at which the work goes on."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """The machine at one moment; None: it does not say."""

    at: time
    load: float | None = None
    """Share of the cores that is busy, our own work left out; may be above 1."""
    on_battery: bool = False
    celsius: float | None = None


def hindrance(
    schedule: Schedule, now: Conditions, *, is_paused: bool = False
) -> str | None:
    """Return why no photo may be described now, or None. Pure."""
    if schedule.hours is not None and not _is_within(schedule.hours, now.at):
        return f"only from {schedule.hours.replace('-', ' to ')}"
    if now.on_battery and not schedule.on_battery:
        return "on battery"
    limit = schedule.max_celsius - (_COOLER if is_paused else 0.0)
    if now.celsius is not None and now.celsius > limit:
        return f"too hot ({now.celsius:.0f} °C)"
    if (
        schedule.max_load is not None
        and now.load is not None
        and now.load > schedule.max_load
    ):
        return f"other programs are busy (load {now.load:.2f})"
    return None


def conditions(own_threads: int, root: Path = Path("/")) -> Conditions:
    """Look at the machine; `own_threads` are those that work for us now. Blocks."""
    load = None
    with suppress(OSError):
        busy = max(0.0, os.getloadavg()[0] - own_threads)
        load = busy / (os.cpu_count() or 1)
    return Conditions(
        at=datetime.now().astimezone().time(),
        load=load,
        on_battery=_on_battery(_below(root, _POWER)),
        celsius=_celsius(_below(root, _THERMAL), _below(root, _HWMON)),
    )


def _is_within(hours: str, at: time) -> bool:
    first, last = (time.fromisoformat(part) for part in hours.split("-"))
    now = at.replace(tzinfo=None)
    if first <= last:
        return first <= now < last
    return now >= first or now < last


def _on_battery(folder: Path) -> bool:
    """Return whether a battery empties and nothing feeds the machine."""
    fed = False
    empties = False
    for supply in _entries(folder):
        kind, scope = _text(supply / "type"), _text(supply / "scope")
        if kind == "Battery" and scope != "Device":  # a mouse's battery is not ours
            empties |= _text(supply / "status") == "Discharging"
        elif kind in {"Mains", "USB", "UPS"}:
            fed |= _text(supply / "online") == "1"
    return empties and not fed


def _celsius(thermal: Path, hwmon: Path) -> float | None:
    """Return the hottest sensor of the processor."""
    found = [
        _number(zone / "temp")
        for zone in _entries(thermal)
        if zone.name.startswith("thermal_zone") and _is_processor(zone / "type")
    ]
    for chip in _entries(hwmon):
        if _is_processor(chip / "name"):
            found += [_number(path) for path in sorted(chip.glob("temp*_input"))]
    degrees = [value / _MILLI for value in found if value is not None and value > 0]
    return max(degrees, default=None)


def _is_processor(path: Path) -> bool:
    name = _text(path).lower()
    return any(part in name for part in _PROCESSOR)


def _below(root: Path, path: Path) -> Path:
    return root / path.relative_to("/")


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
