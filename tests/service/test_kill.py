"""The service and its workers are killed at work; what they acknowledged is there."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
import io
import os
from pathlib import Path
import random
import signal
import sys

import aiohttp
from PIL import Image
import psutil
import pytest

from edge_runtime.store import Store

LANES = 4
START_S = 60
DRAIN_S = 120
LONGEST_WORK_S = 1.2
GONE = (aiohttp.ClientError, ConnectionError, asyncio.IncompleteReadError)


@dataclass
class Acknowledged:
    """What the service said is saved."""

    captions: dict[str, str | None] = field(default_factory=dict)
    """Photo to the text that was accepted; None: a suggestion alone."""
    tags: dict[str, str] = field(default_factory=dict)
    jobs: list[str] = field(default_factory=list)


@asynccontextmanager
async def serving(home: Path) -> AsyncIterator[tuple[psutil.Process, str]]:
    """Run the real service in a process group of its own; kill the tree at the end."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "edge_runtime", "serve", "--port", "0"),
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "EDGE_CAPTIONS_HOME": str(home)},
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(START_S):
            told = ""
            while "listening at " not in told:
                line = (await child.stderr.readline()).decode()
                assert line, told
                told += line
        reading = asyncio.create_task(child.stderr.read())
        url = told.partition("listening at ")[2].split()[0]
        yield psutil.Process(child.pid), url
    finally:
        await kill_tree(child)
    assert b"Traceback" not in await reading


async def kill_tree(child: asyncio.subprocess.Process) -> None:
    """Kill a process and all that it started, the parent first: nobody may tidy up."""
    family = []
    if child.returncode is None:
        parent = psutil.Process(child.pid)
        parent.suspend()  # starts nothing more
        family = parent.children(recursive=True)
        os.killpg(child.pid, signal.SIGKILL)
    for one in family:
        with suppress(psutil.NoSuchProcess):
            one.kill()
    await child.wait()
    await asyncio.to_thread(psutil.wait_procs, family, timeout=5)


def picture(rng: random.Random) -> bytes:
    """Return a photo that no other is like."""
    out = io.BytesIO()
    Image.frombytes("RGB", (48, 32), rng.randbytes(48 * 32 * 3)).save(out, "PNG")
    return out.getvalue()


async def work(
    session: aiohttp.ClientSession, rng: random.Random, known: Acknowledged
) -> None:
    """Upload, accept, tag and queue until the service is gone."""
    png = {"Content-Type": "image/png"}
    while True:
        async with session.post(
            "/api/v1/captions?store=true", data=picture(rng), headers=png
        ) as response:
            photo = (await response.json())["photo_id"]
        known.captions[photo] = None
        async with session.get(f"/api/v1/photos/{photo}") as response:
            suggestion = (await response.json())["suggestions"][0]["id"]
        text = f"Rex number {rng.randrange(10**9)} #kept"
        edit = f"/api/v1/suggestions/{suggestion}/edit"
        async with session.post(edit, json={"text": text}) as response:
            await response.read()
        known.captions[photo] = text
        tag = f"t{rng.randrange(10**9)}"
        async with session.put(f"/api/v1/photos/{photo}/tags/{tag}") as response:
            await response.read()
        known.tags[photo] = tag
        async with session.post(
            "/api/v1/captions",
            data=picture(rng),
            headers={**png, "Prefer": "respond-async"},
        ) as response:
            known.jobs.append((await response.json())["id"])


async def load(
    home: Path, rng: random.Random, known: Acknowledged, *, busy: bool
) -> None:
    """Put a service under load and kill it: once it is busy, or while it gets there."""
    seconds = rng.uniform(0.05, LONGEST_WORK_S)
    before = len(known.captions)

    async def lane(url: str) -> None:
        async with aiohttp.ClientSession(url, raise_for_status=True) as session:
            await work(session, rng, known)

    async with serving(home) as (_, url):
        lanes = [asyncio.create_task(lane(url)) for _ in range(LANES)]
        while busy and len(known.captions) == before:
            await asyncio.wait(lanes, timeout=0.02)
            assert not any(lane.done() for lane in lanes)
        await asyncio.wait(lanes, timeout=seconds)
    for ended in await asyncio.gather(*lanes, return_exceptions=True):
        if not isinstance(ended, GONE):
            raise ended


async def assert_all_there(url: str, known: Acknowledged) -> None:
    """Look for everything that was acknowledged."""
    async with aiohttp.ClientSession(url, raise_for_status=True) as session:
        for photo, text in known.captions.items():
            async with session.get(f"/api/v1/photos/{photo}") as response:
                found = await response.json()
            assert found["suggestions"]
            if text is not None:
                assert [one["text"] for one in found["captions"]] == [text]
                assert {known.tags.get(photo, "kept"), "kept"} <= set(found["tags"])
        for job in known.jobs:
            assert await ended(session, job) == "done"


async def ended(session: aiohttp.ClientSession, job: str) -> str:
    """Return how a job ended; it may still have to be done again."""
    async with asyncio.timeout(DRAIN_S):
        while True:
            async with session.get(f"/api/v1/jobs/{job}") as response:
                state = (await response.json())["state"]
            if state not in {"queued", "running"}:
                return str(state)
            await asyncio.sleep(0.05)


async def kill_again_and_again(home: Path, kills: int) -> None:
    rng = random.Random(20)  # noqa: S311 - moments to kill at
    known = Acknowledged()
    for number in range(kills):
        await load(home, rng, known, busy=number % 3 != 2)
        async with await Store.open(home) as store:
            assert store.opening.moved_aside == ()
            assert await store.check() == []
    assert len(known.captions) >= kills
    assert len(known.jobs) >= kills // 2
    async with serving(home) as (_, url):
        await assert_all_there(url, known)


@pytest.mark.timeout(150)
async def test_six_kills_lose_nothing_that_was_acknowledged(tmp_path):
    await kill_again_and_again(tmp_path / "home", 6)


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_fifty_kills_lose_nothing_that_was_acknowledged(tmp_path):
    await kill_again_and_again(tmp_path / "home", 50)
