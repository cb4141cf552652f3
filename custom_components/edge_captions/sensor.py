"""Sensors: the last caption of a watched camera, and how the runtime does."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from homeassistant.components.sensor import (
    RestoreSensor,
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import EntityCategory, UnitOfInformation, UnitOfTime
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import SUBENTRY_FOLDER
from .coordinator import Status, StatusCoordinator
from .data import EdgeCaptionsConfigEntry
from .entity import CameraEntity, FolderEntity, RuntimeEntity
from .records import Source
from .text import short_text
from .watch import Sighting

PARALLEL_UPDATES = 0
_KEPT: Final = ("caption", "language", "verdict", "doubted", "score", "phase")


@dataclass(frozen=True, kw_only=True)
class FolderSensorDescription(SensorEntityDescription):
    """A sensor of a photo folder, and where its value is."""

    value: Callable[[Source], int]


FOLDER_DESCRIPTIONS: Final = tuple(
    FolderSensorDescription(
        key=key,
        state_class=SensorStateClass.MEASUREMENT,
        value=value,
    )
    for key, value in {
        "folder_photos": lambda source: source.photos,
        "folder_undescribed": lambda source: source.undescribed,
        "folder_pending": lambda source: source.pending,
    }.items()
)


@dataclass(frozen=True, kw_only=True)
class RuntimeSensorDescription(SensorEntityDescription):
    """A sensor of the runtime, and where its value is."""

    value: Callable[[Status], str | float | None]


DESCRIPTIONS: Final = (
    RuntimeSensorDescription(
        key="captioner",
        entity_category=EntityCategory.DIAGNOSTIC,
        value=lambda status: status.info.captioner,
    ),
    RuntimeSensorDescription(
        key="waiting",
        entity_category=EntityCategory.DIAGNOSTIC,
        state_class=SensorStateClass.MEASUREMENT,
        value=lambda status: status.stats.waiting,
    ),
    RuntimeSensorDescription(
        key="photos",
        state_class=SensorStateClass.MEASUREMENT,
        value=lambda status: status.stats.photos,
    ),
    RuntimeSensorDescription(
        key="pending",
        state_class=SensorStateClass.MEASUREMENT,
        value=lambda status: status.stats.pending,
    ),
    RuntimeSensorDescription(
        key="seconds_per_caption",
        device_class=SensorDeviceClass.DURATION,
        entity_category=EntityCategory.DIAGNOSTIC,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        suggested_display_precision=1,
        entity_registry_enabled_default=False,
        value=lambda status: status.stats.seconds_per_caption,
    ),
    RuntimeSensorDescription(
        key="captions_answered",
        entity_category=EntityCategory.DIAGNOSTIC,
        state_class=SensorStateClass.TOTAL_INCREASING,
        entity_registry_enabled_default=False,
        value=lambda status: status.stats.captions_answered,
    ),
    RuntimeSensorDescription(
        key="memory",
        device_class=SensorDeviceClass.DATA_SIZE,
        entity_category=EntityCategory.DIAGNOSTIC,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfInformation.BYTES,
        suggested_unit_of_measurement=UnitOfInformation.MEBIBYTES,
        suggested_display_precision=0,
        entity_registry_enabled_default=False,
        value=lambda status: (
            status.stats.rss_bytes
            + sum(runner.rss_bytes for runner in status.info.runners)
        ),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: EdgeCaptionsConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the runtime's sensors and one per watched camera."""
    data = entry.runtime_data
    async_add_entities(
        RuntimeSensor(entry, data.coordinator, description)
        for description in DESCRIPTIONS
    )
    for subentry_id, watch in data.watches.items():
        async_add_entities(
            [LastCaption(entry, watch, "last_caption")],
            config_subentry_id=subentry_id,
        )
    for subentry in entry.get_subentries_of_type(SUBENTRY_FOLDER):
        async_add_entities(
            (FolderSensor(entry, subentry, one) for one in FOLDER_DESCRIPTIONS),
            config_subentry_id=subentry.subentry_id,
        )


class FolderSensor(FolderEntity, SensorEntity):
    """A number of a photo folder."""

    entity_description: FolderSensorDescription

    def __init__(
        self,
        entry: EdgeCaptionsConfigEntry,
        subentry: ConfigSubentry,
        description: FolderSensorDescription,
    ) -> None:
        super().__init__(entry, subentry, description.key)
        self.entity_description = description

    @property
    def native_value(self) -> int | None:
        """Return the number."""
        source = self.source
        return None if source is None else self.entity_description.value(source)


class RuntimeSensor(RuntimeEntity, SensorEntity):
    """A fact about the runtime."""

    entity_description: RuntimeSensorDescription

    def __init__(
        self,
        entry: EdgeCaptionsConfigEntry,
        coordinator: StatusCoordinator,
        description: RuntimeSensorDescription,
    ) -> None:
        super().__init__(entry, coordinator, description.key)
        self.entity_description = description

    @property
    def native_value(self) -> str | float | None:
        """Return the value."""
        return self.entity_description.value(self.coordinator.data)


class LastCaption(CameraEntity, RestoreSensor):
    """The last text of a camera; whole in the attributes, cut in the state."""

    async def async_added_to_hass(self) -> None:
        """Show the text from before a restart."""
        await super().async_added_to_hass()
        if (kept := await self.async_get_last_sensor_data()) is not None:
            self._attr_native_value = kept.native_value
        if (state := await self.async_get_last_state()) is not None:
            self._attr_extra_state_attributes = {
                key: state.attributes[key] for key in _KEPT if key in state.attributes
            }

    @callback
    def _on_sighting(self, sighting: Sighting) -> None:
        if sighting.caption is None:
            return
        attributes: dict[str, Any] = {key: sighting.attributes[key] for key in _KEPT}
        self._attr_native_value = short_text(sighting.caption.text)
        self._attr_extra_state_attributes = attributes
        self.async_write_ha_state()
