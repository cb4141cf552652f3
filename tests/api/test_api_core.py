"""What every answer has in common: one form of errors, an id, headers, limits."""

import asyncio
import io
import json
import logging

from api_helpers import connected, error_of
import pytest

from edge_runtime.api import binding, uploads
from edge_runtime.api.access import Access
from edge_runtime.api.app import build_app
from edge_runtime.api.binding import add_routes
from edge_runtime.api.errors import BusyError
from edge_runtime.api.fields import Field, Integer, Text, obj
from edge_runtime.api.routing import Call, Reply, RouteTable, Scope

ROUTES = RouteTable("probe")


@ROUTES.get("/probe/{number}", summary="", path_fields={"number": Integer()})
async def read_probe(call: Call) -> Reply:
    return {"number": call.path["number"]}


@ROUTES.post("/probe", summary="", body=obj(value=Field()), status=201)
async def write_probe(call: Call) -> Reply:
    return {"value": call.body["value"]}


@ROUTES.post("/fault", summary="")
async def fault(call: Call) -> Reply:
    raise KeyError("the secret that nobody may see")


@ROUTES.post("/busy", summary="")
async def busy(call: Call) -> Reply:
    raise BusyError("come back later", 2.3)


@ROUTES.post("/photo", summary="", upload=True, body=obj(style=Text(required=False)))
async def receive(call: Call) -> Reply:
    if call.upload is None:
        return {"style": call.body["style"], "size": None}
    kept = call.upload.take() if call.body["style"] == "keep" else call.upload.path
    size = len(await asyncio.to_thread(kept.read_bytes))
    assert size == call.upload.size
    return {
        "style": call.body["style"],
        "size": size,
        "name": call.upload.name,
        "path": str(kept),
    }


@pytest.fixture
async def probe(service):
    app = build_app(service, Access(loopback_only=True, ingress=False))
    add_routes(app, ROUTES)
    async with connected(app) as client:
        yield client


async def test_an_answer_has_an_id_and_headers_that_lock_the_browser(client):
    async with client.get("/health") as response:
        assert response.status == 200
        headers = response.headers
    assert len(headers["X-Request-Id"]) == 16
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize(
    ("given", "kept"), [("abc-1.2_3", True), ("a b", False), ("x" * 65, False)]
)
async def test_a_plain_request_id_of_the_client_is_kept(client, given, kept):
    async with client.get("/health", headers={"X-Request-Id": given}) as response:
        assert (response.headers["X-Request-Id"] == given) is kept


async def test_errors_of_the_web_have_the_same_form(client):
    async with client.get("/nowhere") as response:
        assert (response.status, await error_of(response)) == (404, "not_found")
    async with client.patch("/health") as response:
        assert (response.status, await error_of(response)) == (
            405,
            "method_not_allowed",
        )
        assert response.headers["Allow"] == "GET,HEAD"
    async with client.head("/health") as response:
        assert response.status == 200


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"{", "application/json", 400, "invalid_request"),
        (b"[]", "application/json", 400, "invalid_request"),
        (b'{"value": NaN}', "application/json", 400, "invalid_request"),
        (b'{"value": ' + b"[" * 100_000, "application/json", 400, "invalid_request"),
        (b"\xff\xfe\xfd", "application/json", 400, "invalid_request"),
        (b"", "application/json", 400, "invalid_request"),
        (b"value=1", "text/plain", 415, "media_type_unsupported"),
        (b'{"value": "' + b"x" * 2**20, "application/json", 413, "body_too_large"),
    ],
)
async def test_a_body_that_is_none_is_refused(probe, body, kind, status, code):
    headers = {"Content-Type": kind}
    data = io.BytesIO(body)
    async with probe.post("/probe", data=data, headers=headers) as response:
        assert (response.status, await error_of(response)) == (status, code)


