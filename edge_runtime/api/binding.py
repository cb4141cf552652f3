"""From a route to an aiohttp handler: may the caller, read the request, answer."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
import json
from typing import Any, Final

from aiohttp import web

from ..const import MIB
from ..units import printable
from .callers import Caller, CallerKind
from .errors import (
    BodyTimeoutError,
    ForbiddenError,
    MediaTypeError,
    RequestError,
    UnauthorizedError,
)
from .fields import Object
from .keys import CALLER, ROUTE, SERVICE
from .routing import EVENT_STREAM, Call, Route, finish
from .scopes import Scope
from .uploads import read_large, received

MAX_JSON: Final = MIB
BODY_S: Final = 20.0
"""Longest time that a JSON body may take to arrive."""


def add_routes(app: web.Application, routes: Iterable[Route]) -> None:
    """Make the app answer these routes."""
    for route in routes:
        resource = app.router.add_resource(route.path)
        handler = _bind(route)
        resource.add_route(route.method, handler)
        if route.method == "GET" and route.media_type != EVENT_STREAM:
            resource.add_route("HEAD", handler)


def _bind(route: Route) -> Any:
    path, query = Object(fields=route.path_names), Object(fields=route.query)

    async def handle(request: web.Request) -> web.StreamResponse:
        request[ROUTE] = route
        _check_scope(request[CALLER], route.scope)
        call = Call(
            request,
            path.read_texts(request.match_info, "path") if path.fields else {},
            query.read_texts(request.query, "query") if query.fields else {},
            body={},
        )
        if route.upload and request.content_type != "application/json":
            async with _read_upload(route, call):
                return finish(route, await route.handler(call))
        if route.body is not None:
            call.body = await _read_json(route, route.body, request)
        return finish(route, await route.handler(call))

    return handle


def _check_scope(caller: Caller, needed: Scope) -> None:
    if caller.scope >= needed:
        return
    if caller.kind is CallerKind.NOBODY:
        raise UnauthorizedError(
            "a token is needed: make one with `edge-captions token create NAME` on the "
            "machine that runs the service, and send it as `Authorization: Bearer`"
        )
    raise ForbiddenError(
        f"token '{caller.name}' has scope {caller.scope.word}; this needs {needed.word}"
    )


@asynccontextmanager
async def _read_upload(route: Route, call: Call) -> AsyncIterator[None]:
    settings = call.service.settings
    limit = settings.max_upload_mib * MIB
    async with received(call.request, settings.home, limit) as found:
        call.upload = found.upload
        call.body = _upload_options(route, call.request, found.texts)
        yield


def _upload_options(
    route: Route, request: web.Request, texts: Mapping[str, str]
) -> dict[str, Any]:
    if route.body is None:
        return {}
    is_form = request.content_type == "multipart/form-data"
    given = texts if is_form else request.query
    return route.body.read_texts(given, "form" if is_form else "query")


async def _read_json(
    route: Route, body: Object, request: web.Request
) -> dict[str, Any]:
    if not request.can_read_body:
        return dict(body.read({}, "body"))
    if route.holds_pictures:
        # other programs' clients name all kinds of types, or none
        limit = request.app[SERVICE].settings.max_upload_mib
        data = await read_large(request, limit)
    elif request.content_type != "application/json":
        raise MediaTypeError(
            f"a body of type {printable(request.content_type)} is not read here: send "
            "application/json"
        )
    else:
        data = await _read_small(request)
    try:
        value = (
            _parsed(data) if len(data) < MIB else await asyncio.to_thread(_parsed, data)
        )
    except (ValueError, RecursionError) as err:
        raise RequestError(f"body: is no JSON: {err}") from None
    return dict(body.read(value, "body"))


async def _read_small(request: web.Request) -> bytes:
    try:
        async with asyncio.timeout(BODY_S):
            return await request.read()
    except TimeoutError:
        raise BodyTimeoutError(f"the body took more than {BODY_S:g} s") from None


def _parsed(data: bytes) -> Any:
    return json.loads(data or b"{}", parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> None:
    """Refuse NaN and Infinity, which are Python's and not JSON's."""
    raise ValueError(f"{name} is no JSON number")
