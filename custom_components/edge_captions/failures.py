"""The client's errors as Home Assistant's, in the person's language."""

from typing import Final

from homeassistant.exceptions import HomeAssistantError

from .client_errors import BusyError, ClientError
from .const import DOMAIN

_OWN_WORDS: Final = frozenset(
    {
        "cannot_connect",
        "timed_out",
        "invalid_auth",
        "not_edge_captions",
        "model_downloading",
        "license_not_accepted",
        "caption_kept",
        "photo_not_found",
        "suggestion_not_found",
        "suggestion_decided",
        "model_unknown",
        "model_busy",
        "model_not_installed",
        "prompt_too_long",
        "photo_format_unsupported",
        "photo_damaged",
        "photo_too_large",
    }
)
"""Codes that have a translation; others show the runtime's own sentence."""


def translated(err: ClientError) -> HomeAssistantError:
    """Return the error that an action ends with."""
    return translated_as(HomeAssistantError, err)


def translated_as[E: HomeAssistantError](kind: type[E], err: ClientError) -> E:
    """Return an error of a kind that Home Assistant expects."""
    placeholders = {"reason": err.message, "code": err.code, "seconds": "0"}
    key = err.code if err.code in _OWN_WORDS else "refused"
    if isinstance(err, BusyError):
        key = "busy"
        placeholders["seconds"] = f"{err.retry_after_s:g}"
    return kind(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders=placeholders,
    )
