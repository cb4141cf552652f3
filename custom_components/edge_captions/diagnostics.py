"""What a bug report needs: nothing that names a person, a place or a secret."""

from dataclasses import asdict
from typing import Any, Final

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.const import CONF_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant

from .const import CONF_CAMERA, CONF_TRIGGERS
from .data import EdgeCaptionsConfigEntry

_PRIVATE: Final = {
    CONF_TOKEN,
    CONF_URL,
    CONF_CAMERA,
    CONF_TRIGGERS,
    "runtime_id",
    "title",
    "unique_id",
}


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: EdgeCaptionsConfigEntry
) -> dict[str, Any]:
    """Return the settings and the state of the runtime, redacted."""
    status = entry.runtime_data.coordinator.data
    info = asdict(status.info)
    return async_redact_data(
        {
            "data": dict(entry.data),
            "options": dict(entry.options),
            "cameras": [dict(one.data) for one in entry.subentries.values()],
            "last_update_success": entry.runtime_data.coordinator.last_update_success,
            "info": info,
            "stats": asdict(status.stats),
        },
        _PRIVATE,
    )
