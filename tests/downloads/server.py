"""A real HTTP server on this machine that serves files and breaks on demand."""

import asyncio
from collections.abc import AsyncIterator
import contextlib
from dataclasses import dataclass, field
import hashlib
import re

from aiohttp import web


@dataclass
class Served:
    """One file of the server, and how it goes wrong."""

    data: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    etag: str | None = None
    """By default the hash of the data; an empty text sends none."""
    cut_after: int | None = None
    """Lose the connection after so many bytes of an answer."""
    cuts: int = 1000
    """How often it is cut; then the server is well."""
    ranges: bool = True
    """Whether Range is understood."""
    range_status: int | None = None
    """Answer a range with this status."""
    range_shift: int = 0
    """Answer with another range than the one asked for."""
    declared: int | None = None
    """A Content-Length that is not true."""
    chunked: bool = False
    """Tell no length."""
    stall_after: int | None = None
    """Send nothing more after so many bytes, and keep the connection."""
    pause_s: float = 0.0
    """Wait between two pieces of 16 KiB."""
    redirect: str | None = None
    gate: asyncio.Event | None = None
    """Wait for it after the first 16 KiB."""


@dataclass
class Seen:
    """One request as it came."""

    path: str
    headers: dict[str, str]


class BreakingServer:
    """Serves what `files` holds by path, and remembers who asked for what."""

    def __init__(self) -> None:
        self.files: dict[str, Served] = {}
        self.seen: list[Seen] = []
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("GET", "/{path:.*}", self._answer)
        app.router.add_route("HEAD", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def add(self, path: str, data: bytes = b"", **faults: object) -> Served:
        """Serve a file, with its faults."""
        self.files[path] = Served(data, **faults)
        return self.files[path]

    def hub_file(self, name: str, data: bytes, **faults: object) -> Served:
        """Serve a file where the hub's repository `maker/model` has it."""
        return self.add(f"/maker/model/resolve/main/{name}", data, **faults)

    def paths(self) -> list[str]:
        """Return the paths that were asked for, in order."""
        return [seen.path for seen in self.seen]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(Seen(request.path, dict(request.headers)))
        served = self.files.get(request.path)
        if served is None:
            raise web.HTTPNotFound
        if served.redirect is not None:
            headers = {**served.headers, "Location": served.redirect}
            return web.Response(status=302, headers=headers)
        if served.status != 200:
            return web.Response(status=served.status, headers=served.headers)
        if request.method == "HEAD":
            size = len(served.data) if served.declared is None else served.declared
            headers = {"Content-Length": str(size), **served.headers}
            return web.Response(headers=headers)
        return await self._send(request, served)

    async def _send(self, request: web.Request, served: Served) -> web.StreamResponse:
        etag = served.etag
        if etag is None:
            etag = f'"{hashlib.sha256(served.data).hexdigest()}"'
        start = _range_start(request, served, etag)
        if start is not None:
            past = 416 if start >= len(served.data) else None
            if (status := served.range_status or past) is not None:
                return web.Response(status=status)
        response = web.StreamResponse(headers=served.headers)
        if etag:
            response.headers["ETag"] = etag
        first = 0
        if start is not None:
            first = start + served.range_shift
            response.set_status(206)
            last, total = len(served.data) - 1, len(served.data)
            response.headers["Content-Range"] = f"bytes {first}-{last}/{total}"
        body = served.data[first:]
        if served.chunked:
            response.enable_chunked_encoding()
        else:
            length = len(body) if served.declared is None else served.declared
            response.content_length = length
        await response.prepare(request)
        return await self._stream(request, response, served, body)

    async def _stream(
        self,
        request: web.Request,
        response: web.StreamResponse,
        served: Served,
        body: bytes,
    ) -> web.StreamResponse:
        cutting = served.cut_after is not None and served.cuts > 0
        if cutting:
            body = body[: served.cut_after]
        if served.stall_after is not None:
            body = body[: served.stall_after]
        with contextlib.suppress(ConnectionError):
            for at in range(0, len(body), 16384):
                await response.write(body[at : at + 16384])
                await asyncio.sleep(served.pause_s)
                if served.gate is not None:
                    await served.gate.wait()
            if served.stall_after is not None:
                await asyncio.sleep(60)
            if cutting:
                served.cuts -= 1
                # let the bytes out before the connection goes
                await asyncio.sleep(0.05)
            if cutting or served.declared is not None:
                if request.transport is not None:
                    request.transport.close()
                return response
            await response.write_eof()
        return response


def _range_start(request: web.Request, served: Served, etag: str) -> int | None:
    found = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
    if found is None or not served.ranges:
        return None
    guard = request.headers.get("If-Range")
    if guard is not None and guard != etag:
        return None
    return int(found[1])


@contextlib.asynccontextmanager
async def open_server() -> AsyncIterator[BreakingServer]:
    """Run a server for the length of a block."""
    server = BreakingServer()
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
