"""Add an AI task entity with settings of its own, and change them."""

from typing import Any, Final

from homeassistant.config_entries import ConfigSubentryFlow, SubentryFlowResult
from homeassistant.const import CONF_NAME
from homeassistant.helpers.selector import (
    BooleanSelector,
    LanguageSelector,
    SelectSelector,
    SelectSelectorConfig,
    TextSelector,
)
import probatio as vol

from .const import (
    CONF_DETAIL,
    CONF_LANGUAGE,
    CONF_LENIENT,
    CONF_STYLE,
    DETAILS,
    STYLES,
)


def _choice(options: list[str], key: str) -> SelectSelector:
    return SelectSelector(SelectSelectorConfig(options=options, translation_key=key))


_HOW: Final[dict[vol.Marker, Any]] = {
    vol.Optional(CONF_LANGUAGE): LanguageSelector(),
    vol.Required(CONF_STYLE, default="plain"): _choice(STYLES, "style"),
    vol.Required(CONF_DETAIL, default="normal"): _choice(DETAILS, "detail"),
    vol.Required(CONF_LENIENT, default=False): BooleanSelector(),
}
_NEW_SCHEMA: Final = vol.Schema({vol.Required(CONF_NAME): TextSelector(), **_HOW})
_CHANGE_SCHEMA: Final = vol.Schema(_HOW)


class TaskFlow(ConfigSubentryFlow):
    """Adds and changes an AI task entity."""

    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for a name and how to describe."""
        if user_input is not None:
            data = dict(user_input)
            return self.async_create_entry(title=data.pop(CONF_NAME), data=data)
        return self.async_show_form(step_id="user", data_schema=_NEW_SCHEMA)

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask how to describe from now on."""
        subentry = self._get_reconfigure_subentry()
        if user_input is not None:
            return self.async_update_and_abort(
                self._get_entry(), subentry, data=user_input
            )
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self.add_suggested_values_to_schema(
                _CHANGE_SCHEMA, subentry.data
            ),
            description_placeholders={"name": subentry.title},
        )
