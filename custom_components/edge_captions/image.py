"""The very frame that a watched camera's last caption is about."""

from homeassistant.components.image import ImageEntity
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .data import EdgeCaptionsConfigEntry
from .entity import CameraEntity
from .pictures import Picture
from .watch import CameraWatch, Sighting

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: EdgeCaptionsConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add one image entity per watched camera."""
    for subentry_id, watch in entry.runtime_data.watches.items():
        async_add_entities(
            [CaptionedFrame(hass, entry, watch)], config_subentry_id=subentry_id
        )


class CaptionedFrame(CameraEntity, ImageEntity):
    """Keeps the last frame in memory."""

    def __init__(
        self, hass: HomeAssistant, entry: EdgeCaptionsConfigEntry, watch: CameraWatch
    ) -> None:
        CameraEntity.__init__(self, entry, watch, "frame")
        ImageEntity.__init__(self, hass)
        self._picture: Picture | None = None

    async def async_image(self) -> bytes | None:
        """Return the frame."""
        return None if self._picture is None else self._picture.content

    @callback
    def _on_sighting(self, sighting: Sighting) -> None:
        if sighting.picture is None or sighting.picture is self._picture:
            return
        self._picture = sighting.picture
        self._attr_content_type = sighting.picture.content_type
        self._attr_image_last_updated = sighting.at
        self.async_write_ha_state()
