"""Refusals, redirects, fall-backs and servers that are away."""

import asyncio
import re
import socket
import time

import pytest

from edge_runtime.downloads import Patience
from edge_runtime.downloads.fetch import open_fetcher
from edge_runtime.downloads.reach import ReachMemory
from edge_runtime.downloads.responses import Remote
from edge_runtime.errors import (
    AccessDeniedError,
    DownloadError,
    RateLimitedError,
    SizeMismatchError,
    SourceNotFoundError,
    SourceUnreachableError,
)
from tests.downloads.models import (
    DATA,
    everything_below,
    hub_source,
    model,
    model_file,
    sha256,
    url_source,
)
from tests.downloads.server import open_server

MODEL = "/maker/model/resolve/main/model.onnx"


@pytest.mark.parametrize("size", [len(DATA) - 7, len(DATA) + 7])
async def test_a_file_of_another_length_is_refused_before_it_comes(
    server, make_store, tmp_path, size
):
    server.hub_file("model.onnx", (DATA * 2)[:size])
    with pytest.raises(SizeMismatchError, match=f"{size} bytes, not the 300000"):
        await make_store().ensure(model())
    assert not (tmp_path / "home/models/some-model").exists()


async def test_a_compressed_answer_is_refused(server, make_store):
    server.hub_file("model.onnx", DATA, headers={"Content-Encoding": "gzip"})
    with pytest.raises(DownloadError, match="re-coded"):
        await make_store().ensure(model())


@pytest.mark.parametrize(
    ("status", "headers", "error", "words"),
    [
        (401, {}, AccessDeniedError, r"\(401\): log in at .*maker/model.* HF_TOKEN"),
        (403, {}, AccessDeniedError, "accept the model's licence there and set HF_TO"),
        (404, {}, SourceNotFoundError, "no such file"),
        (429, {"Retry-After": "37"}, RateLimitedError, "try again in 37 s"),
        (429, {"Retry-After": "Fri, 1 Jan"}, RateLimitedError, "again after Fri, 1"),
        (429, {}, RateLimitedError, "try again later"),
        (503, {}, SourceUnreachableError, r"fails at the moment \(503\)"),
        (418, {}, DownloadError, "status 418"),
    ],
)
async def test_every_refusal_has_its_own_words(
    server, make_store, status, headers, error, words
):
    server.hub_file("model.onnx", DATA, status=status, headers=headers)
    with pytest.raises(DownloadError, match=words) as caught:
        await make_store().ensure(model())
    assert type(caught.value) is error
    assert "\n" not in caught.value.message


async def test_a_token_stays_with_the_hub_when_it_redirects(server, make_store):
    async with open_server() as other:
        other.add("/blob", DATA)
        server.add(
            MODEL,
            redirect=f"{other.url}/blob?signed=a%2Fb",
            headers={"X-Linked-ETag": f'"{sha256(DATA)}"'},
        )
        store = make_store({"HF_TOKEN": "hf_secret"})
        await store.ensure(model())
        assert server.seen[0].headers["Authorization"] == "Bearer hf_secret"
        assert "Authorization" not in other.seen[0].headers


async def test_a_redirect_on_the_same_server_keeps_the_token(server, make_store):
    server.add(MODEL, redirect="/blob")
    server.add("/blob", DATA)
    await make_store({"HF_TOKEN": "hf_secret"}).ensure(model())
    assert server.seen[1].headers["Authorization"] == "Bearer hf_secret"


async def test_a_netrc_file_does_not_get_in_the_way_of_a_token(
    server, make_store, monkeypatch, tmp_path
):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password word\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    server.hub_file("model.onnx", DATA)
    await make_store({"HF_TOKEN": "hf_secret"}).ensure(model())
    assert server.seen[0].headers["Authorization"] == "Bearer hf_secret"


async def test_the_environments_proxy_is_used(server, tmp_path, monkeypatch):
    server.add("/x", DATA)
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.setenv("no_proxy", "direct.invalid")
    async with open_fetcher(ReachMemory(tmp_path), Patience()) as fetcher:
        body, _ = await fetcher.read("http://behind.invalid/x", "*/*")
        assert body == DATA
        with pytest.raises(SourceUnreachableError, match="can't be reached"):
            await fetcher.read("http://direct.invalid/x", "*/*")
    assert server.seen[0].headers["Host"] == "behind.invalid"


@pytest.mark.parametrize(
    "url", ["https://", "http://[::1/x", "http://h:99999/x", "nowhere"]
)
async def test_an_address_that_is_none_is_named_without_its_secrets(make_store, url):
    spec = model(model_file(url_source(f"{url}?key=secret")))
    with pytest.raises(DownloadError, match="is no address of a server") as caught:
        await make_store().ensure(spec)
    assert "secret" not in caught.value.message


@pytest.mark.parametrize("place", ["http://[bad", "http://h:99999/", "https://"])
async def test_a_redirect_to_no_address_is_named(server, make_store, place):
    server.add(MODEL, redirect=place)
    with pytest.raises(DownloadError, match="redirects to no proper address"):
        await make_store().ensure(model())


async def test_a_redirect_loop_ends(server, make_store):
    server.add(MODEL, redirect=MODEL)
    with pytest.raises(DownloadError, match="redirects in a circle"):
        await make_store().ensure(model())


async def test_a_redirect_to_another_kind_of_address_is_refused(server, make_store):
    server.add(MODEL, redirect="ftp://somewhere/model")
    with pytest.raises(DownloadError, match="unsafe address"):
        await make_store().ensure(model())


