"""A real store in an empty home."""

import os
from pathlib import Path
import tempfile

import pytest

from edge_runtime.store import Store
from tests.store.photos import Gallery

MEMORY = Path("/dev/shm")  # noqa: S108  # a disk's syncs make hundreds of stores slow


@pytest.fixture
def home(tmp_path):
    if not os.access(MEMORY, os.W_OK):
        yield tmp_path / "home"
        return
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        yield Path(folder) / "home"


@pytest.fixture
async def store(home):
    async with await Store.open(home) as opened:
        yield opened


@pytest.fixture
async def gallery(store) -> Gallery:
    return await Gallery.of(store)
