"""Downloads from a server that is well, and from one that breaks in every way."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from edge_runtime.downloads import ModelState, Patience, Progress
from edge_runtime.downloads.fetch import open_fetcher
from edge_runtime.downloads.reach import ReachMemory
from edge_runtime.downloads.responses import Remote
from edge_runtime.errors import (
    DiskFullError,
    DownloadError,
    HashMismatchError,
    SizeMismatchError,
    SourceUnreachableError,
)
from tests.downloads.models import (
    DATA,
    everything_below,
    hub_source,
    model,
    model_file,
    put,
    sha256,
    url_source,
)

MODEL = "/maker/model/resolve/main/model.onnx"


WHOLE = {".lock", "installed.json", "model.onnx"}


def folder_of(tmp_path: Path) -> Path:
    return tmp_path / "home" / "models" / "some-model"


async def test_a_model_comes_whole_and_is_then_installed(server, make_store, tmp_path):
    server.hub_file("model.onnx", DATA)
    store, spec = make_store(), model()
    told: list[Progress] = []
    assert store.state(spec) is ModelState.MISSING
    paths = await store.ensure(spec, told.append)
    assert paths["encoder"].read_bytes() == DATA
    assert store.state(spec) is ModelState.INSTALLED
    assert everything_below(folder_of(tmp_path)) == WHOLE
    assert told[-1] == Progress(
        "model.onnx", len(DATA), len(DATA), "huggingface maker/model @ main"
    )
    await store.ensure(spec)
    assert len(server.seen) == 1


async def test_a_cut_connection_is_resumed_from_where_it_was(server, make_store):
    server.hub_file("model.onnx", DATA, cut_after=100_000, cuts=2)
    paths = await make_store().ensure(model())
    assert paths["encoder"].read_bytes() == DATA
    ranges = [seen.headers.get("Range") for seen in server.seen]
    assert ranges == [None, "bytes=100000-", "bytes=200000-"]
    assert server.seen[1].headers["If-Range"] == f'"{sha256(DATA)}"'


async def test_a_server_that_keeps_cutting_leaves_a_part_to_go_on_with(
    server, make_store, tmp_path
):
    broken = server.hub_file("model.onnx", DATA, cut_after=20_000)
    store, spec = make_store(), model()
    with pytest.raises(SourceUnreachableError, match="lost after 80000 of 300000"):
        await store.ensure(spec)
    assert len(server.seen) == 4
    assert store.state(spec) is ModelState.PARTIAL
    assert store.plan(spec).fetch_bytes == len(DATA) - 80_000
    broken.cut_after = None
    await store.ensure(spec)
    assert server.seen[-1].headers["Range"] == "bytes=80000-"
    assert everything_below(folder_of(tmp_path)) == WHOLE


async def test_a_bad_line_is_patient_as_long_as_much_arrives(server, tmp_path):
    data = bytes(20 << 20)
    server.add("/x", data, cut_after=3 << 20)
    part, patience = tmp_path / "x.part", Patience(backoff_s=0.01)
    async with open_fetcher(ReachMemory(tmp_path), patience) as fetcher:
        remote = Remote(f"{server.url}/x", len(data), sha256(data))
        await fetcher.fetch(remote, part, lambda _: None)
    assert part.stat().st_size == len(data)
    assert len(server.seen) == 7


async def test_a_part_outlives_a_refusal_for_lack_of_room(server, make_store, tmp_path):
    server.hub_file("model.onnx", DATA, ranges=False, declared=10**16)
    part = folder_of(tmp_path) / "model.onnx.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(DATA[:1000])
    with pytest.raises(DiskFullError, match="not enough room"):
        await make_store().ensure(model(replace(model_file(), bytes=None)))
    assert part.read_bytes() == DATA[:1000]


async def test_the_note_beside_a_part_names_no_address(server, make_store, tmp_path):
    server.add("/x", DATA, cut_after=20_000)
    source = url_source(f"{server.url}/x?key=secret")
    with pytest.raises(SourceUnreachableError):
        await make_store().ensure(model(model_file(source)))
    note = (folder_of(tmp_path) / "model.onnx.part.json").read_text()
    assert "etag" in note
    assert "secret" not in note


async def test_a_server_that_sends_nothing_at_all_is_not_asked_again(
    server, make_store
):
    server.hub_file("model.onnx", DATA, cut_after=0)
    with pytest.raises(SourceUnreachableError, match="lost after 0 of"):
        await make_store().ensure(model())
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    "fault",
    [{"ranges": False}, {"range_status": 416}, {"range_shift": 5}],
    ids=["no ranges", "416", "another range"],
)
async def test_a_server_that_cant_continue_is_asked_for_the_whole_file(
    server, make_store, fault
):
    server.hub_file("model.onnx", DATA, cut_after=100_000, cuts=1, **fault)
    paths = await make_store().ensure(model())
    assert paths["encoder"].read_bytes() == DATA


async def test_a_file_that_changed_meanwhile_is_fetched_from_its_beginning(
    server, make_store
):
    new = DATA[::-1]
    server.hub_file("model.onnx", DATA, cut_after=50_000)
    store = make_store()
    with pytest.raises(SourceUnreachableError):
        await store.ensure(model(model_file(data=DATA)))
    server.hub_file("model.onnx", new)
    paths = await store.ensure(model(model_file(data=new)))
    assert paths["encoder"].read_bytes() == new


async def test_a_part_of_another_version_is_thrown_away_and_fetched_again(
    server, make_store, tmp_path
):
    server.hub_file("model.onnx", DATA)
    folder = folder_of(tmp_path)
    folder.mkdir(parents=True)
    (folder / "model.onnx.part").write_bytes(b"x" * 1000)
    paths = await make_store().ensure(model())
    assert paths["encoder"].read_bytes() == DATA
    assert [seen.headers.get("Range") for seen in server.seen] == ["bytes=1000-", None]


@pytest.mark.parametrize("length", [len(DATA), len(DATA) + 1])
async def test_a_part_that_is_too_long_or_whole_but_wrong_does_no_harm(
    server, make_store, tmp_path, length
):
    server.hub_file("model.onnx", DATA)
    folder = folder_of(tmp_path)
    folder.mkdir(parents=True)
    (folder / "model.onnx.part").write_bytes(b"x" * length)
    paths = await make_store().ensure(model())
    assert paths["encoder"].read_bytes() == DATA


async def test_wrong_bytes_are_removed_and_named(server, make_store, tmp_path):
    server.hub_file("model.onnx", DATA[::-1])
    with pytest.raises(HashMismatchError, match="wrong content: sha256") as caught:
        await make_store().ensure(model())
    assert sha256(DATA)[:12] in caught.value.message
    assert "--remove" not in caught.value.message
    assert not folder_of(tmp_path).exists()


async def test_wrong_bytes_are_not_fetched_again_and_again(
    server, make_store, tmp_path
):
    server.hub_file("model.onnx", DATA[::-1])
    store, spec = make_store(), model()
    with pytest.raises(HashMismatchError):
        await store.ensure(spec)
    with pytest.raises(DownloadError, match=r"came and was wrong \d s ago"):
        await store.ensure(spec)
    assert len(server.seen) == 1
    with pytest.raises(HashMismatchError):
        await store.ensure(spec, force=True)
    # what a person puts there is looked at all the same, and so is another row
    with pytest.raises(HashMismatchError):
        await store.ensure(model(model_file(data=DATA[:-1] + b"?")))
    put(folder_of(tmp_path) / "model.onnx")
    await store.ensure(spec)


async def test_a_server_without_lengths_that_sends_too_much_is_stopped(
    server, make_store, tmp_path
):
    server.hub_file("model.onnx", DATA * 2, chunked=True)
    with pytest.raises(SizeMismatchError, match="sends more than 300000"):
        await make_store().ensure(model())
    assert not folder_of(tmp_path).exists()


async def test_a_truncated_file_without_a_length_is_kept_for_a_resume(
    server, make_store, tmp_path
):
    server.hub_file("model.onnx", DATA[:9000], chunked=True)
    with pytest.raises(SizeMismatchError, match="ends after 9000 bytes"):
        await make_store().ensure(model())
    part = folder_of(tmp_path) / "model.onnx.part"
    assert part.read_bytes() == DATA[:9000]


async def test_the_hash_that_the_hub_names_is_compared_and_then_pinned(
    server, make_store
):
    spec = model(model_file(pinned=False))
    served = server.hub_file("model.onnx", DATA)
    served.headers["X-Linked-ETag"] = f'"{"0" * 64}"'
    store = make_store()
    with pytest.raises(HashMismatchError, match="named by the server"):
        await store.ensure(spec)
    served.headers["X-Linked-ETag"] = f'"{sha256(DATA)}"'
    paths = await store.ensure(spec, force=True)
    paths["encoder"].unlink()
    server.hub_file("model.onnx", DATA[::-1])
    with pytest.raises(HashMismatchError, match=r"expected; .*--remove some-model"):
        await store.ensure(spec)
    store.remove(spec)
    paths = await store.ensure(spec, force=True)
    assert paths["encoder"].read_bytes() == DATA[::-1]


async def test_a_row_that_names_another_revision_ends_the_pin(server, make_store):
    store = make_store()
    server.hub_file("model.onnx", DATA)
    await store.ensure(model(model_file(pinned=False)))
    newer = model(model_file(hub_source(revision="v2"), pinned=False))
    assert store.state(newer) is ModelState.PARTIAL
    server.add("/maker/model/resolve/v2/model.onnx", DATA[::-1])
    paths = await store.ensure(newer)
    assert paths["encoder"].read_bytes() == DATA[::-1]


async def test_an_unpinned_part_is_continued_only_under_the_same_etag(
    server, make_store
):
    spec = model(model_file(pinned=False))
    server.hub_file("model.onnx", DATA, cut_after=10_000, cuts=4)
    store = make_store()
    with pytest.raises(SourceUnreachableError):
        await store.ensure(spec)
    server.hub_file("model.onnx", DATA[::-1])
    paths = await store.ensure(spec)
    assert paths["encoder"].read_bytes() == DATA[::-1]
    assert server.seen[-1].headers["Range"] == "bytes=40000-"


async def test_an_unpinned_part_without_etag_is_not_trusted(server, make_store):
    spec = model(model_file(pinned=False))
    server.hub_file("model.onnx", DATA, cut_after=10_000, cuts=1, etag="")
    paths = await make_store().ensure(spec)
    assert paths["encoder"].read_bytes() == DATA
    assert [seen.headers.get("Range") for seen in server.seen] == [None, None]


async def test_a_stalled_download_is_given_up_and_resumed(server, tmp_path):
    served = server.add("/x", DATA, stall_after=50_000)
    patience = Patience(stall_s=0.3, backoff_s=0.01)
    part = tmp_path / "x.part"
    remote = Remote(f"{server.url}/x", len(DATA), sha256(DATA))
    async with open_fetcher(ReachMemory(tmp_path), patience) as fetcher:
        with pytest.raises(SourceUnreachableError, match="no answer in time"):
            await fetcher.fetch(remote, part, lambda _: None)
        assert part.stat().st_size == 200_000
        served.stall_after = None
        await fetcher.fetch(remote, part, lambda _: None)
    assert part.read_bytes() == DATA


async def test_a_cancelled_download_leaves_a_part_to_go_on_with(
    server, make_store, tmp_path
):
    served = server.hub_file("model.onnx", DATA, gate=asyncio.Event())
    store, spec = make_store(), model()
    begun = asyncio.Event()
    loading = asyncio.create_task(
        store.ensure(spec, lambda now: begun.set() if now.done_bytes else None)
    )
    await begun.wait()
    loading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await loading
    have = (folder_of(tmp_path) / "model.onnx.part").stat().st_size
    assert 0 < have < len(DATA)
    served.gate.set()
    await store.ensure(spec, wait=False)
    assert server.seen[-1].headers["Range"] == f"bytes={have}-"
