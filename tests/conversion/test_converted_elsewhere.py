"""BLIP as its row in the manifest says: converted, copied, used on another machine."""

import json
import os
import shutil
import subprocess
import sys

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

from conversion.checkpoints import write_captioner  # noqa: E402
from PIL import Image  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402

from edge_runtime.convert.sources import open_checkpoint  # noqa: E402
from edge_runtime.manifest import load_manifest  # noqa: E402
from edge_runtime.pipeline.sentence import to_sentence  # noqa: E402
from edge_runtime.selftest import load_samples  # noqa: E402

pytestmark = pytest.mark.timeout(180)
MODEL = "blip-image-captioning-base"


def run(home, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "edge_runtime", *map(str, arguments)],
        env={
            **os.environ,
            "EDGE_CAPTIONS_HOME": str(home),
            "EDGE_CAPTIONS_OFFLINE": "true",
            "OMP_NUM_THREADS": "1",
        },
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def small_photos(folder):
    """Write photos of the model's own size: a large one is scaled in two steps."""
    paths = []
    for sample in load_samples()[:4]:
        paths.append(folder / f"{sample.path.stem}.png")
        Image.open(sample.path).convert("RGB").resize((64, 64)).save(paths[-1])
    return paths


@pytest.mark.parametrize("quantization", ["int8", "float32"])
def test_a_model_made_on_a_desktop_is_used_where_it_is_copied(tmp_path, quantization):
    desktop, other = tmp_path / "desktop", tmp_path / "other"
    checkpoint = write_captioner(tmp_path / "checkpoint", "blip", gain=1.2)
    row = load_manifest().get(MODEL)
    (origin,) = {file.sources[0].location for file in row.files}

    told = run(other, "download", MODEL)
    assert told.returncode != 0
    assert f"edge-captions convert {origin} --id {MODEL}" in told.stderr

    wanted = ["--id", MODEL, "--quantization", quantization]
    made = run(desktop, "convert", checkpoint, *wanted, "--json")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["converted"]["token_agreement"] >= 0.9
    copied = other / "models" / MODEL
    shutil.copytree(desktop / "models" / MODEL, copied, dirs_exist_ok=True)
    shutil.rmtree(desktop)
    fetched = run(other, "download", MODEL)
    assert fetched.returncode == 0, fetched.stderr
    assert f"{MODEL}: is already here" in fetched.stderr
    photos = small_photos(tmp_path)
    said = captions(other, photos)

    assert [found["model"] for found in said] == [MODEL] * len(photos)
    ours = [to_sentence(found["raw_caption"]) for found in said]
    assert len(set(ours)) > 1
    if quantization == "float32":
        theirs = pytorch_says(checkpoint, photos, row.generate)
        assert ours == [to_sentence(text) for text in theirs]


def captions(home, photos):
    done = run(home, "caption", "--model", MODEL, "--json", *photos)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def pytorch_says(folder, photos, settings):
    """Return PyTorch's captions with the manifest's settings for the search."""
    checkpoint = open_checkpoint(folder)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    texts = []
    for pixels in checkpoint.inputs([str(path) for path in photos]):
        with torch.no_grad():
            found = checkpoint.model.generate(
                pixel_values=torch.from_numpy(pixels),
                do_sample=False,
                num_beams=settings["num_beams"],
                min_new_tokens=settings["min_new_tokens"],
                max_new_tokens=checkpoint.row.generate["max_new_tokens"],
            )
        texts.append(tokenizer.decode(found[0].tolist()[1:]))
    return texts
