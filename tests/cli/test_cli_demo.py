"""The demo shows what it promises, and leaves nothing behind."""

import asyncio
import os
from pathlib import Path
import re
import signal
import sys
import tempfile

from aiohttp import ClientSession
import pytest

SECONDS = 60


async def until(ask, is_enough):
    """Return the first answer that is enough; fail after a while."""
    answer = None
    for _ in range(SECONDS * 4):
        answer = await ask()
        if is_enough(answer):
            return answer
        await asyncio.sleep(0.25)
    raise AssertionError(answer)


@pytest.fixture
def place(tmp_path):
    """Return a short folder for temporary files: a socket's path may not be long."""
    with tempfile.TemporaryDirectory(prefix="ec-", dir=tempfile.gettempdir()) as folder:
        yield Path(folder)


@pytest.mark.timeout(120)
async def test_the_demo_has_something_to_show_and_vanishes(place, tmp_path):
    home = tmp_path / "user"
    home.mkdir()
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("EDGE_CAPTIONS")},
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / "data"),
        "TMPDIR": str(place),
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "edge_runtime", "demo", "--no-browser"),
        env=environment,
        stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        line = (await asyncio.wait_for(process.stderr.readline(), 30)).decode()
        url = re.search(r"http://127\.0\.0\.1:\d+/", line).group()
        async with ClientSession(f"{url}api/v1/") as session:
            await look(session)
    finally:
        process.send_signal(signal.SIGINT)
        out, err = await asyncio.wait_for(process.communicate(), 30)
    assert (process.returncode, out) == (0, b""), err
    assert err == b""
    assert list(place.iterdir()) == []
    assert list(home.rglob("*")) == []


async def look(session) -> None:
    async def get(path):
        async with session.get(path) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    jobs = await until(
        lambda: get("jobs?kind=caption_photos"),
        lambda page: page["items"] and page["items"][0]["progress"] > 0,
    )
    assert jobs["items"][0]["state"] == "running"
    photos = (await get("photos?limit=100"))["items"]
    assert len([one for one in photos if one["place"]]) == 7
    assert len([one for one in photos if one["has_caption"]]) == 3
    assert len([one for one in photos if one["pending"]]) >= 4
    assert (await get("photos?verdict=unsure&pending=true"))["items"]
    assert {tag["name"] for tag in (await get("tags"))["items"]} > {
        "dogs",
        "neighbours",
    }
    assert {one["name"] for one in (await get("places"))["items"]} > {"Lisbon", "Spain"}
    async with session.get("/") as response:
        assert "Edge Captions" in await response.text()
