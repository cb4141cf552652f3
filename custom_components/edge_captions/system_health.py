"""Settings > System > Repairs > System information."""

from typing import Any

from homeassistant.components import system_health
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_URL
from homeassistant.core import HomeAssistant, callback

from .const import DOMAIN
from .data import EdgeCaptionsConfigEntry


@callback
def async_register(
    hass: HomeAssistant, register: system_health.SystemHealthRegistration
) -> None:
    """Register the page's section."""
    register.async_register_info(_facts)


async def _facts(hass: HomeAssistant) -> dict[str, Any]:
    entries: list[EdgeCaptionsConfigEntry] = hass.config_entries.async_entries(DOMAIN)
    facts: dict[str, Any] = {"runtimes": len(entries)}
    if not entries:
        return facts
    entry = entries[0]
    facts["reachable"] = system_health.async_check_can_reach_url(
        hass, f"{entry.data[CONF_URL]}/health"
    )
    if entry.state is ConfigEntryState.LOADED:
        info = entry.runtime_data.coordinator.data.info
        facts["version"] = info.version
        facts["captioner"] = info.captioner or "-"
    return facts
