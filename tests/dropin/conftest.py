"""A real service in an empty home, on a real socket, for other programs' clients."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

from aiohttp.test_utils import TestClient, TestServer
import pytest
from serving import serving

from edge_runtime.api.access import Access
from edge_runtime.api.app import build_app
from edge_runtime.config import Settings
from edge_runtime.service import Service

SAMPLES = Path(__file__).parents[2] / "edge_runtime" / "bundled" / "samples"


@pytest.fixture
def settings(tmp_path) -> Settings:
    """Return settings of a service that is fast to start and never on the network."""
    return replace(Settings(home=tmp_path / "home"), offline=True, threads=1)


@pytest.fixture
async def service(settings) -> AsyncIterator[Service]:
    """Return a service that works."""
    async with serving(settings) as service:
        yield service


@pytest.fixture
async def server(service) -> AsyncIterator[TestServer]:
    """Return where the service answers; this machine needs no token."""
    app = build_app(service, Access(loopback_only=True, ingress=False))
    async with TestServer(app) as server:
        yield server


@pytest.fixture
async def strict(service) -> AsyncIterator[TestServer]:
    """Return where the service answers to those who have a token."""
    app = build_app(service, Access(loopback_only=False, ingress=False))
    async with TestServer(app) as server:
        yield server


@pytest.fixture
async def http(server) -> AsyncIterator[TestClient]:
    """Return a plain client of the service."""
    async with TestClient(server) as client:
        yield client


@pytest.fixture
async def secret(service) -> str:
    """Return a token that may ask for captions."""
    _, secret = await service.store.tokens.create("a client", "write")
    return secret


@pytest.fixture
def photo() -> bytes:
    """Return a photo of dogs."""
    return (SAMPLES / "dogs-on-grass.jpg").read_bytes()
