"""Buttons: look at a camera, scan or describe a folder now; give memory back."""

from homeassistant.components.button import ButtonEntity
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .client_errors import ClientError
from .const import CONF_LANGUAGE, DOMAIN, SUBENTRY_FOLDER
from .data import EdgeCaptionsConfigEntry
from .entity import CameraEntity, FolderEntity, RuntimeEntity
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
    async_add_entities(
        [
            UnloadButton(entry, data.coordinator, "unload"),
            ScanButton(entry, data.coordinator, "scan"),
        ]
    )
    for subentry in entry.get_subentries_of_type(SUBENTRY_FOLDER):
        async_add_entities(
            [
                FolderScanButton(entry, subentry, "scan"),
                FolderCaptionButton(entry, subentry, "describe"),
            ],
            config_subentry_id=subentry.subentry_id,
        )
    for subentry_id, watch in data.watches.items():
        async_add_entities(
            [LookButton(entry, watch, "look")], config_subentry_id=subentry_id
        )


class UnloadButton(RuntimeEntity, ButtonEntity):
    """Ends the models' processes; the next photo starts them again."""

    _attr_entity_category = EntityCategory.CONFIG

    async def async_press(self) -> None:
        """Unload what is loaded."""
        try:
            await unload_all(self.coordinator.client)
        except ClientError as err:
            raise translated(err) from err
        await self.coordinator.async_request_refresh()


class ScanButton(RuntimeEntity, ButtonEntity):
    """Looks for new photos in every folder that the runtime watches."""

    _attr_entity_category = EntityCategory.CONFIG

    async def async_press(self) -> None:
        """Queue the scans."""
        folders = [one for one in self.coordinator.data.sources if one.is_folder]
        if not folders:
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="no_folder"
            )
        try:
            for folder in folders:
                await self.coordinator.client.scan(folder.id)
        except ClientError as err:
            raise translated(err) from err


class FolderScanButton(FolderEntity, ButtonEntity):
    """Looks for new photos in one folder."""

    async def async_press(self) -> None:
        """Queue the scan."""
        try:
            await self.coordinator.client.scan(self.source_id)
        except ClientError as err:
            raise translated(err) from err


class FolderCaptionButton(FolderEntity, ButtonEntity):
    """Describes what nobody has described in one folder."""

    async def async_press(self) -> None:
        """Queue the work."""
        options = self.coordinator.config_entry.options
        wanted = (
            {"language": options[CONF_LANGUAGE]} if CONF_LANGUAGE in options else {}
        )
        try:
            await self.coordinator.client.caption_source(self.source_id, wanted)
        except ClientError as err:
            raise translated(err) from err


class LookButton(CameraEntity, ButtonEntity):
    """Looks at the camera now, whatever the switch and the pause say."""

    async def async_press(self) -> None:
        """Look, and tell what was seen."""
        await self._watch.look_now()
