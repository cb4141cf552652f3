"""An update entity: a better captioner for the runtime's machine."""

from typing import Any

from homeassistant.components.update import UpdateEntity, UpdateEntityFeature
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .client_errors import ClientError
from .data import EdgeCaptionsConfigEntry
from .entity import RuntimeEntity
from .failures import translated

PARALLEL_UPDATES = 1


async def async_setup_entry(
    hass: HomeAssistant,
    entry: EdgeCaptionsConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the entity."""
    coordinator = entry.runtime_data.coordinator
    async_add_entities([ModelUpdate(entry, coordinator, "captioner")])


class ModelUpdate(RuntimeEntity, UpdateEntity):
    """The captioner that is there, and the one that the runtime recommends."""

    _attr_supported_features = UpdateEntityFeature.INSTALL

    @property
    def installed_version(self) -> str | None:
        """Return the captioner that answers."""
        return self._title(self.coordinator.data.info.captioner)

    @property
    def latest_version(self) -> str | None:
        """Return the better one, where there is one."""
        info = self.coordinator.data.info
        return self._title(info.recommended or info.captioner)

    @property
    def release_summary(self) -> str | None:
        """Say that a licence has to be read first."""
        model = self.coordinator.data.model(self.coordinator.data.info.recommended)
        if model is None or not model.needs_license:
            return None
        return f"{model.id}: its licence has to be accepted (download_model)"

    def version_is_newer(self, latest_version: str, installed_version: str) -> bool:
        """Return whether there is another: names of models have no order."""
        return latest_version != installed_version

    async def async_install(
        self, version: str | None, backup: bool, **kwargs: Any
    ) -> None:
        """Start the download; the runtime takes the model when it has proved itself."""
        data = self.coordinator.data
        try:
            await self.coordinator.client.download(
                str(data.info.recommended), accept_license=False, confirm=False
            )
        except ClientError as err:
            raise translated(err) from err
        await self.coordinator.async_request_refresh()

    def _title(self, model_id: str | None) -> str | None:
        model = self.coordinator.data.model(model_id)
        return model_id if model is None else model.title
