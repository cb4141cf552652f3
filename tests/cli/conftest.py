"""Run the real command line in a child process."""

from dataclasses import dataclass
import json
import os
from pathlib import Path
import subprocess
import sys
from typing import Any

import pytest


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def objects(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return an empty home for settings and models."""
    return tmp_path / "home"


@pytest.fixture
def cli(home):
    """Return a function that runs `edge-captions` with arguments."""

    def run(*arguments: object, **environ: str) -> Ended:
        done = subprocess.run(
            [sys.executable, "-m", "edge_runtime", *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=25,
            check=False,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "EDGE_CAPTIONS_HOME": str(home), **environ},
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Ended(done.returncode, done.stdout, done.stderr)

    return run
