"""An SD card wears by being written: what is written when, and how much."""

import asyncio
from pathlib import Path

import pytest
from served import served

from edge_runtime.store import Store
from edge_runtime.store.connection import _WAL_KEPT_BYTES

pytestmark = pytest.mark.timeout(120)
PAGE = 4096
CAPTIONS = 5
SAMPLE = (
    Path(__file__).parents[2]
    / "edge_runtime"
    / "bundled"
    / "samples"
    / "dogs-on-grass.jpg"
)


def written_bytes(pid: int) -> int:
    """Return what a process has sent towards a disk so far."""
    try:
        lines = Path(f"/proc/{pid}/io").read_text(encoding="ascii").splitlines()
    except OSError as err:
        pytest.skip(f"this kernel does not say what a process writes: {err}")
    return int(dict(line.split(": ") for line in lines)["write_bytes"])


def looks(home: Path) -> dict[str, tuple[int, int]]:
    """Return size and time of every file in a home."""
    return {
        str(path.relative_to(home)): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in home.rglob("*")
        if path.is_file() and not path.name.endswith("-shm")  # shared memory
    }


async def test_a_service_that_is_only_asked_writes_nothing(tmp_path):
    home = tmp_path / "home"
    async with served(home) as service:
        await service.caption(SAMPLE, store="true")
        await asyncio.sleep(2.5)  # what the caption left behind is put away
        before, sent = looks(home), written_bytes(service.pid)
        for _ in range(5):
            for path in ("photos", "stats", "suggestions", "models", "jobs"):
                await service.get(f"/api/v1/{path}")
            await service.get("/health")
            await asyncio.sleep(0.5)
        assert looks(home) == before
        # a page of the memory that readers of the database share
        assert written_bytes(service.pid) - sent <= 2 * PAGE
    # its log went to the error stream: that is the journal's, which bounds it
    assert not [name for name in looks(home) if name.endswith(".log")]
    assert service.log


async def test_a_caption_that_nobody_keeps_costs_its_upload_and_an_event(tmp_path):
    """The event is what a client that was away asks for."""
    home = tmp_path / "home"
    async with served(home) as service:
        await service.caption(SAMPLE, store="true")
        await asyncio.sleep(2.5)
        before, sent = looks(home), written_bytes(service.pid)
        for _ in range(CAPTIONS):
            answer = await service.caption(SAMPLE, refresh="true")
            assert answer["status"] == 200
        spent = (written_bytes(service.pid) - sent) / CAPTIONS
        assert spent <= SAMPLE.stat().st_size + 6 * PAGE
        after = looks(home)
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed <= {"edge-captions.db", "edge-captions.db-wal"}


async def test_the_write_ahead_log_stays_bounded(tmp_path):
    """However much is written, and however long nobody closes the database."""
    folder = tmp_path / "home"
    async with await Store.open(folder) as store:
        for number in range(40):
            value = f"{number:04}" * 100_000
            await store.meta.set("ballast", value)
            (log,) = folder.glob("*-wal")
            assert log.stat().st_size < 2 * _WAL_KEPT_BYTES
    assert not list(folder.glob("*-wal"))
