"""Home Assistant's Supervisor is told of the app, over a real socket."""

import asyncio
from contextlib import asynccontextmanager
import logging
import stat

from aiohttp import web
from aiohttp.test_utils import TestServer
import pytest

from edge_runtime.api import supervisor
from edge_runtime.api.supervisor import SECRET_NAME, told
from edge_runtime.store import Store, TokenScope


@pytest.fixture
async def store(tmp_path):
    async with await Store.open(tmp_path / "home") as opened:
        yield opened


@asynccontextmanager
async def a_supervisor(*statuses: int):
    """Run what takes the messages; it answers with one status after another."""
    heard: asyncio.Queue = asyncio.Queue()
    left = list(statuses)

    async def take(request: web.Request) -> web.Response:
        await heard.put((request.headers["Authorization"], await request.json()))
        status = left.pop(0) if left else 200
        return web.json_response({"result": "ok"}, status=status)

    app = web.Application()
    app.router.add_post("/discovery", take)
    async with TestServer(app) as server:
        yield str(server.make_url("/discovery")), heard


async def message(store, tmp_path, address, heard):
    environ = {"SUPERVISOR_TOKEN": "of this app"}
    async with told(store, tmp_path / "home", 8477, environ, address):
        async with asyncio.timeout(10):
            return await heard.get()


async def test_the_app_is_announced_with_a_token_that_counts(store, tmp_path):
    async with a_supervisor() as (address, heard):
        key, first = await message(store, tmp_path, address, heard)
        _, second = await message(store, tmp_path, address, heard)
    assert key == "Bearer of this app"
    assert first["service"] == "edge_captions"
    assert first["config"]["port"] == 8477
    assert first["config"]["host"]
    token = await store.tokens.verify(first["config"]["token"])
    assert (token.name, token.scope) == ("Home Assistant", TokenScope.WRITE)
    assert first == second  # Home Assistant holds it: it must not change
    path = tmp_path / "home" / SECRET_NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_token_that_a_person_revoked_is_not_made_again(store, tmp_path):
    async with a_supervisor() as (address, heard):
        _, first = await message(store, tmp_path, address, heard)
        token = await store.tokens.verify(first["config"]["token"])
        await store.tokens.revoke(token.id)
        _, second = await message(store, tmp_path, address, heard)
    assert "token" not in second["config"]
    assert len(await store.tokens.list()) == 1


async def test_a_busy_supervisor_is_asked_again(store, tmp_path, monkeypatch):
    monkeypatch.setattr(supervisor, "_WAITS_S", (0.01, 0.01))
    async with a_supervisor(503) as (address, heard):
        environ = {"SUPERVISOR_TOKEN": "of this app"}
        async with told(store, tmp_path / "home", 8477, environ, address):
            async with asyncio.timeout(10):
                assert await heard.get() == await heard.get()


async def test_a_supervisor_that_is_not_there_is_one_line(
    store, tmp_path, monkeypatch, caplog, unused_tcp_port
):
    monkeypatch.setattr(supervisor, "_WAITS_S", (0.01,))
    environ = {"SUPERVISOR_TOKEN": "of this app"}
    address = f"http://127.0.0.1:{unused_tcp_port}/discovery"
    with caplog.at_level(logging.WARNING):
        async with told(store, tmp_path / "home", 8477, environ, address):
            async with asyncio.timeout(10):
                while not caplog.records:  # noqa: ASYNC110 - a line of the log
                    await asyncio.sleep(0.01)
    assert [r.message for r in caplog.records if "can't be told" in r.message]


async def test_without_a_supervisor_no_token_is_made(store, tmp_path):
    async with told(store, tmp_path / "home", 8477, {}, "http://127.0.0.1:1/"):
        assert await store.tokens.list() == []
    assert not (tmp_path / "home" / SECRET_NAME).exists()
