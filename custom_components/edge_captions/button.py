"""Buttons: look at a camera now; give the models' memory back."""

from homeassistant.components.button import ButtonEntity
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .client_errors import ClientError
from .coordinator import StatusCoordinator
from .data import EdgeCaptionsConfigEntry
from .entity import CameraEntity, RuntimeEntity
from .failures import translated
from .unloading import unload_all

PARALLEL_UPDATES = 1


async def async_setup_entry(
    hass: HomeAssistant,
    entry: EdgeCaptionsConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the runtime's button and one per watched camera."""
    data = entry.runtime_data
    async_add_entities([UnloadButton(entry, data.coordinator)])
    for subentry_id, watch in data.watches.items():
        async_add_entities(
            [LookButton(entry, watch, "look")], config_subentry_id=subentry_id
        )


class UnloadButton(RuntimeEntity, ButtonEntity):
    """Ends the models' processes; the next photo starts them again."""

    _attr_entity_category = EntityCategory.CONFIG

    def __init__(
        self, entry: EdgeCaptionsConfigEntry, coordinator: StatusCoordinator
    ) -> None:
        super().__init__(entry, coordinator, "unload")

    async def async_press(self) -> None:
        """Unload what is loaded."""
        try:
            await unload_all(self.coordinator.client)
        except ClientError as err:
            raise translated(err) from err
        await self.coordinator.async_request_refresh()


class LookButton(CameraEntity, ButtonEntity):
    """Looks at the camera now, whatever the switch and the pause say."""

    async def async_press(self) -> None:
        """Look, and tell what was seen."""
        await self._watch.look_now()
