"""A local server that breaks on demand, and a store in an empty home."""

from collections.abc import AsyncIterator, Callable
import os
from pathlib import Path

import pytest

from edge_runtime.config import Settings
from edge_runtime.downloads import ModelStore, Patience
from tests.downloads.server import BreakingServer, open_server

StoreMaker = Callable[..., ModelStore]


@pytest.fixture
async def server() -> AsyncIterator[BreakingServer]:
    async with open_server() as running:
        yield running


@pytest.fixture
def quiet_environ() -> dict[str, str]:
    """Return an environment without anybody's pip or hub settings."""
    keep = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("PIP_", "HF_", "UV_"))
    }
    return {**keep, "PIP_CONFIG_FILE": os.devnull, "HF_TOKEN": ""}


@pytest.fixture
def make_store(
    tmp_path: Path, server: BreakingServer, quiet_environ: dict[str, str]
) -> StoreMaker:
    """Return a maker of stores in one home whose hub is the local server."""

    def make(environ: dict[str, str] | None = None, **settings: object) -> ModelStore:
        values = {"home": tmp_path / "home", "hub": server.url, **settings}
        return ModelStore(
            Settings(**values),
            bundled_folder=tmp_path / "bundled",
            environ={**quiet_environ, **(environ or {})},
            patience=Patience(connect_s=2, stall_s=2, backoff_s=0.01),
        )

    return make
