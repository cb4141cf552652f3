"""A real service, a client of an app, and the one form of errors."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp.test_utils import TestClient, TestServer


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
