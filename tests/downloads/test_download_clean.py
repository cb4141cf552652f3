"""Damaged, stale and unwanted files: checks, repairs and clean-ups."""

from dataclasses import replace
import json
import os

import pytest

from edge_runtime.downloads import ModelState
from edge_runtime.downloads.lock import model_lock
from tests.downloads.models import (
    BUNDLED,
    DATA,
    everything_below,
    home_of,
    model,
    model_file,
    put,
)


async def test_a_damaged_file_is_found_and_fetched_again(server, make_store):
    server.hub_file("model.onnx", DATA)
    store, spec = make_store(), model()
    paths = await store.ensure(spec)
    before = paths["encoder"].stat()
    put(paths["encoder"], DATA[::-1])
    os.utime(paths["encoder"], ns=(before.st_atime_ns, before.st_mtime_ns))
    assert store.state(spec) is ModelState.INSTALLED  # nothing is hashed here
    assert [problem.code for problem in store.verify(spec)] == ["hash_mismatch"]
    assert store.state(spec) is ModelState.PARTIAL
    paths = await store.ensure(spec)
    assert paths["encoder"].read_bytes() == DATA


async def test_a_pin_survives_a_damaged_file(server, make_store):
    server.hub_file("model.onnx", DATA)
    store, spec = make_store(), model(model_file(pinned=False))
    paths = await store.ensure(spec)
    put(paths["encoder"], DATA[::-1])
    assert [problem.code for problem in store.verify(spec)] == ["hash_mismatch"]
    paths = await store.ensure(spec)
    assert paths["encoder"].read_bytes() == DATA


def test_a_damaged_bundled_file_is_found(make_store, tmp_path):
    put(tmp_path / "bundled/tiny/model.onnx", DATA[::-1])
    problems = make_store().verify(model(model_file(BUNDLED)))
    assert [problem.code for problem in problems] == ["hash_mismatch"]


async def test_missing_and_shortened_files_are_found(server, make_store):
    server.hub_file("model.onnx", DATA)
    store, spec = make_store(), model()
    assert [problem.code for problem in store.verify(spec)] == ["missing"]
    paths = await store.ensure(spec)
    put(paths["encoder"], DATA[:-5])
    assert store.state(spec) is ModelState.PARTIAL
    assert [problem.code for problem in store.verify(spec)] == ["size_mismatch"]


@pytest.mark.parametrize(
    "text", ["", "[]", '{"files": []}', '{"files": {"model.onnx": 3}}', "{"]
)
async def test_a_broken_record_means_check_again(server, make_store, tmp_path, text):
    server.hub_file("model.onnx", DATA)
    store, spec = make_store(), model()
    await store.ensure(spec)
    (home_of(tmp_path) / "some-model/installed.json").write_text(text)
    assert store.state(spec) is ModelState.PARTIAL
    await store.ensure(spec)
    assert len(server.seen) == 1


async def test_a_record_with_other_types_means_check_again(
    server, make_store, tmp_path
):
    server.hub_file("model.onnx", DATA)
    store, spec = make_store(), model()
    await store.ensure(spec)
    path = home_of(tmp_path) / "some-model/installed.json"
    record = json.loads(path.read_text())
    for key, value in (("bytes", "many"), ("sha256", 5)):
        broken = {**record["files"]["model.onnx"], key: value}
        path.write_text(json.dumps({"files": {"model.onnx": broken}}))
        assert store.state(spec) is ModelState.PARTIAL
    del record["files"]["model.onnx"]["sha256"]
    path.write_text(json.dumps(record))
    assert store.state(spec) is ModelState.PARTIAL


async def test_a_new_size_or_hash_in_the_manifest_counts(server, make_store):
    server.hub_file("model.onnx", DATA)
    store = make_store()
    await store.ensure(model())
    for changes in ({"bytes": 5}, {"sha256": "0" * 64}):
        newer = model(replace(model_file(), **changes))
        assert store.state(newer) is ModelState.PARTIAL


