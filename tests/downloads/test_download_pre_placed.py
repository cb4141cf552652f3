"""Files that a person put in place or ready."""

import os
from pathlib import Path
import shutil

import pytest

from edge_runtime.downloads import FileAction, ModelState
from edge_runtime.downloads.sources import copy_file
from edge_runtime.errors import DownloadError
from tests.downloads.models import (
    DATA,
    everything_below,
    home_of,
    model,
    model_file,
    put,
)


async def test_a_file_placed_by_hand_is_checked_and_taken(server, make_store, tmp_path):
    put(home_of(tmp_path) / "some-model/model.onnx")
    store, spec = make_store(offline=True), model()
    assert store.state(spec) is ModelState.PARTIAL
    assert store.plan(spec).files[0].action is FileAction.CHECK
    await store.ensure(spec)
    assert store.state(spec) is ModelState.INSTALLED
    assert server.seen == []


async def test_a_wrong_file_placed_by_hand_is_replaced(server, make_store, tmp_path):
    put(home_of(tmp_path) / "some-model/model.onnx", DATA[::-1])
    server.hub_file("model.onnx", DATA)
    paths = await make_store().ensure(model())
    assert paths["encoder"].read_bytes() == DATA


@pytest.mark.parametrize("place", ["some-model/model.onnx", "model.onnx"])
async def test_a_folder_of_files_put_ready_comes_before_the_network(
    server, make_store, tmp_path, place
):
    ready = put(tmp_path / "usb" / place)
    store, spec = make_store(models_folder=tmp_path / "usb", offline=True), model()
    assert store.plan(spec).files[0].action is FileAction.COPY
    paths = await store.ensure(spec)
    assert paths["encoder"].stat().st_ino == ready.stat().st_ino
    assert server.seen == []
    assert everything_below(home_of(tmp_path)) == {
        f"some-model/{name}" for name in (".lock", "installed.json", "model.onnx")
    }


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="no second file system")  # noqa: S108
async def test_a_folder_on_another_file_system_is_copied(make_store, tmp_path):
    other = Path("/dev/shm") / f"edge-captions-test-{os.getpid()}"  # noqa: S108
    try:
        put(other / "model.onnx")
        paths = await make_store(models_folder=other).ensure(model())
        assert paths["encoder"].read_bytes() == DATA
    finally:
        shutil.rmtree(other)


async def test_a_strangers_file_beside_the_models_folders_is_not_taken(
    server, make_store, tmp_path
):
    server.hub_file("config.json", b"mine")
    stranger = put(tmp_path / "usb/config.json", b"anybody's")
    file = model_file(data=b"mine", path="config.json", pinned=False)
    store, spec = make_store(models_folder=tmp_path / "usb"), model(file)
    assert store.plan(spec).files[0].action is FileAction.FETCH
    put(tmp_path / "usb/some-model/config.json", b"meant")
    assert store.plan(spec).files[0].action is FileAction.COPY
    paths = await store.ensure(spec)
    assert paths["encoder"].read_bytes() == b"meant"
    assert stranger.read_bytes() == b"anybody's"


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="no /proc")
async def test_an_unreadable_file_put_ready_is_named(make_store, tmp_path):
    ready = tmp_path / "usb/some-model/model.onnx"
    ready.parent.mkdir(parents=True)
    ready.symlink_to("/proc/self/mem")  # not even root can read its first byte
    store = make_store(models_folder=tmp_path / "usb", offline=True)
    with pytest.raises(DownloadError, match=f"{ready} can't be read: Input/output"):
        await store.ensure(model(model_file(pinned=False)))


async def test_of_a_link_put_ready_the_file_is_taken(make_store, tmp_path):
    link = tmp_path / "usb/some-model/model.onnx"
    link.parent.mkdir(parents=True)
    link.symlink_to(put(tmp_path / "elsewhere"))
    paths = await make_store(models_folder=tmp_path / "usb").ensure(model())
    assert not paths["encoder"].is_symlink()
    assert paths["encoder"].samefile(tmp_path / "elsewhere")


def test_copying_can_be_stopped(tmp_path):
    source = put(tmp_path / "a")
    copy_file(source, tmp_path / "b", lambda: True)
    assert (tmp_path / "b").read_bytes() == b""
    copy_file(source, tmp_path / "b", lambda: False)
    assert (tmp_path / "b").read_bytes() == DATA


async def test_a_wrong_file_put_ready_is_left_alone_and_the_hub_is_asked(
    server, make_store, tmp_path
):
    ready = put(tmp_path / "usb/model.onnx", DATA[::-1])
    server.hub_file("model.onnx", DATA)
    paths = await make_store(models_folder=tmp_path / "usb").ensure(model())
    assert paths["encoder"].read_bytes() == DATA
    assert ready.read_bytes() == DATA[::-1]
