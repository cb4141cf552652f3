"""The person's own pip: its settings, and how long it may take."""

from pathlib import Path

import pytest

from edge_runtime.downloads.pip import (
    PipSettings,
    default_index,
    download_wheel,
    parse_settings,
    read_pip_settings,
)
from edge_runtime.errors import SourceUnreachableError


def test_pips_environment_wins_over_its_files():
    listed = (
        "global.index-url='https://one'\n:env:.index-url='https://two'\n"
        "install.proxy='no'\ndownload.timeout='3'\nnonsense"
    )
    assert parse_settings(listed) == {"index-url": "https://two", "timeout": "3"}


def test_pips_default_index_is_read_from_its_help():
    text = "-i, --index-url <url>  Base URL (default\n   https://index/simple). This"
    assert default_index(text) == "https://index/simple"
    assert default_index("nothing") is None


async def test_pips_own_settings_decide(quiet_environ):
    settings = await read_pip_settings(quiet_environ)
    assert settings.index is not None
    assert settings.index.startswith("https://")
    for value, index in (("http://i/simple", "http://i/simple"), ("/folder", None)):
        environ = {**quiet_environ, "PIP_INDEX_URL": value}
        assert (await read_pip_settings(environ)).index == index


def fake_pip(folder: Path, code: str) -> dict[str, str]:
    """Return an environment in which this code stands for pip."""
    (folder / "pip.py").write_text(f"import os, sys, time\n{code}\n")
    return {"PYTHONPATH": str(folder)}


async def test_a_pip_whose_help_fails_is_left_to_find_its_index(
    quiet_environ, tmp_path
):
    code = "if 'list' not in sys.argv: os.kill(os.getpid(), 9)"
    environ = {**quiet_environ, **fake_pip(tmp_path, code)}
    assert await read_pip_settings(environ) == PipSettings(None)


async def test_a_pip_that_brings_nothing_is_given_up(quiet_environ, tmp_path):
    environ = {**quiet_environ, **fake_pip(tmp_path, "time.sleep(60)")}
    with pytest.raises(SourceUnreachableError, match="pip brought nothing in 1 s"):
        await download_wheel("m==1", tmp_path / "w", environ, print, first_bytes_s=1)


async def test_a_pip_that_brings_bytes_may_take_its_time(quiet_environ, tmp_path):
    code = (
        "dest = next(a for a in sys.argv if a.startswith('--dest='))[7:]\n"
        "os.makedirs(dest)\n"
        "open(f'{dest}/m-1-py3-none-any.whl', 'w').write('bytes')\n"
        "time.sleep(2.5)"
    )
    environ = {**quiet_environ, **fake_pip(tmp_path, code)}
    folder = tmp_path / "w"
    wheel = await download_wheel("m==1", folder, environ, print, first_bytes_s=2)
    assert wheel.read_text() == "bytes"