async def test_remove_takes_the_whole_model(server, make_store, tmp_path):
    server.hub_file("model.onnx", DATA)
    store, spec = make_store(), model()
    assert store.remove(spec) == 0
    await store.ensure(spec)
    assert store.remove(spec) > len(DATA)
    assert store.state(spec) is ModelState.MISSING
    assert list(home_of(tmp_path).iterdir()) == []


async def test_prune_removes_what_no_row_names(server, make_store, tmp_path):
    home = home_of(tmp_path)
    server.hub_file("model.onnx", DATA)
    store, spec = make_store(), model()
    for name in ("some-model", "old", "kept"):
        await store.ensure(model(id=name))
    put(home / "some-model/old.onnx", b"old")
    put(home / "some-model/gone.onnx.part", b"gone!")
    put(home / "my own folder/notes.txt", b"mine")
    (home / "link").symlink_to(home / "some-model")
    report = store.prune([spec], keep=["kept"])
    assert report.removed == (
        "old",
        "some-model/gone.onnx.part",
        "some-model/old.onnx",
    )
    assert report.bytes > len(DATA) + 8
    assert report.busy == ()
    assert store.state(spec) is ModelState.INSTALLED
    assert (home / "my own folder/notes.txt").exists()
    assert (home / "kept").is_dir()


async def test_a_dry_prune_tells_the_same_and_touches_nothing(
    server, make_store, tmp_path
):
    server.hub_file("model.onnx", DATA)
    store, spec = make_store(), model()
    for name in ("some-model", "old"):
        await store.ensure(model(id=name))
    put(home_of(tmp_path) / "some-model/gone.onnx.part", b"gone!")
    before = everything_below(home_of(tmp_path))
    told = store.prune([spec], dry_run=True)
    assert told.removed == ("old", "some-model/gone.onnx.part")
    assert everything_below(home_of(tmp_path)) == before
    assert store.prune([spec]) == told
    assert store.prune([spec], dry_run=True).removed == ()


def test_prune_counts_no_bytes_for_a_link(make_store, tmp_path):
    folder = home_of(tmp_path) / "some-model"
    put(folder / ".lock", b"")
    (folder / "link.onnx").symlink_to(put(tmp_path / "elsewhere", DATA))
    report = make_store().prune([model()])
    assert (report.removed, report.bytes) == (("some-model/link.onnx",), 0)
    assert (tmp_path / "elsewhere").exists()


async def test_a_check_leaves_the_record_to_who_holds_the_model(
    server, make_store, tmp_path
):
    server.hub_file("model.onnx", DATA)
    store, spec = make_store(), model()
    paths = await store.ensure(spec)
    before = paths["encoder"].stat()
    put(paths["encoder"], DATA[::-1])
    os.utime(paths["encoder"], ns=(before.st_atime_ns, before.st_mtime_ns))
    async with model_lock(home_of(tmp_path) / "some-model", wait=False):
        assert [problem.code for problem in store.verify(spec)] == ["hash_mismatch"]
    assert store.state(spec) is ModelState.INSTALLED
    store.verify(spec)
    assert store.state(spec) is ModelState.PARTIAL


def test_prune_keeps_a_part_that_can_be_continued(make_store, tmp_path):
    folder = home_of(tmp_path) / "some-model"
    for name in (".lock", "model.onnx.part", "model.onnx.part.json"):
        put(folder / name, b"")
    assert make_store().prune([model()]).removed == ()
    assert make_store(home=tmp_path / "none").prune([model()]).removed == ()


def test_prune_keeps_the_wheels_of_an_unfinished_model(make_store, tmp_path):
    folder = home_of(tmp_path) / "some-model"
    for name in (".lock", ".work/a.whl.part", "model.onnx.joined.part"):
        put(folder / name, b"x")
    assert make_store().prune([model()]).removed == ()
    other = model(model_file(path="other.onnx"))
    assert "some-model/model.onnx.joined.part" in make_store().prune([other]).removed
