"""What actions share: the runtime that is meant, and what is wrong with a call."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

from homeassistant.core import ServiceCall, ServiceResponse, SupportsResponse
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv, service
import probatio as vol

from .const import DOMAIN
from .data import EdgeCaptionsConfigEntry

ATTR_ENTRY: Final = "config_entry_id"
ENTRY_FIELD: Final[dict[Any, Any]] = {vol.Optional(ATTR_ENTRY): cv.string}

type Action = Callable[[ServiceCall], Coroutine[Any, Any, ServiceResponse]]
type Actions = Mapping[str, tuple[Action, vol.Schema, SupportsResponse]]


def entry_of(call: ServiceCall) -> EdgeCaptionsConfigEntry:
    """Return the runtime that is meant; where there is one only, it needs no name."""
    entry_id = call.data.get(ATTR_ENTRY)
    if entry_id is None:
        entries = call.hass.config_entries.async_entries(
            DOMAIN, include_ignore=False, include_disabled=False
        )
        if not entries:
            raise invalid("not_set_up")
        if len(entries) > 1:
            raise invalid("which_runtime")
        entry_id = entries[0].entry_id
    entry: EdgeCaptionsConfigEntry = service.async_get_config_entry(
        call.hass, DOMAIN, entry_id
    )
    return entry


def invalid(key: str, **placeholders: str) -> ServiceValidationError:
    """Return the error of a call that can't be done."""
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders=placeholders,
    )
