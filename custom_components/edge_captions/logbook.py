"""Captions in the logbook."""

from collections.abc import Callable
from typing import Any

from homeassistant.components.logbook.const import (
    LOGBOOK_ENTRY_ENTITY_ID,
    LOGBOOK_ENTRY_MESSAGE,
    LOGBOOK_ENTRY_NAME,
)
from homeassistant.core import Event, HomeAssistant, callback

from .const import DOMAIN, EVENT_CAPTION

type _Describe = Callable[
    [str, str, Callable[[Event[dict[str, Any]]], dict[str, str]]], None
]


@callback
def async_describe_events(hass: HomeAssistant, describe: _Describe) -> None:
    """Say how a caption reads."""

    @callback
    def caption(event: Event[dict[str, Any]]) -> dict[str, str]:
        return {
            LOGBOOK_ENTRY_NAME: event.data["title"],
            LOGBOOK_ENTRY_MESSAGE: event.data["caption"],
            LOGBOOK_ENTRY_ENTITY_ID: event.data["entity_id"],
        }

    describe(DOMAIN, EVENT_CAPTION, caption)
