"""The whole command, in processes of its own: installed, really used, interrupted."""

import json
import os
import signal
import subprocess
import sys

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

from conversion.checkpoints import write_captioner, write_translator

from edge_runtime.cli.main import main
from edge_runtime.config import Settings
from edge_runtime.downloads import ModelState
from edge_runtime.inference.text_messages import TranslateJob
from edge_runtime.runtime import EdgeRuntime

pytestmark = pytest.mark.timeout(120)


def run(home, *arguments):
    command = [sys.executable, "-m", "edge_runtime", "convert", *map(str, arguments)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [*command, "--home", str(home)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


async def test_a_translator_is_converted_and_really_used(tmp_path):
    folder, home = tmp_path / "opus-mt-en-fr", tmp_path / "home"
    folder.mkdir()
    write_translator(folder)

    done = run(home, folder, "--license", "MIT", "--json")

    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["id"] == "opus-mt-en-fr"
    assert report["float32"]["caption_agreement"] == 1.0
    assert report["converted"]["token_agreement"] >= 0.9
    assert report["measured"]["peak_rss_bytes"] > 10_000_000
    assert report["measured"]["seconds"] > 0
    async with EdgeRuntime(Settings(home=home, threads=1)) as runtime:
        spec = runtime.model("opus-mt-en-fr")
        assert runtime.store.state(spec) is ModelState.INSTALLED
        assert all(file.sha256 for file in spec.files)
        (measured,) = spec.measured
        assert measured.peak_rss_bytes == report["measured"]["peak_rss_bytes"]
        assert spec.requires.memory_bytes == measured.peak_rss_bytes
        answer = await runtime.runner(spec).translate(TranslateJob(("A dog runs.",)))
    assert answer.texts[0]
    assert not (home / "models" / ".convert" / "opus-mt-en-fr").exists()


def test_pruning_keeps_the_row_of_a_converted_model(tmp_path, capsys):
    folder, home = tmp_path / "made-here", tmp_path / "home"
    folder.mkdir()
    write_translator(folder)
    assert run(home, folder, "--quantization", "float32").returncode == 0

    assert main(["download", "--prune", "--yes", "--home", str(home)]) == 0

    assert "nothing to remove" in capsys.readouterr().out
    kept = {path.name for path in (home / "models" / "made-here").iterdir()}
    assert {"model.yaml", "conversion.json", "encoder.onnx"} <= kept


def test_an_interrupted_conversion_leaves_no_model_and_goes_on(tmp_path):
    folder, home = write_captioner(tmp_path / "blip", "blip"), tmp_path / "home"
    command = [sys.executable, "-m", "edge_runtime", "convert", str(folder)]
    child = subprocess.Popen(
        [*command, "--home", str(home), "--quantization", "float32"],
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in child.stderr:
        if "ask PyTorch" in line:
            child.send_signal(signal.SIGINT)
            break
    rest = child.stderr.read()
    child.stderr.close()

    assert child.wait(timeout=30) == 130, rest
    assert "interrupted" in rest
    assert not (home / "models" / "blip").exists()
    work = home / "models" / ".convert" / "blip"
    exported = (work / "float32" / "encoder.onnx").stat().st_mtime_ns

    again = run(home, folder, "--quantization", "float32", "--json")

    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["float32"]["caption_agreement"] == 1.0
    made = home / "models" / "blip" / "encoder.onnx"
    assert made.stat().st_mtime_ns != exported


def test_what_is_wrong_is_one_line_and_an_exit_code(tmp_path):
    (tmp_path / "bert").mkdir()
    (tmp_path / "bert" / "config.json").write_text('{"model_type": "bert"}')

    done = run(tmp_path / "home", tmp_path / "bert")

    assert done.returncode == 4
    (line,) = [text for text in done.stderr.splitlines() if "error:" in text]
    assert "the architecture 'bert'" in line
    assert "Traceback" not in done.stderr


def test_photos_to_compare_on_must_be_there(tmp_path, capsys):
    (tmp_path / "nothing").mkdir()
    arguments = ["convert", str(tmp_path), "--photos", str(tmp_path / "nothing")]
    assert main([*arguments, "--home", str(tmp_path / "home")]) == 1
    assert "there are no photos" in capsys.readouterr().err
