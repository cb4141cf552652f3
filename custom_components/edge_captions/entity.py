"""What all entities share: the device of the runtime or of a watched camera."""

from homeassistant.config_entries import ConfigSubentry
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .const import CONF_SOURCE, DOMAIN, NAME
from .coordinator import StatusCoordinator
from .data import EdgeCaptionsConfigEntry
from .records import Source
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


def subentry_device(
    entry: EdgeCaptionsConfigEntry, subentry: ConfigSubentry, model: str
) -> DeviceInfo:
    """Return the device of a camera, a folder or a task below the runtime's."""
    return DeviceInfo(
        identifiers={(DOMAIN, subentry.subentry_id)},
        entry_type=DeviceEntryType.SERVICE,
        name=subentry.title,
        manufacturer=NAME,
        model=model,
        via_device_id=entry.runtime_data.device_id,
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


class FolderEntity(CoordinatorEntity[StatusCoordinator]):
    """Something about a folder of photos that the runtime watches."""

    _attr_has_entity_name = True

    def __init__(
        self, entry: EdgeCaptionsConfigEntry, subentry: ConfigSubentry, key: str
    ) -> None:
        super().__init__(entry.runtime_data.coordinator)
        self.source_id: str = subentry.data[CONF_SOURCE]
        self._attr_unique_id = f"{subentry.subentry_id}_{key}"
        self._attr_translation_key = key
        self._attr_device_info = subentry_device(entry, subentry, "Photo folder")

    @property
    def source(self) -> Source | None:
        """Return the folder; None: the runtime watches it no more."""
        return self.coordinator.data.source(self.source_id)

    @property
    def available(self) -> bool:
        """Return whether the runtime answers and has the folder."""
        return super().available and self.source is not None


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
        self._attr_device_info = subentry_device(entry, subentry, "Watched camera")

    async def async_added_to_hass(self) -> None:
        """Begin to take what is seen."""
        await super().async_added_to_hass()
        self.async_on_remove(self._watch.listen(self._on_sighting))

    def _on_sighting(self, sighting: Sighting) -> None:
        """Take what was seen; a switch has no use for it."""
