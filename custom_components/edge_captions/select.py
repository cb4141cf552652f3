"""Selects: the captioner, and the language and style of captions."""

from typing import Final

from homeassistant.components.select import SelectEntity
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .client_errors import ClientError
from .const import CONF_LANGUAGE, CONF_STYLE, STYLES
from .data import EdgeCaptionsConfigEntry
from .entity import RuntimeEntity
from .failures import translated
from .records import CAPTIONING

PARALLEL_UPDATES = 1
AUTO: Final = "auto"
_COMPOSED: Final = ("de", "en")
"""Languages that the runtime writes in without a model for it."""


async def async_setup_entry(
    hass: HomeAssistant,
    entry: EdgeCaptionsConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the runtime's selects."""
    async_add_entities(
        [
            ModelSelect(entry, entry.runtime_data.coordinator, "model"),
            LanguageSelect(entry, entry.runtime_data.coordinator, "language"),
            StyleSelect(entry, entry.runtime_data.coordinator, "style"),
        ]
    )


class ModelSelect(RuntimeEntity, SelectEntity):
    """Which captioner answers: a certain one, or the best."""

    _attr_entity_category = EntityCategory.CONFIG

    @property
    def options(self) -> list[str]:
        """Return the captioners that are there."""
        found = [
            model.id
            for model in self.coordinator.data.models
            if model.task == CAPTIONING and model.is_installed
        ]
        chosen = self.current_option
        return list(dict.fromkeys([AUTO, *found, chosen]))

    @property
    def current_option(self) -> str:
        """Return the choice."""
        return self.coordinator.data.info.pinned or AUTO

    async def async_select_option(self, option: str) -> None:
        """Choose."""
        try:
            await self.coordinator.client.choose_captioner(option)
        except ClientError as err:
            raise translated(err) from err
        await self.coordinator.async_request_refresh()


class _Preference(RuntimeEntity, SelectEntity):
    """A preference of the entry that counts from the next caption on."""

    _attr_entity_category = EntityCategory.CONFIG
    _key: str
    _otherwise: str

    @property
    def current_option(self) -> str:
        """Return what is preferred."""
        entry = self.coordinator.config_entry
        return str(entry.options.get(self._key) or self._otherwise)

    async def async_select_option(self, option: str) -> None:
        """Keep it among the entry's preferences."""
        entry = self.coordinator.config_entry
        options = {k: v for k, v in entry.options.items() if k != self._key}
        if option != self._otherwise:
            options[self._key] = option
        self.hass.config_entries.async_update_entry(entry, options=options)


class LanguageSelect(_Preference):
    """The language of captions."""

    _key = CONF_LANGUAGE
    _otherwise = AUTO

    @property
    def options(self) -> list[str]:
        """Return what can be written there."""
        known = {
            language
            for model in self.coordinator.data.models
            if model.is_installed
            for language in model.languages
        }
        return [AUTO, *sorted({*known, *_COMPOSED, self.current_option} - {AUTO})]


class StyleSelect(_Preference):
    """How captions are written."""

    _key = CONF_STYLE
    _otherwise = STYLES[0]
    _attr_options = STYLES