async def test_a_body_goes_there_and_back(probe):
    value = {"text": "\U0001f600 é", "none": None, "list": [1, 2.5, True]}
    async with probe.post("/probe", json={"value": value}) as response:
        assert response.status == 201
        assert await response.json() == {"value": value}
    async with probe.get("/probe/12") as response:
        assert await response.json() == {"number": 12}
    async with probe.get("/probe/twelve") as response:
        assert (response.status, await error_of(response)) == (400, "invalid_request")


async def test_half_characters_of_file_names_do_not_break_an_answer(probe):
    data = json.dumps({"value": "photo-\udcff.jpg"})
    headers = {"Content-Type": "application/json"}
    async with probe.post("/probe", data=data, headers=headers) as response:
        assert await response.json() == {"value": "photo-?.jpg"}


async def test_a_fault_tells_its_story_in_the_log_alone(probe, caplog):
    async with probe.post("/fault", headers={"X-Request-Id": "r-1"}) as response:
        text = await response.text()
        assert response.status == 500
        assert await error_of(response) == "internal_error"
    assert "r-1" in text
    assert "secret" not in text
    (record,) = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert "r-1" in record.getMessage()
    assert record.exc_info is not None


async def test_the_log_of_requests_names_no_values(probe, caplog):
    caplog.set_level(logging.INFO, "edge_runtime.api")
    async with probe.get("/probe/abc?token=xyz") as response:
        assert response.status == 400
    (line,) = [r.getMessage() for r in caplog.records]
    assert line.startswith("GET /probe/{number} 400 ")
    assert "abc" not in line.rpartition(" ")[0]
    assert "xyz" not in line


async def test_what_only_reads_is_no_line_in_the_log(probe, caplog):
    caplog.set_level(logging.INFO, "edge_runtime.api")
    async with probe.get("/probe/12"), probe.get("/health"):
        assert caplog.records == []
    async with probe.post("/probe", json={"value": 1}):
        (line,) = [r.getMessage() for r in caplog.records]
        assert line.startswith("POST /probe 201 ")


async def test_too_much_at_once_says_when_to_come_back(probe):
    async with probe.post("/busy") as response:
        assert (response.status, await error_of(response)) == (429, "too_many_requests")
        assert response.headers["Retry-After"] == "3"


async def test_a_photo_that_is_too_large_is_refused_before_it_is_sent(probe, service):
    limit = service.settings.max_upload_mib * 2**20
    reader, writer = await asyncio.open_connection("127.0.0.1", probe.port)
    head = "POST /photo HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"
    writer.write(f"{head}Content-Length: {limit * 2}\r\n\r\n".encode())
    async with asyncio.timeout(20):
        assert b" 413 " in await reader.readline()
    writer.close()


async def test_only_what_ends_can_be_asked_for_its_head(client):
    async with client.head("/api/v1/events") as response:
        assert response.status == 405
    async with client.head("/api/v1/info") as response:
        assert (response.status, await response.read()) == (200, b"")


def form(*parts) -> tuple[bytes, dict[str, str]]:
    """Return a multipart body as clients write it."""
    lines = []
    for head, data in parts:
        lines.append(b"--b\r\nContent-Disposition: form-data; " + head + b"\r\n\r\n")
        lines.append(data + b"\r\n")
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    return b"".join([*lines, b"--b--\r\n"]), kind


async def test_a_photo_comes_as_a_form_as_a_body_or_not_at_all(probe, settings):
    photo = bytes(range(256)) * 4000
    body, kind = form(
        (b'name="style"', b"short"),
        (b'name="image"; filename="photos/a.jpg"', photo),
    )
    async with probe.post("/photo", data=body, headers=kind) as response:
        first = await response.json()
    assert (first["style"], first["size"], first["name"]) == (
        "short",
        len(photo),
        "a.jpg",
    )
    headers = {"Content-Type": "image/jpeg"}
    async with probe.post("/photo?style=x", data=photo, headers=headers) as response:
        second = await response.json()
    assert (second["style"], second["size"], second["name"]) == ("x", len(photo), None)
    async with probe.post("/photo", json={"style": "y"}) as response:
        assert await response.json() == {"style": "y", "size": None}
    assert list((settings.home / "uploads").iterdir()) == []


