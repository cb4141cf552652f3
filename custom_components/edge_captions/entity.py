"""What all entities share: the device of the runtime or of a watched camera."""

from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .const import DOMAIN, NAME
from .coordinator import StatusCoordinator
from .data import EdgeCaptionsConfigEntry
from .watch import CameraWatch, Sighting


def runtime_device(
    entry: EdgeCaptionsConfigEntry, coordinator: StatusCoordinator
) -> DeviceInfo:
    """Return the device that stands for the runtime."""
    return DeviceInfo(
        identifiers={(DOMAIN, entry.unique_id or entry.entry_id)},
        entry_type=DeviceEntryType.SERVICE,
        name=entry.title,
        manufacturer=NAME,
        model="Runtime",
        sw_version=coordinator.data.info.version,
        configuration_url=coordinator.client.url,
    )


class RuntimeEntity(CoordinatorEntity[StatusCoordinator]):
    """Something about the runtime."""

    _attr_has_entity_name = True

    def __init__(
        self, entry: EdgeCaptionsConfigEntry, coordinator: StatusCoordinator, key: str
    ) -> None:
        super().__init__(coordinator)
        self._attr_unique_id = f"{entry.unique_id}_{key}"
        self._attr_translation_key = key
        self._attr_device_info = runtime_device(entry, coordinator)


class CameraEntity(Entity):
    """Something about a watched camera."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(
        self, entry: EdgeCaptionsConfigEntry, watch: CameraWatch, key: str
    ) -> None:
        self._watch = watch
        subentry = watch.subentry
        self._attr_unique_id = f"{subentry.subentry_id}_{key}"
        self._attr_translation_key = key
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, subentry.subentry_id)},
            entry_type=DeviceEntryType.SERVICE,
            name=subentry.title,
            manufacturer=NAME,
            model="Watched camera",
            via_device_id=entry.runtime_data.device_id,
        )

    async def async_added_to_hass(self) -> None:
        """Begin to take what is seen."""
        await super().async_added_to_hass()
        self.async_on_remove(self._watch.listen(self._on_sighting))

    def _on_sighting(self, sighting: Sighting) -> None:
        """Take what was seen; a switch has no use for it."""
