"""`/api/v1/events`: what happens, as server-sent events that a client can resume.

Stored events carry an id; a client that comes back names the last one it saw and gets
what it missed, or `reset` when the ring has moved on. Live ones (progress) have none.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
import logging
from typing import Any, Final

from aiohttp import web

from ..errors import EdgeRuntimeError
from ..service import LiveEvent, SubscriberLost, Subscription
from .errors import BusyError
from .fields import Text
from .keys import ACCESS, STREAMS
from .routing import API, EVENT_STREAM, Call, Reply, RouteTable, to_json
from .scopes import Scope

_LOGGER: Final = logging.getLogger(__name__)
ROUTES: Final = RouteTable("events")
HEARTBEAT_S: Final = 15.0
WRITE_S: Final = 20.0
"""Longest time that a client may leave what was sent to it unread."""
RETRY_MS: Final = 3000
MAX_STREAMS: Final = 64
BATCH: Final = 500
_BEYOND: Final = 2**62
_ADMIN_ONLY: Final = "pairing."


@dataclass(slots=True)
class Streams:
    """The streams that are open, so that a stop can end them."""

    heartbeat_s: float = HEARTBEAT_S
    count: int = 0
    stopping: asyncio.Event = field(default_factory=asyncio.Event)


@ROUTES.get(
    f"{API}/events",
    summary="Follow what happens (server-sent events)",
    query={
        "last_event_id": Text(
            required=False,
            max_length=20,
            description="resume after this event; the header Last-Event-ID wins",
        )
    },
    media_type=EVENT_STREAM,
    errors=(BusyError,),
)
async def get_events(call: Call) -> Reply:
    """Send events until the client leaves, lags too far behind, or may no more."""
    streams = call.request.app[STREAMS]
    if streams.count >= MAX_STREAMS:
        raise BusyError(f"{MAX_STREAMS} clients follow the events already", 30)
    streams.count += 1
    try:
        stream = _Stream(call, await _begin(call.request))
        async with call.service.events.subscribe() as subscription:
            await stream.run(subscription, streams)
    except (TimeoutError, ConnectionError, SubscriberLost) as err:
        _LOGGER.debug("an event stream ended: %r", err)
        _abort(call.request)
        raise ConnectionResetError from None
    finally:
        streams.count -= 1
    return stream.response


async def _begin(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(
        headers={
            "Content-Type": f"{EVENT_STREAM}; charset=utf-8",
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",  # nginx would hold events back
        }
    )
    await response.prepare(request)
    return response


def _abort(request: web.Request) -> None:
    """Cut the connection: a client that doesn't read would never see a polite end."""
    if request.transport is not None:
        request.transport.abort()


@dataclass(slots=True)
class _Stream:
    call: Call
    response: web.StreamResponse
    last: int = 0
    """Id of the last stored event that this client has."""

    async def run(self, subscription: Subscription, streams: Streams) -> None:
        """Replay what was missed, then send what comes."""
        await self._write(f"retry: {RETRY_MS}\n\n".encode())
        await self._replay()
        stopped = asyncio.ensure_future(streams.stopping.wait())
        coming = asyncio.ensure_future(subscription.get())
        try:
            while not stopped.done():
                done, _ = await asyncio.wait(
                    {stopped, coming},
                    timeout=streams.heartbeat_s,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                if coming in done:
                    await self._send_live(coming.result())
                    coming = asyncio.ensure_future(subscription.get())
                elif not done:
                    if not await self._may_stay():
                        return
                    await self._write(b":\n\n")
        finally:
            stopped.cancel()
            coming.cancel()
            await asyncio.wait({stopped, coming})

    async def _replay(self) -> None:
        events = self.call.service.store.events
        newest = await events.newest_id()
        asked = self._asked()
        if asked is None:
            self.last = newest
            await self._send(newest, "ready", {"last_event_id": newest})
            return
        self.last = asked
        while self.last <= newest:
            since = await events.since(self.last, limit=BATCH)
            if since.reset:
                break
            for event in since.events:
                await self._send(event.id, event.type, event.data)
                self.last = event.id
            if len(since.events) < BATCH:
                return
        self.last = newest
        await self._send(newest, "reset", {"last_event_id": newest})

    def _asked(self) -> int | None:
        """Return the id to resume after; what is no id lies beyond every event."""
        given = self.call.request.headers.get("Last-Event-ID")
        given = given or self.call.query["last_event_id"]
        if not given:
            return None
        is_number = given.isascii() and given.isdigit()
        return min(int(given[:19]), _BEYOND) if is_number else _BEYOND

    async def _may_stay(self) -> bool:
        """Return whether the caller still is let in: a token may be revoked."""
        app = self.call.request.app
        try:
            caller = await app[ACCESS].identify(
                self.call.request, self.call.service.store
            )
        except EdgeRuntimeError:
            return False
        return caller.scope >= Scope.READ

    async def _send_live(self, event: LiveEvent) -> None:
        if event.id is not None:
            if event.id <= self.last:
                return  # was replayed
            self.last = event.id
        await self._send(event.id, event.type, event.data)

    async def _send(
        self, number: int | None, kind: str, data: Mapping[str, Any]
    ) -> None:
        if kind.startswith(_ADMIN_ONLY) and self.call.caller.scope < Scope.ADMIN:
            return
        head = "" if number is None else f"id: {number}\n"
        await self._write(
            f"{head}event: {kind}\ndata: ".encode() + to_json(data) + b"\n\n"
        )

    async def _write(self, data: bytes) -> None:
        async with asyncio.timeout(WRITE_S):
            await self.response.write(data)
