"""Killed at random moments, with everything it started: nothing of a person is lost."""

import asyncio
from dataclasses import replace
import hashlib
import os
from pathlib import Path
import random
import shutil
import signal
import sys

from library_helpers import (
    exiftool,
    photos,
    put_photo,
    result_of,
    scan,
    until,
)
import pytest
from serving import serving

from edge_runtime.metadata import read_metadata
from edge_runtime.picture_hash import picture_hash

ROOT = Path(__file__).resolve().parents[2]
BUSY = Path(__file__).parent / "busy_library.py"
NAMES = ("castle", "koala", "fig", "coffee", "clock", "dahlia", "coins", "citrus")
THEIRS = "Somebody's own words über alles 🧡"


def make_folder(folder: Path) -> dict[str, str]:
    """Fill a folder; every second photo has words of a person."""
    for name in NAMES:
        for suffix in (".jpg", ".png", ".webp"):
            put_photo(folder / f"{name}{suffix}", name)
    shutil.copy("tests/fixtures/images/with-preview.heic", folder / "phone.heic")
    for path in sorted(folder.glob("c*")):
        exiftool(f"-xmp-dc:description={THEIRS}", "-xmp-dc:subject=Theirs", path)
    return {path.name: picture_hash(path) for path in folder.iterdir()}


def digests(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
    }


async def run_and_kill(home: Path, folder: Path, chance: random.Random) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(BUSY), str(home), str(folder), str(chance.random())),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        first = await asyncio.wait_for(process.stdout.readline(), 60)
        assert first == b"busy\n"
        await asyncio.sleep(chance.uniform(0.0, 2.0))
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def check(folder: Path, before: dict[str, str]) -> None:
    for name, picture in before.items():
        path = folder / name
        assert picture_hash(path) == picture, name
        if name.startswith("c"):
            found = read_metadata(path)
            assert THEIRS in [one.text for one in found.captions], name
            assert "Theirs" in found.keywords, name


async def settled(service) -> None:
    """Wait until nothing is to be written any more."""

    async def written():
        await service.library.writer.when_idle()
        page = await photos(service, unwritten=True)
        return not page

    await until(written, 60)


@pytest.mark.parametrize(
    "times",
    [
        pytest.param(3, marks=pytest.mark.timeout(200)),
        pytest.param(50, marks=[pytest.mark.slow, pytest.mark.timeout(1500)]),
    ],
)
async def test_a_killed_process_loses_and_leaves_nothing(
    settings, tmp_path, folder, times
):
    before = make_folder(folder)
    original = digests(folder)
    chance = random.Random(times)  # noqa: S311
    for _ in range(times):
        await run_and_kill(settings.home, folder, chance)
        check(folder, before)
    async with serving(replace(settings, allowed_folders=(folder,))) as service:
        assert service.store.opening.moved_aside == ()
        assert await service.store.check() == []
        (source,) = await service.store.sources.list()
        await scan(service, source.id)
        await settled(service)
        stray = [path.name for path in folder.iterdir() if path.suffix == ".tmp"]
        assert stray == []
        check(folder, before)
        found = await photos(service)
        assert sum(len(one.files) for one in found) == len(before)
        for one in found:  # what was acknowledged stands in the file
            said = read_metadata(folder / one.files[0].path)
            for caption in one.captions:
                if caption.origin == "person" and not said.problems:
                    texts = [text.text for text in said.captions]
                    theirs = THEIRS in texts
                    assert caption.text in texts or theirs, one.files[0].path
        job = await service.library.restore(source.id, "test")
        result = result_of(await service.jobs.wait(job.id))
        assert (result["failed"], result["identical"]) == (0, result["restored"])
    assert digests(folder) == original
