"""A local server that breaks on demand, and a store in an empty home."""

from collections.abc import AsyncIterator, Callable
import os
from pathlib import Path

import pytest

from edge_runtime.config import Settings
from edge_runtime.downloads import ModelStore, Patience
from tests.downloads.server import BreakingServer, open_server

StoreMaker = Callable[..., ModelStore]


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reach the local servers directly, whatever this machine has set."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture
async def server() -> AsyncIterator[BreakingServer]:
    async with open_server() as running:
        yield running


@pytest.fixture
def quiet_environ(no_proxies: None) -> dict[str, str]:
    """Return an environment without anybody's pip or hub settings."""
    keep = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("PIP_", "HF_", "UV_"))
    }
    return {**keep, "PIP_CONFIG_FILE": os.devnull, "HF_TOKEN": ""}


@pytest.fixture
def hub_children(tmp_path: Path, quiet_environ: dict[str, str]) -> Callable[[], int]:
    """Return a counter of the children that were asked for addresses on the hub."""
    log, folder = tmp_path / "children", tmp_path / "site"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        f"import sys\nopen({str(log)!r}, 'a').write(' '.join(sys.orig_argv) + '\\n')\n"
    )
    quiet_environ["PYTHONPATH"] = str(folder)

    def count() -> int:
        return log.read_text().count("downloads.hub") if log.exists() else 0

    return count


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
