"""Preferences of an entry."""

from typing import Any, Final

from homeassistant.config_entries import ConfigFlowResult, OptionsFlow
from homeassistant.helpers.selector import (
    BooleanSelector,
    LanguageSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
)
import probatio as vol

from .const import (
    CONF_LANGUAGE,
    CONF_LENIENT,
    CONF_STYLE,
    CONF_TIMEOUT,
    DEFAULT_TIMEOUT_S,
    STYLES,
)

_OPTIONS_SCHEMA: Final = vol.Schema(
    {
        vol.Optional(CONF_LANGUAGE): LanguageSelector(),
        vol.Required(CONF_STYLE, default="plain"): SelectSelector(
            SelectSelectorConfig(options=STYLES, translation_key="style")
        ),
        vol.Required(CONF_TIMEOUT, default=DEFAULT_TIMEOUT_S): NumberSelector(
            NumberSelectorConfig(
                min=10,
                max=3600,
                step=1,
                unit_of_measurement="s",
                mode=NumberSelectorMode.BOX,
            )
        ),
        vol.Required(CONF_LENIENT, default=False): BooleanSelector(),
    }
)


class EdgeCaptionsOptionsFlow(OptionsFlow):
    """Preferences."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show and keep them."""
        if user_input is not None:
            return self.async_create_entry(data=user_input)
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                _OPTIONS_SCHEMA, self.config_entry.options
            ),
        )
