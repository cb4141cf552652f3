"""Pictures from wherever Home Assistant has them; files are read off the event loop."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from homeassistant.components import camera, image, media_source
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from .const import DOMAIN

MAX_BYTES: Final = 64 * 1024 * 1024
"""What the runtime takes by default."""
_CAMERA: Final = "camera"
_IMAGE: Final = "image"


@dataclass(frozen=True, slots=True)
class Picture:
    """A coded picture with a name for messages."""

    content: bytes
    name: str
    content_type: str


async def of_entity(hass: HomeAssistant, entity_id: str) -> Picture:
    """Return what a camera or image entity shows now."""
    domain = entity_id.partition(".")[0]
    if domain not in {_CAMERA, _IMAGE}:
        raise _invalid("not_a_camera", entity_id=entity_id)
    module = camera if domain == _CAMERA else image
    if domain not in hass.config.components:
        raise _invalid("entity_gives_no_picture", entity_id=entity_id, reason=domain)
    try:
        found = await module.async_get_image(hass, entity_id)
    except HomeAssistantError as err:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="entity_gives_no_picture",
            translation_placeholders={"entity_id": entity_id, "reason": str(err)},
        ) from err
    _refuse_what_is_none(entity_id, found.content, found.content_type)
    return Picture(found.content, entity_id, found.content_type)


def _refuse_what_is_none(entity_id: str, content: bytes, content_type: str) -> None:
    """Raise for what a camera gives that is no picture: a log-in page, or nothing."""
    if not content:
        raise _invalid("entity_gives_no_picture", entity_id=entity_id, reason="0 bytes")
    if content_type.startswith("text/") or content[:64].lstrip()[:1] == b"<":
        raise _invalid("not_a_picture", name=entity_id, content_type="HTML")
    if len(content) > MAX_BYTES:
        raise _invalid("picture_too_large", name=entity_id)


async def of_media(hass: HomeAssistant, media_content_id: str) -> Picture:
    """Return a picture of the media browser; cameras and images are in it, too."""
    for domain in (_CAMERA, _IMAGE):
        prefix = f"media-source://{domain}/"
        if media_content_id.startswith(prefix):
            return await of_entity(hass, media_content_id.removeprefix(prefix))
    try:
        media = await media_source.async_resolve_media(hass, media_content_id, None)
    except HomeAssistantError as err:
        raise _invalid("media_not_found", media=media_content_id) from err
    if media.path is None:
        raise _invalid("media_not_local", media=media_content_id)
    return await of_file(hass, media.path, media.mime_type)


async def of_path(hass: HomeAssistant, path: str) -> Picture:
    """Return a file that Home Assistant may read (`allowlist_external_dirs`)."""
    if not await hass.async_add_executor_job(hass.config.is_allowed_path, path):
        raise _invalid("path_not_allowed", path=path)
    return await of_file(hass, Path(path), None)


async def of_file(hass: HomeAssistant, path: Path, content_type: str | None) -> Picture:
    """Return a file's bytes; raise for what is no picture, too large or not there."""
    if content_type is not None and not content_type.startswith("image/"):
        raise _invalid("not_a_picture", name=path.name, content_type=content_type)
    try:
        content = await hass.async_add_executor_job(_read, path)
    except OSError as err:
        reason = err.strerror or str(err)
        raise _invalid("file_unreadable", name=path.name, reason=reason) from err
    if content is None:
        raise _invalid("picture_too_large", name=path.name)
    return Picture(content, path.name, content_type or "image/jpeg")


def _read(path: Path) -> bytes | None:
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    return None if len(content) > MAX_BYTES else content


def _invalid(key: str, **placeholders: str) -> ServiceValidationError:
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders=placeholders,
    )
