"""Actions on what the runtime keeps: folders, captions of cameras, its abilities."""

from datetime import datetime, timedelta
from typing import Any, Final

from homeassistant.core import ServiceCall, ServiceResponse, SupportsResponse
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
import probatio as vol

from .action_helpers import ENTRY_FIELD, Actions, entry_of, invalid
from .client import RuntimeClient
from .const import CONF_LANGUAGE
from .issues import report_answers
from .questions import able_model
from .records import Photo, Source
from .text import short_text

_CAMERA: Final = "camera"
_ID: Final = vol.All(cv.string, vol.Length(min=1, max=4096))
_CAPTION_FOLDER: Final = vol.Schema(
    {
        **ENTRY_FIELD,
        vol.Required("folder"): _ID,
        vol.Optional("language"): cv.string,
        vol.Optional("limit"): vol.All(vol.Coerce(int), vol.Range(min=1)),
        vol.Optional("refresh", default=False): cv.boolean,
    }
)
_RECENT: Final = vol.Schema(
    {
        **ENTRY_FIELD,
        vol.Optional("cameras", default=list): cv.entity_ids,
        vol.Optional("hours", default=24): vol.All(
            vol.Coerce(float), vol.Range(min=0.1, max=24 * 31)
        ),
        vol.Optional("limit", default=50): vol.All(
            vol.Coerce(int), vol.Range(min=1, max=500)
        ),
    }
)
_CHECK: Final = vol.Schema(ENTRY_FIELD)


async def _caption_folder(call: ServiceCall) -> ServiceResponse:
    """Queue the description of a folder; the job goes on in the runtime."""
    entry, data = entry_of(call), call.data
    client = entry.runtime_data.client
    folders = [one for one in await client.sources() if one.is_folder]
    folder = _folder(folders, data["folder"])
    wanted: dict[str, Any] = {"refresh": data["refresh"]}
    if language := data.get("language") or entry.options.get(CONF_LANGUAGE):
        wanted["language"] = language
    if "limit" in data:
        wanted["limit"] = data["limit"]
    job = await client.caption_source(folder.id, wanted)
    return {
        "job_id": job.get("id"),
        "state": job.get("state"),
        "folder": folder.name,
        "undescribed": folder.undescribed,
    }


def _folder(folders: list[Source], wanted: str) -> Source:
    for folder in folders:
        if wanted.rstrip("/") in {folder.id, folder.name, folder.path.rstrip("/")}:
            return folder
    known = ", ".join(folder.name for folder in folders) or "-"
    raise invalid("folder_unknown", folder=wanted, known=known)


async def _recent_captions(call: ServiceCall) -> ServiceResponse:
    """Return what the cameras saw lately, the newest first."""
    data, client = call.data, entry_of(call).runtime_data.client
    since = dt_util.utcnow() - timedelta(hours=data["hours"])
    found: list[dict[str, Any]] = []
    for source in await client.sources():
        if source.kind == _CAMERA and (
            not data["cameras"] or source.name in data["cameras"]
        ):
            name = _name(call, source.name)
            for photo, at in await seen_since(client, source, since, data["limit"]):
                local = dt_util.as_local(at)
                found.append(
                    {
                        "camera": source.name,
                        "name": name,
                        "at": local.isoformat(timespec="seconds"),
                        "caption": photo.words,
                        "photo_id": photo.id,
                    }
                )
    found.sort(key=lambda one: str(one["at"]), reverse=True)
    found = found[: data["limit"]]
    lines = [f"{one['at'][11:16]} {one['name']}: {one['caption']}" for one in found]
    return {"captions": list(found), "text": "\n".join(reversed(lines))}


async def seen_since(
    client: RuntimeClient, source: Source, since: datetime, limit: int
) -> list[tuple[Photo, datetime]]:
    """Return a camera's described frames since a time, the newest first."""
    found = []
    for photo in await client.photos({"source_id": source.id}, limit):
        at = dt_util.parse_datetime(photo.added_at or "")
        if at is not None and at >= since and photo.words:
            found.append((photo, at))
    return found


def _name(call: ServiceCall, entity_id: str) -> str:
    state = call.hass.states.get(entity_id)
    return state.name if state is not None else entity_id


async def _check_answers(call: ServiceCall) -> ServiceResponse:
    """Say whether a model there answers questions; raise a repair issue if not."""
    entry = entry_of(call)
    able = able_model(await entry.runtime_data.client.models())
    can_answer = able is not None and able.can_answer
    report_answers(call.hass, entry, able, can_answer=can_answer)
    return {
        "can_answer": can_answer,
        "model": None if able is None else able.id,
        "cure": None if able is None else short_text(able.cure),
    }


LIBRARY_ACTIONS: Final[Actions] = {
    "caption_folder": (_caption_folder, _CAPTION_FOLDER, SupportsResponse.OPTIONAL),
    "recent_captions": (_recent_captions, _RECENT, SupportsResponse.ONLY),
    "check_answers": (_check_answers, _CHECK, SupportsResponse.OPTIONAL),
}
