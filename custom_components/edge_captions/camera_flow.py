"""Add a camera that is watched, and change how."""

from typing import Any, Final

from homeassistant.config_entries import ConfigSubentryFlow, SubentryFlowResult
from homeassistant.const import CONF_NAME
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    TextSelector,
)
import probatio as vol

from .const import (
    CONF_CAMERA,
    CONF_COOLDOWN,
    CONF_INTERVAL,
    CONF_ON_CHANGE,
    CONF_SNAPSHOTS,
    CONF_TRIGGERS,
    DEFAULT_COOLDOWN_S,
)

_TRIGGER_DOMAINS: Final = ["binary_sensor", "input_boolean", "switch"]


def _number(minimum: int, maximum: int, unit: str) -> NumberSelector:
    return NumberSelector(
        NumberSelectorConfig(
            min=minimum,
            max=maximum,
            step=1,
            unit_of_measurement=unit,
            mode=NumberSelectorMode.BOX,
        )
    )


_HOW: Final[dict[vol.Marker, Any]] = {
    vol.Required(CONF_ON_CHANGE, default=True): BooleanSelector(),
    vol.Optional(CONF_TRIGGERS, default=list): EntitySelector(
        EntitySelectorConfig(domain=_TRIGGER_DOMAINS, multiple=True)
    ),
    vol.Optional(CONF_INTERVAL): _number(1, 1440, "min"),
    vol.Required(CONF_COOLDOWN, default=DEFAULT_COOLDOWN_S): _number(0, 3600, "s"),
    vol.Required(CONF_SNAPSHOTS, default=1): _number(1, 5, ""),
}
_NEW_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_CAMERA): EntitySelector(
            EntitySelectorConfig(domain=["camera", "image"])
        ),
        vol.Optional(CONF_NAME): TextSelector(),
        **_HOW,
    }
)
_CHANGE_SCHEMA: Final = vol.Schema(_HOW)


class WatchedCameraFlow(ConfigSubentryFlow):
    """Adds and changes a watched camera."""

    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask which camera, and when to look."""
        errors: dict[str, str] = {}
        if user_input is not None:
            camera = user_input[CONF_CAMERA]
            entry = self._get_entry()
            if any(one.unique_id == camera for one in entry.subentries.values()):
                return self.async_abort(reason="already_configured")
            if not _has_trigger(user_input):
                errors["base"] = "no_trigger"
            else:
                data = dict(user_input)
                title = data.pop(CONF_NAME, "").strip() or self._name_of(camera)
                return self.async_create_entry(title=title, data=data, unique_id=camera)
        return self.async_show_form(
            step_id="user",
            data_schema=self.add_suggested_values_to_schema(_NEW_SCHEMA, user_input),
            errors=errors,
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask when to look from now on."""
        subentry = self._get_reconfigure_subentry()
        errors: dict[str, str] = {}
        if user_input is not None:
            if _has_trigger(user_input):
                return self.async_update_and_abort(
                    self._get_entry(),
                    subentry,
                    data={CONF_CAMERA: subentry.data[CONF_CAMERA], **user_input},
                )
            errors["base"] = "no_trigger"
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self.add_suggested_values_to_schema(
                _CHANGE_SCHEMA, user_input or subentry.data
            ),
            description_placeholders={"camera": subentry.title},
            errors=errors,
        )

    def _name_of(self, entity_id: str) -> str:
        state = self.hass.states.get(entity_id)
        return state.name if state is not None else entity_id


def _has_trigger(data: dict[str, Any]) -> bool:
    """Return whether anything would ever make the camera be looked at."""
    return any(data.get(key) for key in (CONF_ON_CHANGE, CONF_TRIGGERS, CONF_INTERVAL))
