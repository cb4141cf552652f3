"""The real `edge-captions serve` process, and the commands that talk to it."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
import json
import os
from pathlib import Path
import re
import signal
import socket
import subprocess
import sys
import time

import aiohttp
import pytest

from edge_runtime.api.home_socket import SOCKET_NAME

pytestmark = pytest.mark.timeout(150)  # commands start slowly on a busy machine
SLOW_S = 60
STOP_S = 8
"""The service promises 5; the rest is for a machine that does other things too."""
TOKEN = re.compile(r"ec_[\w-]{40,}")


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


@pytest.fixture
def home(tmp_path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def cli(home):
    """Return a function that runs `edge-captions` with arguments to its end."""

    async def run(*arguments: str) -> Ended:
        process = await start(home, *arguments)
        async with asyncio.timeout(SLOW_S):
            out, err = await process.communicate()
        assert b"Traceback" not in err, err.decode()
        return Ended(process.returncode, out.decode(), err.decode())

    return run


async def start(home: Path, *arguments: str, **environ: str):
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "edge_runtime", *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "EDGE_CAPTIONS_HOME": str(home), **environ},
    )


@dataclass
class Serving:
    process: asyncio.subprocess.Process
    port: int
    told: list[str]
    rest: str = ""
    stopped_at: float = 0.0

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Ask for the end once: a second signal would kill it."""
        if self.process.returncode is None and not self.stopped_at:
            self.process.send_signal(number)
            self.stopped_at = time.monotonic()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def serving(home: Path, *options: str, **environ: str):
    process = await start(home, "serve", "--port", "0", *options, **environ)
    told = []
    try:
        async with asyncio.timeout(SLOW_S):
            while not any("listening" in line for line in told):
                line = (await process.stderr.readline()).decode()
                assert line, told
                told.append(line.rstrip())
            port = int(told[-1].rpartition(":")[2])
            while not await answers(port):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.02)
        found = Serving(process, port, told)
        yield found
        found.stop()
        async with asyncio.timeout(SLOW_S):
            found.rest = (await process.communicate())[1].decode()
        assert time.monotonic() - found.stopped_at < STOP_S
        assert process.returncode == 0, found.rest
        assert "Traceback" not in found.rest, found.rest
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def get(url: str, **headers: str) -> tuple[int, dict]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(url, headers=headers) as response,
    ):
        return response.status, await response.json()


async def test_one_service_owns_a_home_and_its_commands_talk_to_it(home, cli):
    async with serving(home) as service:
        status, facts = await get(f"{service.url}/api/v1/info")
        assert (status, facts["scope"]) == (200, "admin")
        assert stat_mode(home / SOCKET_NAME) == 0o600
        second = await cli("serve", "--port", "0")
        assert second.code == 3
        assert (
            f"in use by process {service.process.pid}, which began at 20" in second.err
        )
        made = await cli("token", "create", "phone", "--read-only")
        (token,) = TOKEN.findall(made.out)
        status, facts = await get(
            f"{service.url}/api/v1/info", Authorization=f"Bearer {token}"
        )
        assert facts["scope"] == "read"
        listed = json.loads((await cli("token", "list", "--json")).out)
        assert [(t["name"], t["scope"]) for t in listed] == [("phone", "read")]
        assert (await cli("token", "revoke", "phone")).out == "revoked: phone\n"
        status, _ = await get(
            f"{service.url}/api/v1/info", Authorization=f"Bearer {token}"
        )
        assert status == 401
        again = await cli("token", "revoke", "phone")
        assert (again.code, "no valid token" in again.err) == (3, True)
    assert not (home / SOCKET_NAME).exists()


def stat_mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


async def test_tokens_are_made_while_nobody_serves_too(home, cli):
    made = await cli("token", "create", "Home Assistant")
    (token,) = TOKEN.findall(made.out)
    assert token not in made.err
    listed = await cli("token", "list")
    assert "Home Assistant" in listed.out
    assert token not in listed.out
    assert not (home / SOCKET_NAME).exists()
    code = await cli("token", "create", "phone", "--qr")
    assert (code.code, "start it" in code.err) == (3, True)


async def test_off_loopback_everybody_needs_a_token(home, cli):
    anywhere = "0.0.0.0"  # noqa: S104 - what is tested
    async with serving(
        home, "--host", anywhere, EDGE_CAPTIONS_ANNOUNCE="no"
    ) as service:
        async with asyncio.timeout(SLOW_S):
            while not any("nobody has a token" in line for line in service.told):
                service.told.append((await service.process.stderr.readline()).decode())
        status, _ = await get(f"{service.url}/api/v1/stats")
        assert status == 401
        made = await cli("token", "create", "phone")
        (token,) = TOKEN.findall(made.out)
        status, _ = await get(
            f"{service.url}/api/v1/stats", Authorization=f"Bearer {token}"
        )
        assert status == 200
        code = await cli("token", "create", "phone", "--qr")
        if code.code == 0:  # this machine has an address that others can reach
            assert re.search(r"http://\S+/sign-in\?id=\w+&secret=ec_", code.out)
            assert "\N{FULL BLOCK}" in code.out or "\N{LOWER HALF BLOCK}" in code.out
        else:
            assert "can't be reached" in code.err


