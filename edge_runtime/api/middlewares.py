"""What every request passes: id and log, errors, host, caller."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
import logging
import math
import re
import secrets
import socket
import time
from typing import Final

from aiohttp import web

from ..errors import EdgeRuntimeError
from ..units import printable
from .access import SAFE_METHODS, is_unix_socket, refuse_cross_site
from .callers import NOBODY
from .drop_in.errors import problem
from .errors import (
    BodyTooLargeError,
    HostNotAllowedError,
    InternalError,
    MethodNotAllowedError,
    NotFoundError,
    RequestError,
)
from .hosts import allowed_names, is_allowed
from .keys import ACCESS, CALLER, COUNTS, REQUEST_ID, ROUTE, SERVICE
from .routing import json_answer

_LOGGER: Final = logging.getLogger(__name__)
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'self'"
)
SECURITY_HEADERS: Final = {
    "Content-Security-Policy": _CSP,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
}
_HEADERS: Final = (*SECURITY_HEADERS.items(), ("Cache-Control", "no-store"))
_DEFAULT_RETRY_S: Final = 30.0

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Dress a response just before it goes out, streams included."""
    headers = response.headers
    for name, value in _HEADERS:
        headers.setdefault(name, value)
    if REQUEST_ID in request:
        headers["X-Request-Id"] = request[REQUEST_ID]


@web.middleware
async def pass_through(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request an id, count it and log its end: no names, texts or tokens.

    What only reads and succeeds is asked all day: no line each, for the SD card's sake.
    One middleware for all of it: each costs a request as much as the routing does.
    """
    given = request.headers.get("X-Request-Id")
    is_plain = given is not None and _REQUEST_ID.fullmatch(given) is not None
    request[REQUEST_ID] = given if given and is_plain else secrets.token_hex(8)
    request[CALLER] = NOBODY
    started = time.monotonic()
    status = 499  # the client left; nginx's number
    try:
        response = await _answer(request, handler)
        status = response.status
    finally:
        seconds = time.monotonic() - started
        route = request[ROUTE].template if ROUTE in request else "-"
        request.app[COUNTS].add(request.method, route, status, seconds)
        is_quiet = request.method in SAFE_METHODS and status < HTTPStatus.BAD_REQUEST
        _LOGGER.log(
            logging.DEBUG if is_quiet else logging.INFO,
            "%s %s %d %.0f ms %s %s",
            *(request.method, route, status, seconds * 1000),
            *(request[CALLER].kind, request[REQUEST_ID]),
        )
    return response


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every error into the one envelope; a fault tells its story in the log."""
    try:
        _check_host(request)
        await _check_caller(request)
        return await handler(request)
    except EdgeRuntimeError as err:
        return envelope(err, request.path)
    except web.HTTPException as err:
        if err.status < HTTPStatus.BAD_REQUEST:  # a redirect
            raise
        return envelope(_of_http(err, request), request.path, _allow(err))
    except Exception as err:
        gone = request.transport is None or request.transport.is_closing()
        if gone and isinstance(err, ConnectionError):
            raise
        _LOGGER.exception("request %s failed", request[REQUEST_ID])
        fault = InternalError(
            f"a fault in the service; its log tells more: {request[REQUEST_ID]}"
        )
        return envelope(fault, request.path)


def envelope(
    error: EdgeRuntimeError, path: str, headers: dict[str, str] | None = None
) -> web.Response:
    """Return an error as the clients of an address expect it."""
    extra = dict(headers or {})
    is_too_much = error.status == HTTPStatus.TOO_MANY_REQUESTS
    wait = getattr(error, "retry_after_s", _DEFAULT_RETRY_S if is_too_much else None)
    if wait is not None:
        extra["Retry-After"] = str(max(math.ceil(wait), 1))
    if error.status == HTTPStatus.UNAUTHORIZED:
        extra["WWW-Authenticate"] = 'Bearer realm="Edge Captions"'
    status, body = problem(path, error)
    return json_answer(body, status, extra)


def _check_host(request: web.Request) -> None:
    """Refuse a request that names a host which is not this machine."""
    access = request.app[ACCESS]
    if is_unix_socket(request) or access.is_ingress(request):
        return
    configured = request.app[SERVICE].settings.allowed_hosts
    header = request.headers.get("Host")
    if not is_allowed(header, allowed_names(socket.gethostname(), configured)):
        raise HostNotAllowedError(
            f"this service doesn't answer for '{printable(header or '')[:100]}'; "
            "add the name to allowed_hosts in config.yaml if it is meant to"
        )


async def _check_caller(request: web.Request) -> None:
    """Find out who asks; what they may is checked by each route."""
    service = request.app[SERVICE]
    caller = await request.app[ACCESS].identify(request, service.store)
    request[CALLER] = caller
    refuse_cross_site(request, caller)


def _of_http(err: web.HTTPException, request: web.Request) -> EdgeRuntimeError:
    match err:
        case web.HTTPNotFound():
            return NotFoundError(f"there is nothing at {printable(request.path)[:200]}")
        case web.HTTPMethodNotAllowed():
            known = ", ".join(sorted(err.allowed_methods))
            return MethodNotAllowedError(f"{request.method} is not known here: {known}")
        case web.HTTPRequestEntityTooLarge():
            return BodyTooLargeError("the body is larger than 1 MiB")
        case _ if err.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return InternalError(err.reason)
        case _:
            return RequestError(err.reason)


def _allow(err: web.HTTPException) -> dict[str, str] | None:
    allow = err.headers.get("Allow")
    return None if allow is None else {"Allow": allow}
