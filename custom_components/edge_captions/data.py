"""What belongs to one runtime while it is set up."""

from dataclasses import dataclass, field

from homeassistant.config_entries import ConfigEntry

from .client import RuntimeClient
from .coordinator import StatusCoordinator
from .watch import CameraWatch


@dataclass(slots=True)
class EdgeCaptionsData:
    """The parts that the platforms and the actions use."""

    client: RuntimeClient
    coordinator: StatusCoordinator
    device_id: str
    """Of the device that stands for the runtime."""
    watches: dict[str, CameraWatch] = field(default_factory=dict)
    """The watched cameras by the id of their subentry."""


type EdgeCaptionsConfigEntry = ConfigEntry[EdgeCaptionsData]
