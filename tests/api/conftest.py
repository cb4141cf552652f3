"""The real app over a real service in an empty home, on a real socket."""

from collections.abc import AsyncIterator
from dataclasses import replace

from aiohttp.test_utils import TestClient
from api_helpers import connected
import pytest
from serving import serving

from edge_runtime.api.access import Access
from edge_runtime.api.app import build_app
from edge_runtime.config import Settings
from edge_runtime.service import Service


@pytest.fixture
def settings(tmp_path) -> Settings:
    """Return settings of a service that is fast to start and never on the network."""
    return replace(Settings(home=tmp_path / "home"), offline=True, threads=1)


@pytest.fixture
async def service(settings) -> AsyncIterator[Service]:
    """Return a service that works, without a network address."""
    async with serving(settings) as service:
        yield service


@pytest.fixture
async def client(service) -> AsyncIterator[TestClient]:
    """Return a client on this machine, which may do everything without a token."""
    access = Access(loopback_only=True, ingress=False)
    async with connected(build_app(service, access)) as client:
        yield client


@pytest.fixture
async def outside(service) -> AsyncIterator[TestClient]:
    """Return a client of a service that listens to the network: it needs a token."""
    access = Access(loopback_only=False, ingress=False)
    urls = ["http://192.168.1.5:8477"]
    async with connected(build_app(service, access, lambda: urls)) as client:
        yield client


@pytest.fixture
async def tokens(service) -> dict[str, dict[str, str]]:
    """Return the headers of a token of each scope."""
    found = {}
    for scope in ("read", "write", "admin"):
        _, secret = await service.store.tokens.create(f"a {scope} client", scope)
        found[scope] = {"Authorization": f"Bearer {secret}"}
    return found
