"""The small parts: addresses, texts, the event stream, the client's errors."""

from aiohttp import ClientSession, web
import pytest

from custom_components.edge_captions.addresses import (
    announced,
    is_plain_address,
    normalized,
)
from custom_components.edge_captions.client import CaptionOptions, RuntimeClient
from custom_components.edge_captions.client_errors import (
    AuthError,
    BusyError,
    CannotConnectError,
    NotEdgeCaptionsError,
    RefusedError,
    TimedOutError,
)
from custom_components.edge_captions.server_sent import read_events
from custom_components.edge_captions.text import short_text


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("192.168.1.5", "http://192.168.1.5:8477"),
        (" captions.local:9000 ", "http://captions.local:9000"),
        ("https://captions.example/x/?a=1#b", "https://captions.example/x"),
        ("[fd00::5]:80", "http://[fd00::5]:80"),
    ],
)
def test_addresses(text, url):
    assert normalized(text).removesuffix(":80") == url.removesuffix(":80")


@pytest.mark.parametrize("text", ["", "ftp://x", "http://", "http://a:b@c", "a:b:c:d"])
def test_what_is_no_address(text):
    with pytest.raises(ValueError, match=r"."):
        normalized(text)


def test_announced_addresses():
    assert announced("fd00::5", 80) == "http://[fd00::5]:80"
    assert announced("192.168.1.5", None) == "http://192.168.1.5:8477"
    assert is_plain_address("http://192.168.1.5:8477")
    assert not is_plain_address("https://192.168.1.5")
    assert not is_plain_address("http://captions.local")
    assert not is_plain_address("")


def test_short_texts():
    assert short_text("A dog.") == "A dog."
    assert short_text("A dog, running far", 8) == "A dog…"
    assert short_text("x" * 300) == "x" * 254 + "…"


async def stream(*chunks: bytes):
    for chunk in chunks:
        yield chunk


async def test_events_are_read_over_the_edges_of_chunks():
    text = b'retry: 1\n\n:\n\nid: 7\r\nevent: a.b\r\ndata: {"x":\r\ndata: 1}\r\n\r\n'
    for size in (1, 3, 1000):
        chunks = [text[i : i + size] for i in range(0, len(text), size)]
        (event,) = [event async for event in read_events(stream(*chunks))]
        assert (event.type, event.data, event.id) == ("a.b", {"x": 1}, "7")


async def test_events_that_are_none_are_passed_over():
    text = b"data: nonsense\n\ndata: [1]\n\nevent: x\n\ndata: {}\n\n"
    (event,) = [event async for event in read_events(stream(text))]
    assert (event.type, event.data, event.id) == ("message", {}, None)


async def test_a_line_without_end_is_refused():
    with pytest.raises(ValueError, match="too long"):
        _ = [event async for event in read_events(stream(b"x" * 2**21))]


@pytest.fixture
async def client(runtime):
    async with ClientSession() as session:
        yield RuntimeClient(session, runtime.url, runtime.token)


def envelope(status: int, code: str, **headers: str) -> web.Response:
    error = {"error": {"code": code, "message": "because"}}
    return web.json_response(error, status=status, headers=headers)


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        (lambda: envelope(401, "unauthorized"), AuthError, "invalid_auth"),
        (lambda: envelope(403, "forbidden"), AuthError, "invalid_auth"),
        (lambda: envelope(403, "path_not_allowed"), RefusedError, "path_not_allowed"),
        (lambda: envelope(429, "queue_full"), BusyError, "queue_full"),
        (lambda: envelope(507, "disk_full"), RefusedError, "disk_full"),
        (lambda: web.Response(text="hello"), NotEdgeCaptionsError, None),
        (lambda: web.Response(text="[1]"), NotEdgeCaptionsError, None),
        (lambda: web.Response(text="no", status=502), NotEdgeCaptionsError, None),
        (
            lambda: web.Response(status=302, headers={"Location": "/"}),
            NotEdgeCaptionsError,
            None,
        ),
        (
            lambda: web.json_response({"error": 1}, status=400),
            NotEdgeCaptionsError,
            None,
        ),
        (lambda: web.json_response({}), NotEdgeCaptionsError, None),
    ],
)
async def test_what_the_runtime_says_becomes_an_error(
    client, runtime, answer, error, code
):
    runtime.raw = answer()
    with pytest.raises(error) as caught:
        await client.get_caption("x")
    if code is not None:
        assert caught.value.code == code


async def test_the_wait_of_a_busy_runtime_is_known(client, runtime):
    runtime.raw = envelope(429, "queue_full", **{"Retry-After": "12"})
    with pytest.raises(BusyError) as caught:
        await client.get_caption("x")
    assert caught.value.retry_after_s == 12


async def test_a_slow_answer_is_an_error(runtime):
    async with ClientSession() as session:
        client = RuntimeClient(
            session, runtime.url, runtime.token, caption_timeout_s=1e-3
        )
        with pytest.raises(TimedOutError):
            await client.caption(b"x", "x", CaptionOptions())


async def test_nobody_there(unused_tcp_port):
    async with ClientSession() as session:
        client = RuntimeClient(session, f"http://127.0.0.1:{unused_tcp_port}")
        with pytest.raises(CannotConnectError):
            await client.info()
        with pytest.raises(CannotConnectError):
            async for _ in client.events(None):
                pass


async def test_options_become_a_form(client, runtime):
    options = CaptionOptions(
        language="de",
        style="plain",
        context={"place": "Lake"},
        verify=False,
        source="camera.yard",
    )
    await client.caption(b"bytes", "a.jpg", options)
    assert runtime.forms == [
        {
            "language": "de",
            "style": "plain",
            "source": "camera.yard",
            "verify": "false",
            "context": '{"place": "Lake"}',
            "file": b"bytes",
        }
    ]


async def test_suggestions_of_a_photo(client, runtime):
    runtime.raw = web.json_response({"items": [{"id": "1"}]})
    assert await client.suggestions("01PHOTO") == [{"id": "1"}]