async def test_the_next_source_is_taken_when_one_fails(server, make_store):
    server.add("/mirror.onnx", DATA)
    sources = (hub_source(), url_source(f"{server.url}/mirror.onnx?key=secret"))
    store = make_store()
    paths = await store.ensure(model(model_file(*sources)))
    assert paths["encoder"].read_bytes() == DATA
    assert server.paths() == [MODEL, "/mirror.onnx"]


async def test_one_error_names_every_source_and_hides_secrets(server, make_store):
    server.hub_file("model.onnx", DATA, status=503)
    address = server.url.replace("http://", "http://user:word@")
    sources = (hub_source(), url_source(f"{address}/mirror.onnx?key=secret"))
    with pytest.raises(DownloadError) as caught:
        await make_store().ensure(model(model_file(*sources)))
    text = caught.value.message
    assert re.search(r"'some-model': model.onnx could not be fetched: hugg", text)
    assert "(503); url " in text
    assert "(404)" in text
    assert "secret" not in text
    assert "word" not in text


async def test_a_refused_connection_is_remembered_for_ten_minutes(
    server, make_store, tmp_path
):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refuses connections
        dead = f"http://127.0.0.1:{taken.getsockname()[1]}"
        store, spec = make_store(hub=dead), model()
        with pytest.raises(SourceUnreachableError, match="can't be reached"):
            await store.ensure(spec)
        with pytest.raises(SourceUnreachableError, match=r"reached \d s ago"):
            await store.ensure(spec)
        with pytest.raises(SourceUnreachableError, match="can't be reached"):
            await store.ensure(spec, force=True)
    server.hub_file("model.onnx", DATA)
    await make_store().ensure(spec)


async def test_a_server_that_never_answers_costs_the_connect_time_only(tmp_path):
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:  # the queue is full: new connections hang
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        memory = ReachMemory(tmp_path)
        begin = time.monotonic()
        async with open_fetcher(memory, Patience(connect_s=0.5)) as fetcher:
            remote = Remote(f"http://127.0.0.1:{port}/x")
            with pytest.raises(SourceUnreachableError, match="no answer in time"):
                await fetcher.fetch(remote, tmp_path / "x.part", lambda _: None)
        assert time.monotonic() - begin < 2
        for filler in fillers:
            filler.close()
    assert (tmp_path / ".unreachable.json").exists()


async def test_a_server_that_takes_the_connection_and_is_silent_counts_as_away(
    tmp_path,
):
    async def listen(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(listen, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}/x"
    patience = Patience(connect_s=0.3)  # and the usual 30 s in the middle of a file
    async with silent, open_fetcher(ReachMemory(tmp_path), patience) as fetcher:
        async with asyncio.timeout(5):
            with pytest.raises(SourceUnreachableError, match="no answer in time"):
                await fetcher.read(url, "*/*")
        with pytest.raises(SourceUnreachableError, match=r"reached \d s ago"):
            await fetcher.read(url, "*/*")


async def test_a_server_that_was_redirected_to_may_think_first(server, tmp_path):
    async def think(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.6)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()
        writer.close()

    slow = await asyncio.start_server(think, "127.0.0.1", 0)
    port = slow.sockets[0].getsockname()[1]
    server.add("/x", redirect=f"http://127.0.0.1:{port}/x")
    memory, patience = ReachMemory(tmp_path), Patience(connect_s=0.3)
    async with slow, open_fetcher(memory, patience) as fetcher:
        body, _ = await fetcher.read(f"{server.url}/x", "*/*")
    assert body == b"ok"


@pytest.mark.parametrize("host", ["no-such-host.invalid", f"{'a' * 64}.invalid"])
async def test_an_unknown_host_is_unreachable(tmp_path, host):
    async with open_fetcher(ReachMemory(tmp_path), Patience()) as fetcher:
        with pytest.raises(SourceUnreachableError, match="can't be reached"):
            await fetcher.read(f"http://{host}/", "*/*")


async def test_a_dropped_request_is_not_taken_for_a_dead_server(tmp_path):
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    dropping = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = dropping.sockets[0].getsockname()[1]
    async with dropping, open_fetcher(ReachMemory(tmp_path), Patience()) as fetcher:
        with pytest.raises(SourceUnreachableError, match="can't be reached"):
            await fetcher.read(f"http://127.0.0.1:{port}/", "*/*")
    assert everything_below(tmp_path) == set()


async def test_an_answer_that_is_no_http_is_named(tmp_path):
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"SSH-2.0-server\r\n\r\n")
        await writer.drain()
        writer.close()

    other = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = other.sockets[0].getsockname()[1]
    async with other, open_fetcher(ReachMemory(tmp_path), Patience()) as fetcher:
        with pytest.raises(DownloadError, match="gives no proper answer") as caught:
            await fetcher.read(f"http://127.0.0.1:{port}/?key=secret", "*/*")
    assert "secret" not in caught.value.message


async def test_pages_have_a_limit_and_can_be_cut(server, tmp_path):
    server.add("/long", b"x" * (17 << 20))
    server.add("/cut", DATA, cut_after=100)
    async with open_fetcher(ReachMemory(tmp_path), Patience()) as fetcher:
        with pytest.raises(DownloadError, match="far too long"):
            await fetcher.read(f"{server.url}/long", "*/*")
        with pytest.raises(SourceUnreachableError, match="lost"):
            await fetcher.read(f"{server.url}/cut", "*/*")
