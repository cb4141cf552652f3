"""Whether the machine has time to describe photos that nobody waits for."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, time
import os
from pathlib import Path
from typing import Final

from ...folder_settings import Schedule
from ...hardware.sensors import on_battery, processor_celsius

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
        on_battery=on_battery(root),
        celsius=processor_celsius(root),
    )


def _is_within(hours: str, at: time) -> bool:
    first, last = (time.fromisoformat(part) for part in hours.split("-"))
    now = at.replace(tzinfo=None)
    if first <= last:
        return first <= now < last
    return now >= first or now < last
