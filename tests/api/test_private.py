"""Nothing leaves the machine: a service whose every way out is blocked and watched."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import os
from pathlib import Path
import shutil
import subprocess
import sys

import aiohttp
import pytest

PHOTO = Path("edge_runtime/bundled/samples/dogs-on-grass.jpg")
NO_NETWORK = ("unshare", "--net", "--map-root-user")
BLOCK = """
import os, sys
LOG = os.environ["SOCKET_LOG"]

def note(*words):
    with open(LOG, "a") as out:
        print(*words, file=out)

def watch(event, args):
    if not event.startswith("socket."):
        return
    target = {
        "socket.connect": lambda: args[1],
        "socket.sendto": lambda: args[1],
        "socket.sendmsg": lambda: args[1],
        "socket.getaddrinfo": lambda: args[0],
        "socket.gethostbyname": lambda: args[0],
    }.get(event)
    if target is None:
        return
    where = target()
    host = where[0] if isinstance(where, tuple) else where
    if isinstance(where, tuple) or event.startswith("socket.get"):
        if host not in ("127.0.0.1", "::1", "localhost", None):
            note("BLOCKED", event, host)
            raise OSError(101, "blocked by a test")

sys.addaudithook(watch)
note("WATCHED", " ".join(sys.orig_argv))
"""


@asynccontextmanager
async def serving(
    home: Path, *before: str, **environ: str
) -> AsyncIterator[aiohttp.ClientSession]:
    """Run the service and give a client on the home's own socket."""
    child = await asyncio.create_subprocess_exec(
        *before,
        *(sys.executable, "-m", "edge_runtime", "serve", "--port", "0"),
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "EDGE_CAPTIONS_HOME": str(home), **environ},
    )
    try:
        async with asyncio.timeout(60):
            line = await child.stderr.readline()
        assert b"listening at" in line, line
        reading = asyncio.create_task(child.stderr.read())
        connector = aiohttp.UnixConnector(str(home / "run.sock"))
        base = "http://localhost/api/v1/"
        async with aiohttp.ClientSession(base, connector=connector) as client:
            yield client
    finally:
        child.terminate()
        await child.wait()
    await reading


async def describe_and_store(client: aiohttp.ClientSession) -> None:
    """Have a photo described now, kept, and once more later."""
    data = PHOTO.read_bytes()  # noqa: ASYNC240
    headers = {"Content-Type": "image/jpeg"}
    async with client.post(
        "captions?store=true", data=data, headers=headers
    ) as response:
        answer = await response.json()
    assert (response.status, answer["bytes_outside"]) == (200, 0), answer
    assert "dog" in answer["caption"]
    later = {**headers, "Prefer": "respond-async"}
    async with client.post(
        "captions?refresh=true", data=data, headers=later
    ) as response:
        job = (await response.json())["id"]
    await ended(client, job, "done")
    for path in ("models", "selection", "photos", "stats", "info"):
        assert await json_of(client, path)
    assert (await json_of(client, "stats"))["counters"]["bytes_outside"] == 0


async def ended(client: aiohttp.ClientSession, job: str, state: str) -> None:
    """Wait until a job has ended, which must be in this state."""
    async with asyncio.timeout(60):
        while True:
            found = await json_of(client, f"jobs/{job}")
            if found["state"] not in {"queued", "running"}:
                assert found["state"] == state, found
                return
            await asyncio.sleep(0.05)


async def json_of(client: aiohttp.ClientSession, path: str) -> dict:
    async with client.get(path, raise_for_status=True) as response:
        return await response.json()


@pytest.mark.timeout(120)
async def test_no_socket_of_the_service_or_its_workers_leads_out(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(BLOCK)
    log = tmp_path / "sockets.log"
    watched = {"PYTHONPATH": str(tmp_path), "SOCKET_LOG": str(log)}
    async with serving(tmp_path / "home", **watched) as client:
        await describe_and_store(client)
        said = log.read_text()
        assert "BLOCKED" not in said, said
        for process in ("edge_runtime serve", "inference.worker", "imaging_worker"):
            assert process in said, said
        # what does go out is seen: a download that a person asks for
        models = (await json_of(client, "models"))["items"]
        missing = next(
            m for m in models if m["state"] == "missing" and not m["license_pending"]
        )
        async with client.post(
            f"models/{missing['id']}/download", json={"confirm": True}
        ) as response:
            job = (await response.json())["id"]
        await ended(client, job, "failed")
        assert "BLOCKED" in log.read_text()
        assert (await json_of(client, "stats"))["counters"]["bytes_outside"] == 0


def has_namespaces() -> bool:
    if shutil.which(NO_NETWORK[0]) is None:
        return False
    tried = subprocess.run([*NO_NETWORK, "true"], capture_output=True, check=False)
    return tried.returncode == 0


@pytest.mark.skipif(not has_namespaces(), reason="this system gives no namespaces")
@pytest.mark.timeout(120)
async def test_it_works_where_there_is_no_network_at_all(tmp_path):
    async with serving(tmp_path / "home", *NO_NETWORK) as client:
        await describe_and_store(client)
