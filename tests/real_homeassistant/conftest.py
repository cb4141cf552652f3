"""A real Home Assistant and a real runtime, each started once per test."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
import os
from pathlib import Path

from aiohttp import ClientSession
from owner import Owner
from processes import ROOT, Assistant, Runtime, running
import pytest

OLDEST = ""
"""The plug-in's own Home Assistant, whose environment the other tests have built."""
NEWEST = "2026.11.0"


@dataclass
class House:
    """Home Assistant, its owner and the runtime."""

    assistant: Assistant
    owner: Owner
    runtime: Runtime
    folder: Path


def pytest_collection_modifyitems(items) -> None:
    """Two programs start, and a browser: that takes its time on a small machine."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.timeout(600))


@pytest.fixture(params=[OLDEST, pytest.param(NEWEST, marks=pytest.mark.slow)])
def homeassistant_version(request) -> str:
    return request.param


@pytest.fixture
async def homeassistant_python(homeassistant_version) -> str:
    """Return the Python of an environment that is made on the first run."""
    environ = dict(os.environ)
    environ.pop("HOMEASSISTANT_VERSION", None)
    if homeassistant_version:
        environ["HOMEASSISTANT_VERSION"] = homeassistant_version
    process = await asyncio.create_subprocess_exec(
        str(ROOT / "scripts" / "homeassistant_environment.sh"),
        env=environ,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    if process.returncode == 3:
        pytest.skip(err.decode().splitlines()[-1])
    assert process.returncode == 0, err.decode()
    return out.decode().strip()


@pytest.fixture
async def house(homeassistant_python, tmp_path) -> AsyncIterator[House]:
    """Return an onboarded Home Assistant beside a runtime that needs a token."""
    assistant = Assistant(tmp_path, homeassistant_python)
    async with (
        running(Runtime(tmp_path)) as runtime,
        running(assistant),
        ClientSession() as session,
    ):
        owner = Owner(session, assistant.url)
        try:
            await owner.onboard()
            yield House(assistant, owner, runtime, tmp_path)
        except BaseException:
            print(assistant.said()[-6000:], runtime.said()[-2000:])  # noqa: T201
            raise
