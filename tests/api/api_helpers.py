"""A real service, a client of an app, and the one form of errors."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp.test_utils import TestClient, TestServer

from edge_runtime.config import Settings
from edge_runtime.runtime import EdgeRuntime
from edge_runtime.service import Service


@asynccontextmanager
async def started_service(settings: Settings) -> AsyncIterator[Service]:
    async with EdgeRuntime(settings) as runtime:
        service = Service(settings, runtime)
        try:
            await service.start()
            yield service
        finally:
            await service.stop()


@asynccontextmanager
async def connected(app) -> AsyncIterator[TestClient]:
    async with TestServer(app) as server, TestClient(server) as client:
        yield client


async def error_of(response) -> str:
    """Return the code of an error answer, after checking its one form."""
    body = await response.json()
    assert set(body) == {"error"}, body
    assert body["error"]["message"], body
    return body["error"]["code"]