async def test_a_photo_that_is_taken_stays(probe, settings):
    headers = {"Content-Type": "application/octet-stream"}
    async with probe.post("/photo?style=keep", data=b"1", headers=headers) as response:
        path = (await response.json())["path"]
    (kept,) = (settings.home / "uploads").iterdir()
    assert str(kept) == path
    assert kept.stat().st_mode & 0o077 == 0
    uploads.clear_uploads(settings.home)
    assert not kept.exists()


@pytest.mark.parametrize(
    ("parts", "status", "code"),
    [
        ([(b'name="style"', b"\xff")], 400, "invalid_request"),
        ([(b'name="style"', b"x" * 70_000)], 413, "body_too_large"),
        ([(b'name="a"; filename="a"', b"1")] * 2, 400, "invalid_request"),
        ([(b'name="a%d"' % n, b"1") for n in range(40)], 400, "invalid_request"),
        (
            [(b'name="a"; filename="a"', b"\0" * (2 * 2**20 + 1))],
            413,
            "body_too_large",
        ),
    ],
)
async def test_a_form_that_is_too_much_is_refused(
    probe, settings, parts, status, code, service
):
    object.__setattr__(service.settings, "max_upload_mib", 2)
    body, kind = form(*parts)
    data = io.BytesIO(body)
    async with probe.post("/photo", data=data, headers=kind) as response:
        assert (response.status, await error_of(response)) == (status, code)
    assert not list((settings.home / "uploads").glob("*"))


FORM = "multipart/form-data; boundary=b"
NESTED = b"Content-Type: multipart/mixed; boundary=c\r\n\r\n--c--"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"--b\r\n", "multipart/form-data"),
        (b"nonsense", FORM),
        (b"--b\r\n" + NESTED + b"\r\n--b--\r\n", FORM),
        (b"--b\r\nContent-Type: image/png\r\n\r\ncut off", FORM),
    ],
)
async def test_a_form_that_is_none_is_the_clients_fault(probe, body, kind):
    headers = {"Content-Type": kind}
    async with probe.post("/photo", data=body, headers=headers) as response:
        assert (response.status, await error_of(response)) == (400, "invalid_request")


async def test_a_body_that_never_ends_is_given_up(probe, monkeypatch, settings):
    monkeypatch.setattr(uploads, "STALL_S", 0.2)
    monkeypatch.setattr(binding, "BODY_S", 0.2)

    async def endless():
        yield b"{"
        await asyncio.sleep(5)
        yield b"}"

    for path, kind in (("/photo", "image/png"), ("/probe", "application/json")):
        headers = {"Content-Type": kind}
        async with probe.post(path, data=endless(), headers=headers) as response:
            assert (response.status, await error_of(response)) == (408, "body_timeout")
    assert not list((settings.home / "uploads").glob("*"))


async def test_a_client_that_leaves_in_the_middle_leaves_nothing(probe, settings):
    _, writer = await asyncio.open_connection("127.0.0.1", probe.port)
    head = "POST /photo HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"
    writer.write(f"{head}Content-Length: 1000000\r\n\r\n".encode() + b"x" * 1000)
    await writer.drain()
    folder = settings.home / "uploads"
    async with asyncio.timeout(20):
        while not list(folder.glob("*")):  # noqa: ASYNC110 - waits for the server
            await asyncio.sleep(0.01)
        writer.close()
        while list(folder.glob("*")):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def test_scopes_of_methods_follow_what_they_do():
    table = RouteTable("x")

    async def handler(call: Call) -> Reply:
        return None

    for method in ("get", "post", "put", "patch", "delete"):
        getattr(table, method)("/x", summary="")(handler)
    assert [route.scope for route in table] == [Scope.READ] + [Scope.WRITE] * 4
