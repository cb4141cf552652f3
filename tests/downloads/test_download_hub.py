"""Addresses on the hub: from its library in a child, or by its public scheme."""

import json
import logging
import subprocess
import sys

from edge_runtime.downloads.hub import locate_on_hub
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


async def test_one_child_serves_all_files_of_a_model(server, make_store, tmp_path):
    names = ("a.onnx", "sub/b.onnx")
    for name in names:
        server.hub_file(name, DATA)
    files = [model_file(hub_source(name), path=name, role=name) for name in names]
    paths = await make_store().ensure(model(*files))
    assert [path.read_bytes() for path in paths.values()] == [DATA, DATA]
