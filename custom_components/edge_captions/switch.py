"""A switch per watched camera: whether it is looked at."""

from typing import Any

from homeassistant.components.switch import SwitchEntity
from homeassistant.const import STATE_OFF
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.restore_state import RestoreEntity

from .data import EdgeCaptionsConfigEntry
from .entity import CameraEntity

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: EdgeCaptionsConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add one switch per watched camera."""
    for subentry_id, watch in entry.runtime_data.watches.items():
        async_add_entities(
            [WatchSwitch(entry, watch, "watch")], config_subentry_id=subentry_id
        )


class WatchSwitch(CameraEntity, SwitchEntity, RestoreEntity):
    """Stays as it was over a restart."""

    @property
    def is_on(self) -> bool:
        """Return whether the camera is looked at."""
        return self._watch.enabled

    async def async_added_to_hass(self) -> None:
        """Take up the last state."""
        await super().async_added_to_hass()
        if (state := await self.async_get_last_state()) is not None:
            self._watch.enabled = state.state != STATE_OFF

    async def async_turn_on(self, **kwargs: Any) -> None:
        """Watch again."""
        self._watch.enabled = True
        self.async_write_ha_state()

    async def async_turn_off(self, **kwargs: Any) -> None:
        """Leave the camera alone."""
        self._watch.enabled = False
        self.async_write_ha_state()
