"""A real service in a thread of its own, so that a browser can be driven beside it."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
import threading
from typing import Any

from aiohttp import ClientSession, FormData, web
from aiohttp.test_utils import TestServer

from edge_runtime.api.access import Access
from edge_runtime.api.app import build_app
from edge_runtime.config import Settings
from edge_runtime.runtime import EdgeRuntime
from edge_runtime.service import Service
from edge_runtime.store import SIZES, NewPhoto, SourceKind

SAMPLES = sorted(
    (Path(__file__).parents[2] / "edge_runtime/bundled/samples").glob("*.jpg")
)
NEWEST = 1_767_222_000_000  # the last evening of 2025
TWO_HOURS = 2 * 3600 * 1000
PREFIX = "/captions"
"""Where a reverse proxy of the tests shows the service."""
_HOP = {"transfer-encoding", "connection", "keep-alive", "host"}


@dataclass
class Served:
    """A service that answers until it is stopped; `run` does something in its loop."""

    home: Path
    needs_token: bool = False
    changes: dict[str, Any] = field(default_factory=dict)
    """Settings that differ from the usual ones."""
    port: int = 0
    service: Service | None = None
    url: str = ""
    proxy_url: str = ""
    """The same service below a path, as ingress and reverse proxies show it."""
    _ready: threading.Event = field(default_factory=threading.Event)
    _loop: asyncio.AbstractEventLoop | None = None
    _stop: asyncio.Event | None = None
    _thread: threading.Thread | None = None

    def start(self) -> "Served":
        self._ready.clear()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._thread.start()
        assert self._ready.wait(20)
        return self

    def stop(self) -> None:
        """Stop as a restart would; `start` goes on at the same port."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(20)
        assert not self._thread.is_alive()

    @property
    def is_running(self) -> bool:
        return self._thread.is_alive()

    def run(
        self, work: Callable[[Service], Coroutine[Any, Any, Any]], timeout: float = 20
    ) -> Any:
        """Do something in the service's own loop: the driver of the browser has one
        of its own in this thread."""
        future = asyncio.run_coroutine_threadsafe(work(self.service), self._loop)
        return future.result(timeout)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        settings = replace(Settings(home=self.home), offline=True, threads=1)
        settings = replace(settings, **self.changes)
        async with AsyncExitStack() as stack:
            runtime = await stack.enter_async_context(EdgeRuntime(settings))
            self.service = Service(settings, runtime)
            stack.push_async_callback(self.service.stop)
            await self.service.start()
            access = Access(loopback_only=not self.needs_token, ingress=False)
            app = build_app(self.service, access)
            server = TestServer(app, port=self.port or None)
            await stack.enter_async_context(server)
            self.port, self.url = server.port, str(server.make_url("/"))
            proxy = TestServer(_proxy_of(self.url))
            await stack.enter_async_context(proxy)
            self.proxy_url = str(proxy.make_url(f"{PREFIX}/"))
            self._ready.set()
            await self._stop.wait()


def _proxy_of(url: str) -> web.Application:
    """Return a reverse proxy that takes a prefix off, streams included."""

    async def forward(request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        headers = {k: v for k, v in request.headers.items() if k.lower() not in _HOP}
        body = await request.read()
        target = f"{url}{path}"
        async with (
            ClientSession(auto_decompress=False) as session,
            session.request(
                request.method,
                target,
                params=request.query,
                headers=headers,
                data=body or None,
                allow_redirects=False,
            ) as answer,
        ):
            kept = {k: v for k, v in answer.headers.items() if k.lower() not in _HOP}
            response = web.StreamResponse(status=answer.status, headers=kept)
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            return response

    app = web.Application()
    app.router.add_route("*", PREFIX + "/{path:.*}", forward)
    return app


async def store_photos(url: str, photos: list[Path]) -> list[str]:
    """Upload photos as the page does and return their ids, described."""
    ids = []
    async with ClientSession() as session:
        for path in photos:
            form = FormData()
            form.add_field("store", "true")
            form.add_field("image", path.read_bytes(), filename=path.name)
            headers = {"X-Requested-With": "test"}
            async with session.post(
                f"{url}api/v1/captions", data=form, headers=headers
            ) as response:
                answer = await response.json()
                assert response.status == 200, answer
                ids.append(answer["photo_id"])
    return ids


async def fill_library(service: Service, count: int, seen: int) -> None:
    """Put many photos of some years into the store; the first have thumbnails."""
    source = await service.store.sources.ensure(SourceKind.LIBRARY, "many", "/none")
    new = [
        NewPhoto(
            source_id=source.id,
            picture_hash=f"{number:064x}",
            width=3000 + 1000 * (number % 3 > 0),
            height=4000 - 1000 * (number % 3 > 0),
            taken_at=NEWEST - number * TWO_HOURS,
        )
        for number in range(count)
    ]
    added = await service.store.photos.add_many(new)
    first = (await service.store.photos.page(limit=5)).items[0]
    thumbnails = service.store.thumbnails
    for photo_id, _ in added[:seen]:
        for size in SIZES:
            place = thumbnails.path(photo_id, size)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.hardlink_to(thumbnails.path(first.id, size))
