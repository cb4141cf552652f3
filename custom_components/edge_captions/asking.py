"""Asking a model about a picture, and saying which to install where none answers."""

from typing import Any, Final

from homeassistant.core import ServiceCall, ServiceResponse, SupportsResponse
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
import probatio as vol

from .action_helpers import ENTRY_FIELD, Actions, entry_of, invalid
from .client import RuntimeClient
from .client_errors import RefusedError
from .const import CONF_LANGUAGE
from .picture_fields import PICTURE_FIELDS, picture_of, stored_photo
from .pictures import Picture
from .questions import MAX_QUESTION, PictureAnswer, Question, able_model
from .text import short_text

_NOBODY_CAN: Final = "model_cannot_answer"
"""The runtime's code where no model that is installed answers questions."""
_MAX_SHOWN: Final = 60
_ASK: Final = vol.Schema(
    {
        **ENTRY_FIELD,
        **PICTURE_FIELDS,
        vol.Required("question"): vol.All(
            cv.string, vol.Length(min=1, max=MAX_QUESTION)
        ),
        vol.Optional("language"): cv.string,
        vol.Optional("model"): cv.string,
        vol.Optional("schema"): dict,
    }
)


async def ask(
    client: RuntimeClient, picture: Picture | str, question: Question, what: str = ""
) -> PictureAnswer:
    """Return a model's answer; if none can, raise the error that says which could.

    `what` names in that error what could not be answered.
    """
    try:
        if isinstance(picture, str):  # the id of a photo that the runtime has itself
            return await client.ask_photo(picture, question)
        return await client.ask(picture.content, picture.name, question)
    except RefusedError as err:
        if err.code != _NOBODY_CAN:
            raise
        raise await _cannot_answer(client, what or question.text) from err


async def _cannot_answer(client: RuntimeClient, what: str) -> ServiceValidationError:
    able = able_model(await client.models())
    shown = short_text(what, _MAX_SHOWN)
    if able is None:
        return invalid(_NOBODY_CAN, what=shown)
    if able.can_answer:  # another one was asked for by its name
        return invalid(f"{_NOBODY_CAN}_ask", what=shown, model=able.id)
    end = "install" if able.fits else "cure"
    return invalid(f"{_NOBODY_CAN}_{end}", what=shown, model=able.label, cure=able.cure)


async def _ask_about_image(call: ServiceCall) -> ServiceResponse:
    entry, data = entry_of(call), call.data
    client = entry.runtime_data.client
    question = Question(
        data["question"],
        language=data.get("language") or entry.options.get(CONF_LANGUAGE),
        schema=data.get("schema"),
        model=data.get("model"),
    )
    picture = stored_photo(call) or await picture_of(call)
    return _response(await ask(client, picture, question))


def _response(answer: PictureAnswer) -> dict[str, Any]:
    return {
        "answer": answer.text,
        "short": short_text(answer.text),
        "data": answer.data,
        "language": answer.language,
        "model": answer.model,
        "origin": answer.origin,
        "photo_id": answer.photo_id,
        "seconds": answer.seconds,
        "notes": list(answer.notes),
    }


ASKING_ACTIONS: Final[Actions] = {
    "ask_about_image": (_ask_about_image, _ASK, SupportsResponse.ONLY),
}
