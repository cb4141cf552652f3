"""What the tests of packaging share."""

from pathlib import Path
import subprocess
import sys

import pytest

ROOT = Path(__file__).parents[2]
CANNOT_BE_TRIED = 77


def try_out(script: str, *arguments: str, capsys) -> None:
    """Run a script that tries something whole; skip where it says it can't."""
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / script, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    with capsys.disabled():
        sys.stdout.write(f"\n{done.stdout}")
    if done.returncode == CANNOT_BE_TRIED:
        pytest.skip(done.stdout.strip().splitlines()[-1])
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.rstrip().endswith("ok")
