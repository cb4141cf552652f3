"""The two commands that copy a store and put it back."""

import argparse
import io

import pytest

from edge_runtime.api.home_lock import HomeInUseError, home_lock
from edge_runtime.cli import backup
from edge_runtime.cli.exit_codes import ExitCode
from edge_runtime.cli.output import Console
from edge_runtime.config import Settings
from edge_runtime.runtime import EdgeRuntime
from edge_runtime.store import Store, StoreError


@pytest.fixture
def command(home):
    """Return what runs a command line in the home, and gives what it prints."""

    async def run(*line: object) -> str:
        parser = argparse.ArgumentParser()
        common = argparse.ArgumentParser(add_help=False)
        backup.add_parser(parser.add_subparsers(), common)
        options = parser.parse_args([str(one) for one in line])
        console = Console(out=io.StringIO(), err=io.StringIO())
        runtime = EdgeRuntime(Settings(home=home))
        assert await options.run(runtime, options, console) is ExitCode.OK
        return console.out.getvalue() + console.err.getvalue()

    return run


async def fact(home) -> str | None:
    async with await Store.open(home) as store:
        return await store.meta.get("fact")


async def test_a_store_in_use_is_backed_up_and_restored(command, home, tmp_path):
    file = tmp_path / "a.db"
    async with await Store.open(home) as store:
        await store.meta.set("fact", "before")
        assert "a.db: " in await command("backup", file)
        await store.meta.set("fact", "after")
        with pytest.raises(StoreError, match="--force replaces it"):
            await command("backup", file)
    assert "before-restore-" in await command("restore", file)
    assert await fact(home) == "before"
    await command("backup", file, "--force")


async def test_a_home_in_use_is_not_restored(command, home, tmp_path):
    async with await Store.open(home) as store:
        await store.meta.set("fact", "mine")
        await command("backup", tmp_path / "a.db")
    with home_lock(home), pytest.raises(HomeInUseError, match="is in use by"):
        await command("restore", tmp_path / "a.db")
    assert await fact(home) == "mine"


async def test_without_a_store_there_is_nothing_to_back_up(command, home, tmp_path):
    with pytest.raises(StoreError, match="nothing to back up yet"):
        await command("backup", tmp_path / "a.db")
    assert not home.exists()
    assert list(tmp_path.iterdir()) == []
