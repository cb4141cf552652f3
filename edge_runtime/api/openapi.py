"""`/api/v1/openapi.json`: made of the same routes that answer requests."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, Final

from .. import __version__
from ..errors import EdgeRuntimeError
from ..store import CursorInvalidError, InvalidValueError
from .errors import (
    BodyTimeoutError,
    BodyTooLargeError,
    BusyError,
    ForbiddenError,
    HostNotAllowedError,
    InternalError,
    MediaTypeError,
    RequestError,
    UnauthorizedError,
)
from .fields import Field, Text, answer, obj
from .keys import ROUTES_OF_APP
from .routing import API, JSON, Call, Reply, Route, RouteTable
from .scopes import Scope

ROUTES: Final = RouteTable("info")
ERROR: Final = obj(error=answer(code=Text(), message=Text()))
_ANY_PICTURE: Final = ("image/*", "application/octet-stream")
_ERROR_REF: Final = {"schema": {"$ref": "#/components/schemas/Error"}}


@ROUTES.get(
    f"{API}/openapi.json",
    summary="Return this document",
    scope=Scope.PUBLIC,
    answer=answer(openapi=Text(), info=Field(), paths=Field()),
)
async def get_openapi(call: Call) -> Reply:
    """Return the description of every route, made anew: it is asked for rarely."""
    routes = call.request.app[ROUTES_OF_APP]
    return document(routes)


def document(routes: Iterable[Route]) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of routes."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.template, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Edge Captions",
            "version": __version__,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": {"Error": ERROR.schema()},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.operation_id,
        "summary": route.summary,
        "tags": [route.tag],
        "security": [{"token": []}] if route.scope > Scope.PUBLIC else [],
        "x-scope": route.scope.word,
        "responses": _responses(route),
    }
    parameters = [_parameter("path", n, f) for n, f in route.path_names.items()]
    parameters += [_parameter("query", n, f) for n, f in route.query.items()]
    if parameters:
        operation["parameters"] = parameters
    if body := _body(route):
        operation["requestBody"] = body
    return operation


def _parameter(place: str, name: str, field: Field) -> dict[str, Any]:
    parameter: dict[str, Any] = {
        "in": place,
        "name": name,
        "required": place == "path" or field.required,
        "schema": field.schema(),
    }
    if parameter["schema"].get("type") == "array":
        parameter |= {"style": "form", "explode": False}
    return parameter


def _body(route: Route) -> dict[str, Any] | None:
    content: dict[str, Any] = {}
    if route.body is not None:
        content[JSON] = {"schema": route.body.schema()}
    if route.upload:
        form = {} if route.body is None else route.body.schema()["properties"]
        picture = {"type": "string", "contentMediaType": "application/octet-stream"}
        content["multipart/form-data"] = {
            "schema": {"type": "object", "properties": {**form, "image": picture}}
        }
        content |= {kind: {"schema": picture} for kind in _ANY_PICTURE}
    if not content:
        return None
    needed = route.body is not None and any(
        field.required for field in route.body.fields.values()
    )
    return {"content": content, "required": needed}


def _responses(route: Route) -> dict[str, Any]:
    responses = {str(route.success): _success(route, route.answer, route.success)}
    for status, field in route.more_answers.items():
        responses[str(status)] = _success(route, field, status)
    by_status: dict[int, list[str]] = {}
    for error in _errors(route):
        by_status.setdefault(error.status, []).append(error.code)
    problem = _ERROR_REF
    if route.problem is not None:
        problem = {"schema": route.problem.schema()}
    for status, codes in sorted(by_status.items()):
        responses.setdefault(
            str(status),
            {
                "description": ", ".join(dict.fromkeys(codes)),
                "content": {JSON: problem},
            },
        )
    return responses


def _success(route: Route, field: Field | None, status: int) -> dict[str, Any]:
    description = HTTPStatus(status).phrase
    if field is not None:
        return {
            "description": description,
            "content": {JSON: {"schema": field.schema()}},
        }
    if route.media_type != JSON:
        return {"description": description, "content": {route.media_type: {}}}
    return {"description": description}


def _errors(route: Route) -> list[type[EdgeRuntimeError]]:
    errors: list[type[EdgeRuntimeError]] = [
        *route.errors,
        RequestError,
        UnauthorizedError,
        ForbiddenError,
        HostNotAllowedError,
        BusyError,
        InternalError,
    ]
    if route.query or route.path_names or route.body is not None:
        errors += [CursorInvalidError, InvalidValueError]
    if _body(route) is not None:
        errors += [BodyTimeoutError, BodyTooLargeError, MediaTypeError]
    return errors
