"""Binary sensors: whether the runtime answers, holds a model, and sees a folder."""

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import SUBENTRY_FOLDER
from .data import EdgeCaptionsConfigEntry
from .entity import FolderEntity, RuntimeEntity

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: EdgeCaptionsConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the runtime's binary sensors and one per folder."""
    coordinator = entry.runtime_data.coordinator
    async_add_entities(
        [
            Online(entry, coordinator, "online"),
            ModelLoaded(entry, coordinator, "model_loaded"),
        ]
    )
    for subentry in entry.get_subentries_of_type(SUBENTRY_FOLDER):
        async_add_entities(
            [FolderOnline(entry, subentry, "folder_online")],
            config_subentry_id=subentry.subentry_id,
        )


class Online(RuntimeEntity, BinarySensorEntity):
    """Says when the runtime is away, so it is there even then."""

    _attr_device_class = BinarySensorDeviceClass.CONNECTIVITY
    _attr_entity_category = EntityCategory.DIAGNOSTIC

    @property
    def available(self) -> bool:
        """Return that it can always be told."""
        return True

    @property
    def is_on(self) -> bool:
        """Return whether the runtime answered last time."""
        return self.coordinator.last_update_success


class ModelLoaded(RuntimeEntity, BinarySensorEntity):
    """Whether the captioner holds memory, and would answer at once."""

    _attr_device_class = BinarySensorDeviceClass.RUNNING
    _attr_entity_category = EntityCategory.DIAGNOSTIC

    @property
    def is_on(self) -> bool:
        """Return whether the captioner's process runs."""
        info = self.coordinator.data.info
        return any(
            runner.model_id == info.captioner and runner.state == "ready"
            for runner in info.runners
        )


class FolderOnline(FolderEntity, BinarySensorEntity):
    """Whether the runtime sees the folder: a disk may be unplugged."""

    _attr_device_class = BinarySensorDeviceClass.CONNECTIVITY
    _attr_entity_category = EntityCategory.DIAGNOSTIC

    @property
    def is_on(self) -> bool | None:
        """Return whether the folder is there."""
        return None if self.source is None else self.source.is_online
