"""Data sets made of the bundled sample photos, and the real command line."""

from dataclasses import dataclass
import os
from pathlib import Path
import subprocess

from evaluations import command, make_dataset
import pytest

FLICKR8K = Path(__file__).parents[3] / "shared" / "data" / "flickr8k"


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def flickr8k() -> Path:
    """Return the real Flickr8k photos."""
    if not FLICKR8K.is_dir():
        pytest.skip("the Flickr8k photos are not beside the checkout")
    return FLICKR8K


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return an empty home for settings and models."""
    return tmp_path / "home"


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    """Return a data set of the eight bundled photos: split `park`, two texts each."""
    return make_dataset(tmp_path / "samples", copies=1)


@pytest.fixture
def evaluate(home):
    """Return a function that runs `edge-captions evaluate` with arguments."""

    def run(*arguments: object, **environ: str) -> Ended:
        done = subprocess.run(
            command(*arguments),
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
