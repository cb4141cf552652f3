"""Actions: describe a picture, search, review, and look after the models."""

from functools import wraps
from typing import Any, Final

from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
)
from homeassistant.helpers import config_validation as cv
import probatio as vol

from .action_helpers import ENTRY_FIELD, Action, Actions, entry_of
from .asking import ASKING_ACTIONS
from .client import CaptionOptions
from .client_errors import ClientError
from .const import CONF_LANGUAGE, CONF_STYLE, DETAILS, DOMAIN, STYLES
from .failures import translated
from .library_actions import LIBRARY_ACTIONS
from .picture_fields import PICTURE_FIELDS, picture_of, stored_photo
from .records import Caption
from .text import short_text
from .unloading import unload_all

_WORDS: Final = vol.All(cv.string, vol.Length(min=1, max=20_000))
_ID: Final = vol.All(cv.string, vol.Length(min=1, max=100))
_CAPTION_IMAGE: Final = vol.Schema(
    {
        **ENTRY_FIELD,
        **PICTURE_FIELDS,
        vol.Optional("language"): cv.string,
        vol.Optional("style"): vol.In(STYLES),
        vol.Optional("detail"): vol.In(DETAILS),
        vol.Optional("context"): {cv.string: cv.string},
        vol.Optional("verify"): cv.boolean,
        vol.Optional("refresh"): cv.boolean,
        vol.Optional("store"): cv.boolean,
    }
)
_SEARCH: Final = vol.Schema(
    {
        **ENTRY_FIELD,
        vol.Required("query"): vol.All(cv.string, vol.Length(min=1, max=500)),
        vol.Optional("limit", default=10): vol.All(
            vol.Coerce(int), vol.Range(min=1, max=100)
        ),
    }
)
_ACCEPT: Final = vol.Schema(
    {**ENTRY_FIELD, vol.Required("suggestion_id"): _ID, vol.Optional("text"): _WORDS}
)
_SET: Final = vol.Schema(
    {
        **ENTRY_FIELD,
        vol.Required("photo_id"): _ID,
        vol.Required("text"): _WORDS,
        vol.Optional("language"): cv.string,
    }
)
_DOWNLOAD: Final = vol.Schema(
    {
        **ENTRY_FIELD,
        vol.Required("model"): _ID,
        vol.Optional("accept_license", default=False): cv.boolean,
        vol.Optional("confirm", default=False): cv.boolean,
    }
)
_UNLOAD: Final = vol.Schema(ENTRY_FIELD)


def register_actions(hass: HomeAssistant) -> None:
    """Register every action; each works on the one runtime, or on the one named."""
    for name, (action, schema, response) in ACTIONS.items():
        hass.services.async_register(
            DOMAIN, name, _translating(action), schema, supports_response=response
        )


def _translating(action: Action) -> Action:
    """Return the action with the client's errors in the person's language."""

    @wraps(action)
    async def run(call: ServiceCall) -> ServiceResponse:
        try:
            return await action(call)
        except ClientError as err:
            raise translated(err) from err

    return run


def caption_response(caption: Caption) -> dict[str, Any]:
    """Return a caption as automations get it."""
    return {
        "caption": caption.text,
        "short": short_text(caption.text),
        "language": caption.language,
        "verdict": caption.verdict,
        "doubted": list(caption.doubted),
        "score": caption.score,
        "model": caption.model,
        "origin": caption.origin,
        "caption_id": caption.id,
        "photo_id": caption.photo_id,
        "seconds": caption.seconds,
        "notes": list(caption.notes),
    }


async def _caption_image(call: ServiceCall) -> ServiceResponse:
    entry, data = entry_of(call), call.data
    stored = stored_photo(call)
    picture = None if stored else await picture_of(call)
    options = CaptionOptions(
        language=data.get("language") or entry.options.get(CONF_LANGUAGE),
        style=data.get("style") or entry.options.get(CONF_STYLE),
        detail=data.get("detail"),
        context=data.get("context"),
        verify=data.get("verify"),
        refresh=data.get("refresh"),
        store=data.get("store"),
    )
    client = entry.runtime_data.client
    if picture is None:
        return caption_response(await client.caption_photo(stored, options))
    caption = await client.caption(picture.content, picture.name, options)
    return caption_response(caption)


async def _search_captions(call: ServiceCall) -> ServiceResponse:
    client = entry_of(call).runtime_data.client
    found = await client.photos({"q": call.data["query"]}, call.data["limit"])
    return {
        "photos": [
            {
                "photo_id": photo.id,
                "taken_at": photo.taken_at,
                "caption": photo.words,
                "found_in": photo.found_in,
                "text": photo.found,
            }
            for photo in found
        ]
    }


async def _accept_suggestion(call: ServiceCall) -> ServiceResponse:
    client = entry_of(call).runtime_data.client
    decided = await client.accept(call.data["suggestion_id"], call.data.get("text"))
    return _written(decided.get("caption") or {})


async def _set_caption(call: ServiceCall) -> ServiceResponse:
    data = call.data
    client = entry_of(call).runtime_data.client
    return _written(
        await client.write_caption(data["photo_id"], data["text"], data.get("language"))
    )


async def _download_model(call: ServiceCall) -> ServiceResponse:
    data = call.data
    job = await entry_of(call).runtime_data.client.download(
        data["model"], accept_license=data["accept_license"], confirm=data["confirm"]
    )
    return {"job_id": job.get("id"), "state": job.get("state")}


async def _unload_models(call: ServiceCall) -> ServiceResponse:
    data = entry_of(call).runtime_data
    unloaded = await unload_all(data.client)
    await data.coordinator.async_request_refresh()
    return {"unloaded": list(unloaded)}


def _written(caption: Any) -> ServiceResponse:
    return {
        "photo_id": caption.get("photo_id"),
        "caption": caption.get("text"),
        "language": caption.get("language"),
    }


ACTIONS: Final[Actions] = {
    "caption_image": (_caption_image, _CAPTION_IMAGE, SupportsResponse.ONLY),
    "search_captions": (_search_captions, _SEARCH, SupportsResponse.ONLY),
    "accept_suggestion": (_accept_suggestion, _ACCEPT, SupportsResponse.OPTIONAL),
    "set_caption": (_set_caption, _SET, SupportsResponse.OPTIONAL),
    "download_model": (_download_model, _DOWNLOAD, SupportsResponse.OPTIONAL),
    "unload_models": (_unload_models, _UNLOAD, SupportsResponse.OPTIONAL),
    **ASKING_ACTIONS,
    **LIBRARY_ACTIONS,
}
