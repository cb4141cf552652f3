"""Addresses on the hub: from its library in a child, or by its public scheme."""

import base64
import json
import logging
import socket
import subprocess
import sys

import pytest

from edge_runtime.downloads.hub import locate_on_hub
from edge_runtime.errors import (
    AccessDeniedError,
    DownloadError,
    SourceUnreachableError,
)
from tests.downloads.models import DATA, hub_source, model, model_file

QUESTION = {
    "hub": "http://mirror",
    "files": [
        {"key": "k", "repository": "o/n", "revision": "a/b", "filename": "x y/z.gguf"}
    ],
}
ADDRESS = "http://mirror/o/n/resolve/a%2Fb/x%20y/z.gguf"


def ask(text: str, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edge_runtime.downloads.hub"]
    return subprocess.run(
        command, input=text, env=environ, capture_output=True, text=True, check=False
    )


def test_the_child_answers_with_addresses_and_the_token(quiet_environ):
    shown = ask(json.dumps(QUESTION), {**quiet_environ, "HF_TOKEN": "hf_secret"})
    assert json.loads(shown.stdout) == {
        "urls": {"k": ADDRESS},
        "headers": {"authorization": "Bearer hf_secret"},
    }


def test_the_child_tells_trouble_in_one_line(quiet_environ):
    shown = ask("{}", quiet_environ)
    assert shown.returncode == 1
    assert shown.stderr == "KeyError: 'files'\n"


async def test_library_and_public_scheme_agree(quiet_environ, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    source = hub_source("x y/z.gguf", revision="a/b")
    environ = {**quiet_environ, "HF_TOKEN": "hf_secret"}
    asked = await locate_on_hub([source], "http://mirror", environ)
    assert caplog.text == ""
    (tmp_path / "huggingface_hub.py").write_text("raise ImportError('not here')")
    environ["PYTHONPATH"] = str(tmp_path)
    plain = await locate_on_hub([source], "http://mirror", environ)
    assert plain == asked
    assert "the hub's library can't be used (ImportError: not here)" in caplog.text
    assert "hf_secret" not in caplog.text + repr(plain)
    environ["HF_TOKEN"] = ""
    assert (await locate_on_hub([source], "http://mirror", environ)).headers == {}


async def test_one_child_serves_all_files_of_a_model(server, make_store, hub_children):
    names = ("a.onnx", "sub/b.onnx")
    for name in names:
        server.hub_file(name, DATA)
    files = [model_file(hub_source(name), path=name, role=name) for name in names]
    paths = await make_store().ensure(model(*files))
    assert [path.read_bytes() for path in paths.values()] == [DATA, DATA]
    assert hub_children() == 1


async def test_a_hub_that_was_away_starts_no_child(make_store, hub_children):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refuses connections
        store = make_store(hub=f"http://127.0.0.1:{taken.getsockname()[1]}")
        for _ in range(2):
            with pytest.raises(SourceUnreachableError):
                await store.ensure(model())
    assert hub_children() == 1


async def test_a_login_in_the_hubs_address_goes_with_the_request_alone(
    server, make_store
):
    served = server.hub_file("model.onnx", DATA, status=401)
    hub = server.url.replace("http://", "http://me:w%40rd@")
    store = make_store({"HF_TOKEN": "hf_secret"}, hub=hub)
    with pytest.raises(AccessDeniedError, match="log in at http://127") as caught:
        await store.ensure(model())
    assert "w%40rd" not in caught.value.message
    served.status = 200
    await store.ensure(model())
    basic = base64.b64encode(b"me:w@rd").decode()
    assert server.seen[-1].headers["Authorization"] == f"Basic {basic}"


@pytest.mark.parametrize("hub", ["http://[::1/x", "https://", "http://h:99999"])
async def test_a_hub_without_a_proper_address_is_told(make_store, hub):
    with pytest.raises(DownloadError, match="is no address of a server"):
        await make_store(hub=hub).ensure(model())
