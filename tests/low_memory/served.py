"""The real service as a process in a group, and what is asked of it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
import os
from pathlib import Path
import subprocess
import sys
import time
from typing import Any

import aiohttp

START_S = 60
CAPTION_S = 240


@dataclass
class Served:
    """A service that answers at an address."""

    session: aiohttp.ClientSession
    url: str
    pid: int
    log: list[str] = field(default_factory=list)

    async def get(self, path: str) -> Any:
        async with self.session.get(self.url + path) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def caption(self, photo: Path, **fields: str) -> dict[str, Any]:
        """Return the service's answer to an upload, an error included."""
        form = aiohttp.FormData(fields)
        url = f"{self.url}/api/v1/captions"
        with photo.open("rb") as data:
            form.add_field("photo", data, filename=photo.name)
            async with self.session.post(url, data=form) as answer:
                return {"status": answer.status, **await answer.json()}


@asynccontextmanager
async def served(
    home: Path, prefix: Sequence[str] = (), **environ: str
) -> AsyncIterator[Served]:
    """Run `edge-captions serve` in a home; what it logs goes into a file."""
    log = home.parent / f"{home.name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: ASYNC220 - it is started, not waited for
            [*prefix, sys.executable, "-m", "edge_runtime", "serve", "--port", "0"],
            env={**os.environ, "EDGE_CAPTIONS_HOME": str(home), **environ},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    timeout = aiohttp.ClientTimeout(total=CAPTION_S)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session:
            found = Served(session, _address(process, log), process.pid)
            yield found
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    text = log.read_text(encoding="utf-8")
    found.log += text.splitlines()
    assert process.returncode == 0, text
    assert "Traceback" not in text, text


def _address(process: "subprocess.Popen[bytes]", log: Path) -> str:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        for line in log.read_text(encoding="utf-8").splitlines():
            if "listening at " in line:
                return line.rpartition("listening at ")[2].strip()
        assert process.poll() is None, log.read_text(encoding="utf-8")
        time.sleep(0.05)
    raise AssertionError(log.read_text(encoding="utf-8"))
