"""Requests made up from the document: no fault, and no answer that it doesn't name."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
import threading

from aiohttp.test_utils import TestServer
from hypothesis import HealthCheck, Phase, settings as hypothesis_settings
import pytest
from serving import serving

from edge_runtime.api.access import Access
from edge_runtime.api.app import build_app
from edge_runtime.api.openapi import document
from edge_runtime.api.routes import ALL_ROUTES
from edge_runtime.api.server import MAX_LINE
from edge_runtime.config import Settings

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is missing")
checks = pytest.importorskip("schemathesis.checks")
specs = pytest.importorskip("schemathesis.specs.openapi.checks")

EXAMPLES = max(240 // len(ALL_ROUTES), 3)
ENDLESS = "/api/v1/events"
CHECKS = (
    checks.not_a_server_error,
    specs.status_code_conformance,
    specs.content_type_conformance,
    specs.response_schema_conformance,
)
schema = schemathesis.openapi.from_dict(document(ALL_ROUTES)).exclude(path=ENDLESS)


@dataclass
class Served:
    """A real service that runs in a thread of its own, and an administrator's token."""

    ready: threading.Event = field(default_factory=threading.Event)
    url: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    end: Callable[[], object] = lambda: None

    async def serve(self, settings: Settings) -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        async with serving(settings) as service:
            _, secret = await service.store.tokens.create("administrator", "admin")
            self.headers = {"Authorization": f"Bearer {secret}"}
            app = build_app(service, Access(loopback_only=False, ingress=False))
            server = TestServer(app)
            await server.start_server(max_line_size=MAX_LINE)
            async with server:
                self.url = str(server.make_url("")).rstrip("/")
                self.end = lambda: loop.call_soon_threadsafe(stop.set)
                self.ready.set()
                await stop.wait()


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("schemathesis") / "home"
    settings = replace(Settings(home=home), offline=True, threads=1)
    served = Served()
    thread = threading.Thread(target=lambda: asyncio.run(served.serve(settings)))
    thread.start()
    assert served.ready.wait(20)
    yield served
    served.end()
    thread.join(20)


@pytest.mark.timeout(60)
@schema.parametrize()
@hypothesis_settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
def test_made_up_requests_meet_no_fault(served, case):
    case.call_and_validate(
        base_url=served.url,
        headers=served.headers,
        checks=CHECKS,
        allow_redirects=False,
        timeout=20,
    )