async def test_a_client_pairs_with_the_command_line(home, cli):
    async with serving(home) as service:
        assert "nobody asks" in (await cli("pair")).err
        async with (
            aiohttp.ClientSession() as session,
            session.post(
                f"{service.url}/api/v1/pairings", json={"name": "HA \x1b[31m"}
            ) as response,
        ):
            pairing = await response.json()
        listed = await cli("pair")
        assert listed.out.startswith(f"{pairing['code']}  HA ")
        assert "\x1b" not in listed.out
        assert (await cli("pair", "AAA-222")).code != 0
        assert (await cli("pair", pairing["code"])).out.startswith("let in: HA")
        path = f"{service.url}/api/v1/pairings/{pairing['id']}"
        _, claimed = await get(path, **{"X-Pairing-Secret": pairing["secret"]})
        assert TOKEN.fullmatch(claimed["token"])


async def test_a_stop_ends_open_streams_within_seconds(home):
    async with (
        serving(home) as service,
        aiohttp.ClientSession() as session,
        session.get(f"{service.url}/api/v1/events") as response,
    ):
        await response.content.readline()
        service.stop(signal.SIGINT)
        async with asyncio.timeout(SLOW_S):
            await response.content.read()


async def test_what_a_killed_service_left_is_no_obstacle(home):
    left = home / "uploads" / "x.upload"
    process = await start(home, "serve", "--port", "0")
    async with asyncio.timeout(SLOW_S):
        while b"listening" not in await process.stderr.readline():
            pass
    left.parent.mkdir(exist_ok=True)
    left.write_bytes(b"1")
    process.kill()
    await process.communicate()
    assert (home / SOCKET_NAME).exists()
    async with serving(home) as again:
        assert (await get(f"{again.url}/health"))[0] == 200
        assert not left.exists()


async def test_systemd_hears_how_it_goes(home, tmp_path):
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(path))
        systemd.settimeout(SLOW_S)
        environ = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "200000"}
        async with serving(home, **environ):
            heard = [await asyncio.to_thread(systemd.recv, 100) for _ in range(3)]
        assert heard[0] in {b"READY=1", b"WATCHDOG=1"}
        assert b"READY=1" in heard
        assert b"WATCHDOG=1" in heard
        while (message := systemd.recv(100)) != b"STOPPING=1":
            assert message == b"WATCHDOG=1"


async def test_a_port_in_use_is_told(home, cli):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        ended = await cli("serve", "--port", str(other.getsockname()[1]))
    assert ended.code == 3
    assert "can't listen: address already in use" in ended.err


@pytest.mark.parametrize("host", ["192.0.2.77", "no-such-host.invalid"])
async def test_an_address_that_is_not_here_is_told(home, cli, host):
    ended = await cli("serve", "--host", host, "--port", "0")
    assert ended.code == 3
    assert host in ended.err


async def test_a_home_whose_path_is_longer_than_a_socket_may_be(tmp_path, cli):
    home = tmp_path / ("x" * 100) / ("y" * 100)
    async with serving(home) as service:
        process = await start(home, "token", "create", "phone")
        out, _ = await process.communicate()
        (token,) = TOKEN.findall(out.decode())
        status, _ = await get(
            f"{service.url}/api/v1/stats", Authorization=f"Bearer {token}"
        )
        assert status == 200


async def test_every_setting_is_listed_with_where_it_was_set(home, cli):
    home.mkdir()
    (home / "config.yaml").write_text("language: de\nallowed_folders: [photos]\n")
    rows = json.loads((await cli("config", "--json", "--offline")).out)
    assert rows["language"] == {"value": "de", "origin": "config.yaml"}
    assert rows["allowed_folders"]["value"] == [str(home / "photos")]
    assert rows["offline"] == {"value": True, "origin": "option"}
    assert rows["port"] == {"value": 8477, "origin": "default"}
    text = (await cli("config")).out
    assert re.search(r'^language +"de" +config.yaml$', text, re.MULTILINE)


async def test_the_service_imports_nothing_heavy(home):
    async with serving(home) as service:
        maps = Path(f"/proc/{service.process.pid}/maps").read_text()  # noqa: ASYNC240
        for name in ("numpy", "PIL", "onnxruntime", "zeroconf", "huggingface"):
            assert f"/{name}/" not in maps, name


UNUSED_AT_REST = {
    "edge_runtime.cli.metadata",
    "edge_runtime.connectors.immich",
    "edge_runtime.connectors.mqtt",
    "edge_runtime.connectors.webhook",
    "edge_runtime.context",
    "edge_runtime.downloads.installer",
    "edge_runtime.metadata.model",
    "edge_runtime.pipeline.check",
    "edge_runtime.pipeline.composing",
    "edge_runtime.pipeline.known",
    "edge_runtime.pipeline.texts",
    "edge_runtime.service.study_results",
    "difflib",
    "importlib.metadata",
    "statistics",
    "zipfile",
    "zeroconf",
}


def test_what_a_service_at_rest_does_not_use_is_not_imported():
    """Each of these was some of the memory that a small machine has not got."""
    code = (
        "from edge_runtime.cli.main import build_parser; build_parser('serve');"
        "import edge_runtime.api.server, edge_runtime.service, sys; print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )
    assert not UNUSED_AT_REST & set(done.stdout.split())
