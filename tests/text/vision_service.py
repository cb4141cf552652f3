"""A service whose home holds the tiny vision-language model, by a test's settings."""

from collections.abc import AsyncIterator

from aiohttp.test_utils import TestClient, TestServer
import pytest
from serving import serving
from vision_home import TINY

from edge_runtime.api.access import Access
from edge_runtime.api.app import build_app
from edge_runtime.service import Service


@pytest.fixture
async def service(settings) -> AsyncIterator[Service]:
    async with serving(settings, download=TINY) as service:
        yield service


@pytest.fixture
async def http(service) -> AsyncIterator[TestClient]:
    app = build_app(service, Access(loopback_only=True, ingress=False))
    async with TestServer(app) as server, TestClient(server) as client:
        yield client
