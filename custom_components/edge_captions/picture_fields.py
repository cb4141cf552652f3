"""How an action names its one picture: an entity, a media item or a file."""

from typing import Any, Final

from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import ServiceCall
from homeassistant.helpers import config_validation as cv
import probatio as vol

from . import pictures
from .action_helpers import invalid
from .media_source import photo_id_of
from .pictures import Picture

ATTR_MEDIA: Final = "media"
ATTR_PATH: Final = "path"
_MEDIA: Final = vol.Any(
    cv.string,
    # what the media selector gives
    vol.Schema({vol.Required("media_content_id"): cv.string}, extra=vol.ALLOW_EXTRA),
)
PICTURE_FIELDS: Final[dict[Any, Any]] = {
    vol.Optional(ATTR_ENTITY_ID): cv.entity_id,
    vol.Optional(ATTR_MEDIA): _MEDIA,
    vol.Optional(ATTR_PATH): cv.string,
}


def stored_photo(call: ServiceCall) -> str:
    """Return the id of a photo that the runtime has itself; empty if it is another."""
    if _given(call) != ATTR_MEDIA:
        return ""
    return photo_id_of(_media(call))


async def picture_of(call: ServiceCall) -> Picture:
    """Return the picture that a call names."""
    how = _given(call)
    if how == ATTR_ENTITY_ID:
        return await pictures.of_entity(call.hass, call.data[how])
    if how == ATTR_PATH:
        return await pictures.of_path(call.hass, call.data[how])
    return await pictures.of_media(call.hass, _media(call))


def _given(call: ServiceCall) -> str:
    """Return how the one picture is named."""
    given = [key for key in (ATTR_ENTITY_ID, ATTR_MEDIA, ATTR_PATH) if key in call.data]
    if len(given) != 1:
        raise invalid("no_picture" if not given else "more_than_one_picture")
    return given[0]


def _media(call: ServiceCall) -> str:
    value = call.data[ATTR_MEDIA]
    return str(value if isinstance(value, str) else value["media_content_id"])
