"""An event for each look at a watched camera."""

from homeassistant.components.event import EventEntity
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import EVENT_CAPTION
from .data import EdgeCaptionsConfigEntry
from .entity import CameraEntity
from .watch import CAPTIONED, EVENT_TYPES, UNSURE, Sighting

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: EdgeCaptionsConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add one event entity per watched camera."""
    for subentry_id, watch in entry.runtime_data.watches.items():
        async_add_entities(
            [CaptionEvent(entry, watch, "caption")], config_subentry_id=subentry_id
        )


class CaptionEvent(CameraEntity, EventEntity):
    """Says what was seen; the text is in the attributes."""

    _attr_event_types = EVENT_TYPES

    @callback
    def _on_sighting(self, sighting: Sighting) -> None:
        self._trigger_event(sighting.kind, dict(sighting.attributes))
        self.async_write_ha_state()
        if sighting.kind in {CAPTIONED, UNSURE}:
            facts = {"entity_id": self.entity_id, **sighting.attributes}
            self.hass.bus.async_fire(EVENT_CAPTION, facts)
