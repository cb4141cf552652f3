"""The whole command, in processes of its own: installed, really used, interrupted."""

import asyncio
import json
import os
import signal
import subprocess
import sys

from PIL import Image
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")
from conversion.checkpoints import write_captioner, write_translator
from tokenizers import Tokenizer

from edge_runtime.cli.main import main
from edge_runtime.config import Settings
from edge_runtime.convert.sources import open_checkpoint
from edge_runtime.downloads import ModelState
from edge_runtime.inference.messages import CaptionJob
from edge_runtime.inference.text_messages import TranslateJob
from edge_runtime.runtime import EdgeRuntime
from edge_runtime.selftest import SAMPLES

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


@pytest.mark.parametrize(
    "kind", ["blip", pytest.param("florence2", marks=pytest.mark.slow)]
)
def test_a_converted_captioner_says_what_pytorch_says(tmp_path, kind):
    folder, home = write_captioner(tmp_path / kind, kind), tmp_path / "home"

    done = run(home, folder, "--quantization", "float32", "--json")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["float32"]["caption_agreement"] == 1.0
    checkpoint = open_checkpoint(folder)
    photo = str(tmp_path / "cat.png")  # small: a large one is scaled in two steps
    Image.open(SAMPLES / "cat.jpg").resize((64, 64)).save(photo)
    (pixels,) = checkpoint.inputs([photo])
    said = checkpoint.refer(pixels, 8).tokens

    async def caption():
        async with EdgeRuntime(Settings(home=home, threads=1)) as runtime:
            wanted = {"max_new_tokens": 8, "num_beams": 1, "no_repeat_ngram_size": 0}
            job = CaptionJob(path=photo, generate=wanted)
            return await runtime.runner(runtime.model(kind)).caption(job)

    answer = asyncio.run(caption())
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    words = [token for token in said if token != checkpoint.end]
    assert answer.captions[0].text == tokenizer.decode(words).strip()
