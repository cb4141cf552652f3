"""The tour of docs/service.md, word for word, against a real `edge-captions serve`."""

import asyncio
from dataclasses import dataclass
import os
from pathlib import Path
import re
import shutil

import pytest
from test_serve import serving

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "service.md"
ADDRESS = "EDGE=http://127.0.0.1:8477\n"
STEP = re.compile(r"```bash\n(?P<code>.*?)```\n\n```text\n(?P<told>.*?)```", re.DOTALL)
NEXT = "=== end of a step ==="
SLOW_S = 100

pytestmark = pytest.mark.timeout(150)  # a busy machine starts things slowly


@dataclass(frozen=True)
class Step:
    code: str
    told: list[str]


def steps_of(page: str) -> list[Step]:
    """Return the steps of the tour: what is typed, and lines of what is printed."""
    tour = page.partition("## A tour with curl\n")[2].partition("\n## ")[0]
    steps = [Step(m["code"], m["told"].splitlines()) for m in STEP.finditer(tour)]
    assert tour.count("```bash") == tour.count("```text") == len(steps)
    return steps


async def typed(steps: list[Step], port: int) -> list[str]:
    """Type the steps into one bash, as a reader does; return what each printed."""
    code = f"\necho; echo '{NEXT}'\n".join(step.code for step in steps)
    assert code.startswith(ADDRESS)
    code = code.replace(ADDRESS, f"EDGE=http://127.0.0.1:{port}\n", 1)
    process = await asyncio.create_subprocess_exec(
        *("bash", "-eu", "-o", "pipefail", "-c", code),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "no_proxy": "127.0.0.1"},
    )
    try:
        async with asyncio.timeout(SLOW_S):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert (process.returncode, err.decode()) == (0, ""), out.decode()
    return out.decode().split(NEXT)


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
async def test_every_step_of_the_tour_prints_what_the_page_says(tmp_path):
    steps = steps_of(PAGE.read_text("utf-8"))
    assert len(steps) >= 10
    async with serving(tmp_path / "home") as service:
        printed = await typed(steps, service.port)
    assert len(printed) == len(steps)
    for step, out in zip(steps, printed, strict=True):
        assert [line for line in step.told if line not in out] == [], out
