"""What belongs to one runtime while it is set up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from homeassistant.config_entries import ConfigEntry

from .client import RuntimeClient
from .const import LIVE_OPTIONS
from .coordinator import StatusCoordinator
from .watch import CameraWatch


@dataclass(slots=True)
class EdgeCaptionsData:
    """The parts that the platforms and the actions use."""

    client: RuntimeClient
    coordinator: StatusCoordinator
    device_id: str
    """Of the device that stands for the runtime."""
    settings: Mapping[str, Any]
    """What it was set up with; the rest counts at once."""
    watches: dict[str, CameraWatch] = field(default_factory=dict)
    """The watched cameras by the id of their subentry."""


type EdgeCaptionsConfigEntry = ConfigEntry[EdgeCaptionsData]


def what_needs_a_start(entry: ConfigEntry) -> Mapping[str, Any]:
    """Return what an entry has to be set up anew for when it changes."""
    options = {k: v for k, v in entry.options.items() if k not in LIVE_OPTIONS}
    return {
        "title": entry.title,
        "data": dict(entry.data),
        "options": options,
        "subentries": dict(entry.subentries),
    }
