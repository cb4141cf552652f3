"""Several processes, killed processes and full disks."""

import asyncio
import json
import os
from pathlib import Path
import signal
import subprocess
import sys
import time

import pytest

from edge_runtime.downloads.lock import model_lock, model_lock_now
from edge_runtime.errors import DownloadError, ModelLockedError
from tests.downloads.models import DATA, model

CHILD = """
import asyncio, json, resource, sys
from pathlib import Path
from edge_runtime.config import Settings
from edge_runtime.downloads import ModelStore
from edge_runtime.errors import EdgeRuntimeError
from tests.downloads.models import model

home, hub, wait, limit = sys.argv[1:5]
if int(limit):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))


def tell(pid):
    print(json.dumps({"waiting_for": pid}), flush=True)


store = ModelStore(Settings(home=Path(home), hub=hub))
try:
    paths = asyncio.run(store.ensure(model(), wait=wait == "1", on_wait=tell))
    print(json.dumps({"bytes": paths["encoder"].stat().st_size}))
except EdgeRuntimeError as err:
    print(json.dumps({"code": err.code, "message": err.message}))
"""


async def start(home: Path, hub: str, *, wait: bool = True, limit: int = 0):
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        CHILD,
        str(home),
        hub,
        str(int(wait)),
        str(limit),
        stdout=asyncio.subprocess.PIPE,
    )


async def answer_of(child) -> dict:
    output, _ = await child.communicate()
    return json.loads(output.splitlines()[-1])


def wait_for_bytes(part: Path) -> None:
    end = time.monotonic() + 15
    while not (part.exists() and part.stat().st_size):
        assert time.monotonic() < end, "no bytes came"
        time.sleep(0.02)


async def some_bytes(part: Path) -> None:
    await asyncio.to_thread(wait_for_bytes, part)


async def test_two_processes_fetch_a_model_once(server, tmp_path):
    served = server.hub_file("model.onnx", DATA, gate=asyncio.Event())
    first = await start(tmp_path, server.url)
    await some_bytes(tmp_path / "models/some-model/model.onnx.part")
    second = await start(tmp_path, server.url)
    told = json.loads(await second.stdout.readline())
    assert told == {"waiting_for": first.pid}
    refused = await answer_of(await start(tmp_path, server.url, wait=False))
    assert refused["code"] == "model_locked"
    assert f"process {first.pid} is working on model" in refused["message"]
    served.gate.set()
    for child in (first, second):
        assert await answer_of(child) == {"bytes": len(DATA)}
    assert len(server.seen) == 1


async def test_a_killed_download_goes_on_where_it_was(server, tmp_path):
    served = server.hub_file("model.onnx", DATA, gate=asyncio.Event())
    part = tmp_path / "models/some-model/model.onnx.part"
    child = await start(tmp_path, server.url)
    await some_bytes(part)
    child.send_signal(signal.SIGKILL)
    await child.wait()
    have = part.stat().st_size
    assert 0 < have < len(DATA)
    served.gate.set()
    answer = await answer_of(await start(tmp_path, server.url, wait=False))
    assert answer == {"bytes": len(DATA)}
    assert server.seen[-1].headers["Range"] == f"bytes={have}-"


async def test_a_disk_that_fills_while_writing_leaves_nothing(server, tmp_path):
    server.hub_file("model.onnx", DATA)
    answer = await answer_of(await start(tmp_path, server.url, limit=100_000))
    assert answer["code"] == "disk_full"
    assert "model.onnx could not be written" in answer["message"]
    assert not (tmp_path / "models/some-model").exists()


@pytest.fixture
def small_disk(tmp_path: Path):
    """Mount a disk of 68 MiB, which leaves a little more than the reserve."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=68m", "tmpfs", str(disk)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine does not allow mounts")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)  # noqa: S607


async def test_a_small_disk_is_refused_before_and_full_in_the_middle(
    server, small_disk
):
    (small_disk / "filler").write_bytes(b"x" * (5 << 20))
    server.hub_file("model.onnx", DATA)
    answer = await answer_of(await start(small_disk, server.url))
    assert answer["code"] == "disk_full"
    assert "not enough room" in answer["message"]
    assert server.seen == []

    (small_disk / "filler").unlink()
    served = server.hub_file("model.onnx", DATA, gate=asyncio.Event())
    child = await start(small_disk, server.url)
    await some_bytes(small_disk / "models/some-model/model.onnx.part")
    with pytest.raises(OSError, match="No space"):
        (small_disk / "filler").write_bytes(b"x" * (68 << 20))
    served.gate.set()
    answer = await answer_of(child)
    assert answer["code"] == "disk_full"
    assert "the disk is full" in answer["message"]
    assert not (small_disk / "models/some-model").exists()


async def test_a_lock_lets_go_of_a_removed_folder(tmp_path):
    folder = tmp_path / "model"
    async with model_lock(folder, wait=False):
        with pytest.raises(ModelLockedError, match=f"process {os.getpid()}"):
            async with model_lock(folder, wait=False):
                pass
        waiting = asyncio.create_task(hold_for_a_moment(folder))
        await asyncio.sleep(0.3)
        (folder / ".lock").unlink()
        folder.rmdir()
    await waiting
    with model_lock_now(folder):
        (folder / ".lock").write_text("nobody")
        with (
            pytest.raises(ModelLockedError, match="another process"),
            model_lock_now(folder),
        ):
            pass


@pytest.mark.parametrize("came", [True, False])
async def test_a_lock_leaves_a_folder_only_if_something_came(tmp_path, came):
    folder = tmp_path / "model"
    async with model_lock(folder, wait=False):
        (folder / "onnx").mkdir()
        if came:
            (folder / "onnx/model.onnx.part").write_bytes(b"some")
    left = {".lock", "onnx", "onnx/model.onnx.part"}
    found = {str(path.relative_to(folder)) for path in folder.rglob("*")}
    assert (folder.exists(), found) == (came, left if came else set())


async def test_processes_that_fail_at_once_leave_nothing_and_wait_for_each_other(
    server, tmp_path
):
    server.hub_file("model.onnx", DATA, status=404)
    children = [await start(tmp_path, server.url) for _ in range(3)]
    codes = {(await answer_of(child))["code"] for child in children}
    assert codes == {"source_not_found"}
    assert not (tmp_path / "models/some-model").exists()


async def hold_for_a_moment(folder: Path) -> None:
    async with model_lock(folder, wait=True):
        assert (folder / ".lock").exists()


async def test_prune_and_remove_leave_a_busy_model_alone(make_store, tmp_path):
    store = make_store()
    async with model_lock(tmp_path / "home/models/some-model", wait=False):
        assert store.prune([]).busy == ("some-model",)
        with pytest.raises(ModelLockedError):
            store.remove(model())


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a file system read-only to us")
async def test_a_home_that_cant_be_written_is_named(make_store):
    with pytest.raises(DownloadError, match="can't be written"):
        await make_store(home=Path("/proc/nowhere")).ensure(model())
