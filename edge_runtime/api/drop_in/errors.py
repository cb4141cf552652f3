"""Errors in the form that each protocol's clients expect, by the request's address."""

from collections.abc import Mapping
from http import HTTPStatus
import re
from typing import Any, Final

from ...errors import EdgeRuntimeError, ModelCannotAnswerError, ModelError
from ..errors import NotFoundError, RequestError
from ..fields import Field, Integer, Text, answer

_MESSAGE: Final = Text(max_length=10_000)
OPENAI_PROBLEM: Final = answer(
    error=answer(
        message=_MESSAGE,
        type=Text(),
        param=Text(nullable=True),
        code=Text(nullable=True),
    )
)
PLAIN_PROBLEM: Final[Field] = answer(error=_MESSAGE)
VISION_PROBLEM: Final = answer(id=Text(), code=Integer(), error=_MESSAGE)

_VISION: Final = "/api/v1/vision/"
_PARAM: Final = re.compile(r"^body\.([\w.\[\]]+): ")
_LIBREPHOTOS: Final = frozenset({"/generate-caption", "/unload-model"})
_PHOTO_STATUSES: Final = frozenset(
    {HTTPStatus.UNSUPPORTED_MEDIA_TYPE, HTTPStatus.UNPROCESSABLE_ENTITY}
)
_OPENAI_TYPES: Final[Mapping[int, str]] = {
    HTTPStatus.UNAUTHORIZED: "authentication_error",
    HTTPStatus.FORBIDDEN: "permission_error",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limit_error",
}
_OPENAI_CODES: Final[Mapping[str, str]] = {
    "unauthorized": "invalid_api_key",
    "model_unknown": "model_not_found",
}


class DropInModelUnknownError(NotFoundError):
    """No captioner goes by this name here."""

    code = "model_not_found"


class ImageMissingError(RequestError):
    """The request holds no photo to describe."""

    code = "image_missing"


class TooManyImagesError(RequestError):
    """The request holds more photos than one."""

    code = "too_many_images"


class ImageUrlRefusedError(RequestError):
    """The photo's address may not be fetched."""

    code = "image_url_refused"


def is_drop_in(path: str) -> bool:
    """Return whether an address belongs to another program's protocol."""
    is_ollama = path.startswith("/api/") and not path.startswith("/api/v1/")
    others = path.startswith(("/v1/", _VISION)) or path in _LIBREPHOTOS
    return is_ollama or others or path == "/v1"


def problem(path: str, error: EdgeRuntimeError) -> tuple[int, dict[str, Any]]:
    """Return the status and body of an error at an address."""
    if not is_drop_in(path):
        return error.status, {"error": error.to_dict()}
    status = _status(error)
    if path.startswith("/v1"):
        return status, {"error": _openai(error, status)}
    if path.startswith(_VISION):
        return status, {"id": "", "code": status, "error": error.message}
    return status, {"error": error.message}


def _status(error: EdgeRuntimeError) -> int:
    """Return a status that these clients don't take for one to try again."""
    if error.status in _PHOTO_STATUSES or isinstance(error, ModelCannotAnswerError):
        return HTTPStatus.BAD_REQUEST
    if isinstance(error, ModelError) and error.status == HTTPStatus.CONFLICT:
        return HTTPStatus.NOT_FOUND
    return error.status


def _openai(error: EdgeRuntimeError, status: int) -> dict[str, Any]:
    found = _PARAM.match(error.message)
    is_fault = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    kind = "server_error" if is_fault else "invalid_request_error"
    return {
        "message": error.message,
        "type": _OPENAI_TYPES.get(status, kind),
        "param": None if found is None else found[1],
        "code": _OPENAI_CODES.get(error.code, error.code),
    }
