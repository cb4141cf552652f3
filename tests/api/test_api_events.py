"""Server-sent events: resume, reset, heartbeat, slow clients, ends."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
import json
import socket

from api_helpers import connected, error_of
import pytest

from edge_runtime.api import events
from edge_runtime.api.access import Access
from edge_runtime.api.app import build_app
from edge_runtime.api.keys import STREAMS

EVENTS = "/api/v1/events"


@dataclass
class Received:
    """One event as the browser's EventSource would see it."""

    id: int | None
    type: str
    data: dict


class Reader:
    def __init__(self, response) -> None:
        self.response = response
        self.comments = 0
        self.retry = None

    async def next(self) -> Received:
        found = {}
        async with asyncio.timeout(20):
            while True:
                line = (await self.response.content.readline()).decode()
                assert line, "the stream ended"
                name, _, value = line.rstrip("\n").partition(": ")
                if name == ":":
                    self.comments += 1
                elif name == "retry":
                    self.retry = int(value)
                elif name:
                    found[name] = value
                elif found:
                    number = found.get("id")
                    return Received(
                        None if number is None else int(number),
                        found["event"],
                        json.loads(found["data"]),
                    )


async def emit(service, kind: str, data: dict) -> int:
    """Emit a stored event and return its id."""
    await service.events.emit(kind, data)
    return await service.store.events.newest_id()


@asynccontextmanager
async def following(client, query="", **headers):
    async with client.get(EVENTS + query, headers=headers) as response:
        assert response.status == 200
        assert response.headers["Content-Type"].startswith("text/event-stream")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        yield Reader(response)


async def test_events_come_in_order_and_progress_has_no_id(client, service):
    before = await emit(service, "caption.ready", {"photo_id": "a"})
    async with following(client) as reader:
        ready = await reader.next()
        assert (ready.id, ready.type) == (before, "ready")
        assert reader.retry == events.RETRY_MS
        await service.events.emit("caption.changed", {"text": "two\nlines \N{SNOWMAN}"})
        service.events.tell("job.progress", {"progress": 0.5})
        await service.events.emit("tag.changed", {})
        got = [await reader.next() for _ in range(3)]
    assert [e.type for e in got] == ["caption.changed", "job.progress", "tag.changed"]
    assert [e.id for e in got] == [before + 1, None, before + 2]
    assert got[0].data == {"text": "two\nlines \N{SNOWMAN}"}


@pytest.mark.parametrize("how", ["header", "query"])
async def test_a_client_that_comes_back_gets_what_it_missed(client, service, how):
    first = await emit(service, "one", {})
    for number in range(3):
        await service.events.emit("more", {"number": number})
    query = f"?last_event_id={first}" if how == "query" else ""
    headers = {"Last-Event-ID": str(first)} if how == "header" else {}
    async with following(client, query, **headers) as reader:
        got = [await reader.next() for _ in range(3)]
        assert [e.data["number"] for e in got] == [0, 1, 2]
        await service.events.emit("live", {})
        assert (await reader.next()).type == "live"


async def test_a_long_absence_is_replayed_in_batches(client, service, monkeypatch):
    monkeypatch.setattr(events, "BATCH", 4)
    first = await emit(service, "one", {})
    for number in range(12):
        await service.events.emit("more", {"number": number})
    async with following(client, **{"Last-Event-ID": str(first)}) as reader:
        got = [await reader.next() for _ in range(12)]
        assert [e.data["number"] for e in got] == list(range(12))
        await service.events.emit("live", {})
        assert (await reader.next()).type == "live"


@pytest.mark.parametrize("asked", ["99999", "-1", "x", "9" * 20, "1.5"])
async def test_an_id_that_the_ring_does_not_have_resets_the_client(
    client, service, asked
):
    newest = await emit(service, "one", {})
    async with following(client, **{"Last-Event-ID": asked}) as reader:
        reset = await reader.next()
        assert (reset.id, reset.type) == (newest, "reset")
        await service.events.emit("live", {})
        assert (await reader.next()).type == "live"


async def test_past_the_ring_the_client_is_reset(client, service, monkeypatch):
    monkeypatch.setattr(service.store.events, "_ring", 3)
    first = await emit(service, "one", {})
    for _ in range(6):
        await service.events.emit("more", {})
    async with following(client, **{"Last-Event-ID": str(first)}) as reader:
        assert (await reader.next()).type == "reset"


async def test_a_silent_stream_beats_and_ends_with_its_token(service):
    access = Access(loopback_only=False, ingress=False)
    token, secret = await service.store.tokens.create("x", "read")
    app = build_app(service, access)
    app[STREAMS].heartbeat_s = 0.05
    async with connected(app) as client:
        headers = {"Authorization": f"Bearer {secret}"}
        async with following(client, **headers) as reader:
            await reader.next()
            await asyncio.sleep(0.2)
            await service.events.emit("one", {})
            await reader.next()
            assert reader.comments >= 2
            await service.store.tokens.revoke(token.id)
            async with asyncio.timeout(20):
                rest = await reader.response.content.read()
            assert b"event" not in rest


async def test_pairings_are_shown_to_those_who_may_approve(outside, tokens, service):
    async with (
        following(outside, **tokens["write"]) as writer,
        following(outside, **tokens["admin"]) as admin,
    ):
        await writer.next(), await admin.next()
        async with outside.post("/api/v1/pairings", json={"name": "HA"}) as response:
            pairing = await response.json()
        await service.events.emit("last", {})
        opened = await admin.next()
        assert (opened.type, opened.data["code"]) == ("pairing.opened", pairing["code"])
        assert "secret" not in opened.data
        assert (await writer.next()).type == "last"


async def test_a_client_that_does_not_read_is_dropped(client, service, monkeypatch):
    monkeypatch.setattr(events, "WRITE_S", 0.3)
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(slow, ("127.0.0.1", client.port))
        request = f"GET {EVENTS} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        await loop.sock_sendall(slow, request)
        streams = client.app[STREAMS]
        async with asyncio.timeout(25):
            while streams.count == 0:  # noqa: ASYNC110 - the server's own state
                await asyncio.sleep(0.01)
            while streams.count:
                service.events.tell("progress", {"text": "x" * 100_000})
                await asyncio.sleep(0.01)
    async with client.get("/health") as response:  # nobody else suffers
        assert response.status == 200


async def test_only_so_many_may_follow(client, monkeypatch):
    monkeypatch.setattr(events, "MAX_STREAMS", 1)
    async with following(client) as reader:
        await reader.next()
        async with client.get(EVENTS) as response:
            assert (response.status, await error_of(response)) == (
                429,
                "too_many_requests",
            )


async def test_streams_end_when_the_service_stops(service):
    access = Access(loopback_only=True, ingress=False)
    async with (
        connected(build_app(service, access)) as client,
        following(client) as reader,
    ):
        await reader.next()
        async with asyncio.timeout(20):
            await client.app.shutdown()
            assert await reader.response.content.read() == b""
