"""The hub's layouts by the command line: a row, its files, the worker's captions."""

import hashlib
import json
import os
from pathlib import Path
import re
import shutil
import subprocess
import sys

import pytest
import yaml

pytest.importorskip("onnx", reason="onnx is not installed")
pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

from conversion.hub_models import make_florence2, make_vit_gpt2
from conversion.im2txt_models import make_im2txt
from conversion.photo_models import write_words

from edge_runtime.families.im2txt import Im2txtCaptioner
from edge_runtime.imaging import open_photo
from edge_runtime.pipeline.sentence import to_sentence
from edge_runtime.selftest import load_samples
from tests.fixtures.scorer import colours

PHOTOS = [str(sample.path) for sample in load_samples()[:2]]
TOKENS = 6


def small_im2txt(folder):
    folder.mkdir()
    *_, config = make_im2txt(folder)
    return None, Im2txtCaptioner(config), config


MAKERS = {
    "encoder_decoder": lambda folder: make_vit_gpt2(folder, full=False),
    "florence2": lambda folder: make_florence2(folder, full=False),
    "im2txt": small_im2txt,
}


def row(model_id, family, config):
    """Return the manifest's row of files that are in one folder."""
    files = []
    for role, path in config.files.items():
        data, name = Path(path).read_bytes(), Path(path).name
        files.append(
            {
                "path": name,
                "role": role,
                "bytes": len(data),
                "sha256": hashlib.sha256(data).hexdigest(),
                "sources": [{"url": f"http://127.0.0.1:9/{name}"}],
            }
        )
    preprocess = {**config.preprocess, "size": list(config.preprocess["size"])}
    return {
        "id": model_id,
        "task": "image-to-text",
        "family": family,
        "library": "onnxruntime",
        "format": "onnx",
        "tuning": "finetuned",
        "license": "CC0-1.0",
        "languages": ["en"],
        "verified": True,
        "quality": {"score": 99, "basis": "estimated"},
        "requires": {"memory_bytes": 300_000_000},
        "preprocess": preprocess,
        "generate": {**config.generate, "max_new_tokens": TOKENS},
        "files": files,
    }


class Home:
    """A home with one model of one's own, and the command line over it."""

    def __init__(self, folder, family, config):
        self._manifest = folder / "models.yaml"
        placed = Path(config.file("encoder")).parent
        for path in colours.files(colours.CLIP_FILES).values():
            shutil.copy(path, placed)
        models = [row("mine", family, config)]
        models += yaml.safe_load(colours.row("colour-clip"))
        document = {"schema_version": 1, "models": models}
        self._manifest.write_text(yaml.safe_dump(document))
        self._placed = str(placed)
        self._home = folder / "home"

    def run(self, *arguments):
        done = subprocess.run(
            [sys.executable, "-m", "edge_runtime", *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            stdin=subprocess.DEVNULL,
            env={
                **os.environ,
                "EDGE_CAPTIONS_HOME": str(self._home),
                "EDGE_CAPTIONS_MANIFEST": str(self._manifest),
                "EDGE_CAPTIONS_MODELS_FOLDER": self._placed,
            },
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done


@pytest.mark.timeout(180)
@pytest.mark.parametrize("family", MAKERS)
def test_a_row_of_each_family_captions_and_is_checked(tmp_path, family):
    _, captioner, config = MAKERS[family](tmp_path / "files")
    home = Home(tmp_path, family, config)
    fetched = home.run("download", "mine", "colour-clip")
    assert fetched.returncode == 0, fetched.stderr

    done = home.run("caption", "--model", "mine", "--json", *PHOTOS)

    assert done.returncode == 0, done.stderr
    said = [json.loads(line) for line in done.stdout.splitlines()]
    for path, found in zip(PHOTOS, said, strict=True):
        seen = open_photo(path, captioner.target_size).image
        whole = captioner.caption(seen, {"max_new_tokens": TOKENS})
        assert found["model"] == "mine"
        assert to_sentence(whole.captions[0].text) == to_sentence(found["raw_caption"])
        assert found["verdict"] != "unchecked", found["notes"]
    assert said[0]["raw_caption"] != said[1]["raw_caption"]


def broken(tmp_path, family, change):
    _, _, config = MAKERS[family](tmp_path / "files")
    change(config.files)
    home = Home(tmp_path, family, config)
    home.run("download", "mine")
    return home.run("caption", "--model", "mine", PHOTOS[0])


def swap(files):
    encoder, decoder = files["encoder"], files["decoder"]
    shutil.move(encoder, encoder + ".kept")
    shutil.move(decoder, encoder)
    shutil.move(encoder + ".kept", decoder)


def lengthen(files):
    write_words(Path(files["tokenizer"]).parent, 600)


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (swap, "encoder and decoder don't belong together: last_hidden_state"),
        (lengthen, "the vocabulary has 600 tokens, the decoder 500"),
        (lambda files: files.pop("tokenizer"), "no file with the role 'vocabulary'"),
    ],
)
def test_files_that_do_not_belong_together_are_one_clear_line(
    tmp_path, change, message
):
    done = broken(tmp_path, "encoder_decoder", change)
    assert done.returncode != 0
    assert re.search(message, done.stderr), done.stderr
    assert done.stdout == ""
