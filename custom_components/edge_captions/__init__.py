"""Edge Captions: photos and cameras described by a machine of your own."""

from typing import Final

from homeassistant.const import CONF_TOKEN, CONF_URL, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.typing import ConfigType

from .client import RuntimeClient
from .const import CONF_TIMEOUT, DEFAULT_TIMEOUT_S, DOMAIN, SUBENTRY_CAMERA
from .coordinator import StatusCoordinator
from .data import EdgeCaptionsConfigEntry, EdgeCaptionsData, what_needs_a_start
from .entity import runtime_device
from .follower import Follower
from .issues import clear_issues
from .media_source import PhotoView
from .services import register_actions
from .watch import CameraWatch

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)
PLATFORMS: Final = [
    Platform.AI_TASK,
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.EVENT,
    Platform.IMAGE,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
    Platform.UPDATE,
]


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register actions and addresses; they say so when nothing is set up yet."""
    register_actions(hass)
    hass.http.register_view(PhotoView(hass))
    return True


async def async_setup_entry(
    hass: HomeAssistant, entry: EdgeCaptionsConfigEntry
) -> bool:
    """Connect to a runtime and watch the cameras."""
    client = RuntimeClient(
        async_get_clientsession(hass),
        entry.data[CONF_URL],
        entry.data.get(CONF_TOKEN),
        caption_timeout_s=entry.options.get(CONF_TIMEOUT, DEFAULT_TIMEOUT_S),
    )
    coordinator = StatusCoordinator(hass, entry, client)
    await coordinator.async_config_entry_first_refresh()
    watches = {
        subentry.subentry_id: CameraWatch(hass, entry, subentry, client)
        for subentry in entry.get_subentries_of_type(SUBENTRY_CAMERA)
    }
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id, **runtime_device(entry, coordinator)
    )
    entry.runtime_data = EdgeCaptionsData(
        client, coordinator, device.id, what_needs_a_start(entry), watches
    )
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    for watch in watches.values():
        entry.async_on_unload(watch.start())
    follower = Follower(client, coordinator, watches.values())
    entry.async_create_background_task(hass, follower.run(), "edge_captions events")
    entry.async_on_unload(entry.add_update_listener(_reload))
    return True


async def async_unload_entry(
    hass: HomeAssistant, entry: EdgeCaptionsConfigEntry
) -> bool:
    """Take everything down again; the event stream ends with the entry."""
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(
    hass: HomeAssistant, entry: EdgeCaptionsConfigEntry
) -> None:
    """Take the issues of a removed entry with it."""
    clear_issues(hass, entry)


async def _reload(hass: HomeAssistant, entry: EdgeCaptionsConfigEntry) -> None:
    """Start anew with other options, another address or other cameras."""
    data = entry.runtime_data
    if data.settings == what_needs_a_start(entry):
        data.coordinator.async_update_listeners()
    else:
        await hass.config_entries.async_reload(entry.entry_id)
