"""The walk-through of docs/library.md, word for word, in one shell."""

import asyncio
import os
from pathlib import Path
import re
import sys

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "library.md"
STEP = re.compile(r"```bash\n(?P<code>.*?)```\n\n```text\n(?P<told>.*?)```", re.DOTALL)
NEXT = "=== end of a step ==="

pytestmark = pytest.mark.timeout(150)  # each command starts a Python, on a busy machine


async def test_every_step_of_the_walk_prints_what_the_page_says(tmp_path):
    tour = PAGE.read_text("utf-8").partition("## A walk-through\n")[2]
    tour = tour.partition("\n## ")[0]
    steps = list(STEP.finditer(tour))
    assert tour.count("```bash") == tour.count("```text") == len(steps) >= 6
    code = f"\necho; echo '{NEXT}'\n".join(step["code"] for step in steps)
    process = await asyncio.create_subprocess_exec(
        *("bash", "-eu", "-o", "pipefail", "-c", code),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "EDGE_CAPTIONS_HOME": str(tmp_path / "home"),
            "EDGE_CAPTIONS_THREADS": "1",
            "TMPDIR": str(tmp_path),
        },
    )
    async with asyncio.timeout(120):
        out, err = await process.communicate()
    assert process.returncode == 0, (out.decode(), err.decode())
    printed = out.decode().split(NEXT)
    assert len(printed) == len(steps)
    for step, lines in zip(steps, printed, strict=True):
        told = step["told"].splitlines()
        assert [line for line in told if line not in lines] == [], lines
