"""`/health` and `/api/v1/info`: is it there, what is it, what runs on it."""

import asyncio
from dataclasses import asdict
from typing import Any, Final

from .. import __version__
from ..const import APP_NAME, PROVIDER_NAMES
from ..selection import to_dict as selection_to_dict
from ..service import Service
from .fields import (
    Boolean,
    Choice,
    Integer,
    ListOf,
    MapOf,
    Number,
    Text,
    answer,
    ulid,
)
from .keys import LIBREPHOTOS
from .routing import API, Call, Reply, RouteTable
from .scopes import Scope

ROUTES: Final = RouteTable("info")
API_VERSION: Final = 1
"""Rises when clients must change; what only adds keys and routes leaves it."""
MIN_API_VERSION: Final = 1
"""The oldest client version that this service still serves."""

RUNNER: Final = answer(
    model_id=Text(),
    state=Choice.of("stopped", "starting", "ready", "stopping", "failed"),
    rss_bytes=Integer(minimum=0),
)
PROVIDER: Final = answer(
    name=Choice.of(*PROVIDER_NAMES),
    title=Text(),
    state=Choice.of("left_out", "untried", "works", "failed"),
    reason=Text(description="why it is not used; empty if it is"),
)


@ROUTES.get(
    "/health",
    summary="Return whether the service answers",
    scope=Scope.PUBLIC,
    answer=answer(
        status=Choice.of("ok"),
        version=Text(),
        last_request_time=Number(
            nullable=True, description="when LibrePhotos asked last; Unix seconds"
        ),
    ),
)
async def get_health(call: Call) -> Reply:
    """Answer; that the store can be read is part of the answer."""
    await call.service.store.meta.get("health")
    return {
        "status": "ok",
        "version": __version__,
        "last_request_time": call.request.app[LIBREPHOTOS].last_request_time,
    }


@ROUTES.get(
    f"{API}/info",
    summary="Return what this is; with a token also what runs on it",
    scope=Scope.PUBLIC,
    answer=answer(
        name=Text(),
        id=ulid(),
        version=Text(),
        api_version=Integer(),
        min_api_version=Integer(),
        authorized=Boolean(),
        scope=Choice.of(*(scope.word for scope in Scope)),
        hardware=MapOf(required=False),
        selection=MapOf(required=False),
        runners=ListOf(item=RUNNER, required=False),
        acceleration=ListOf(
            item=PROVIDER,
            required=False,
            description="what else than the processor onnxruntime may compute on",
        ),
    ),
)
async def get_info(call: Call) -> Reply:
    """Return the same few facts to everybody, and the machine to those let in."""
    scope = call.caller.scope
    facts = basics(call.service)
    facts |= {"authorized": scope >= Scope.READ, "scope": scope.word}
    if scope >= Scope.READ:
        facts |= await _machine(call.service)
    return facts


def basics(service: Service) -> dict[str, Any]:
    """Return what a client needs to know before it is let in."""
    return {
        "name": APP_NAME,
        "id": service.store.id,
        "version": __version__,
        "api_version": API_VERSION,
        "min_api_version": MIN_API_VERSION,
    }


def _hardware(service: Service) -> dict[str, Any]:
    """Return the machine; the first look reads many small files."""
    return service.runtime.hardware.to_dict()


async def _machine(service: Service) -> dict[str, Any]:
    selection = await service.selection()
    hardware = await asyncio.to_thread(_hardware, service)
    return {
        "hardware": hardware,
        "selection": selection_to_dict(selection),
        "runners": [asdict(fact) for fact in service.runner_states()],
        "acceleration": [asdict(r) for r in service.runtime.providers.reports],
    }
