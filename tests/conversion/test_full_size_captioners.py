"""Captioners of real layer counts and sizes say what `generate()` says of photos.

On a core that others wanted too (processor time, wall time, peak memory):
ViT-GPT2 139 s, 234 s, 7.5 GB; BLIP 127 s, 667 s, 3.3 GB;
GIT 106 s, 198 s, 2.9 GB; Florence-2 354 s, 1324 s, 5.5 GB.
    pytest -m slow --durations=0 tests/conversion/test_full_size_captioners.py
"""

from pathlib import Path
import shutil

import pytest

pytest.importorskip("onnx", reason="onnx is not installed")
pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

from conversion.comparing import (
    after_the_first_word,
    compare,
    look_once,
    only_pixels,
)
from conversion.hub_models import (
    FLORENCE2_SETTINGS,
    florence2_inputs,
    make_florence2,
    make_pair,
    make_vit_gpt2,
)

from edge_runtime.manifest import load_manifest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(5400)]
LEAD = 1e-3  # of a score, which is a mean over the words
VARIED = {"no_repeat_ngram_size": 2}  # else large random models repeat a word


@pytest.fixture
def folder(tmp_path):
    """Return a folder that is gone after the test: these models are large."""
    yield tmp_path
    shutil.rmtree(tmp_path)


def test_vit_gpt2_says_what_generate_says(folder):
    made = model, captioner, _ = make_vit_gpt2(folder, full=True)
    look_once(model.encoder, captioner._encoder)
    assert compare(made, only_pixels, {}, (1, 4)) >= 15


def test_blip_says_what_generate_says(folder):
    made = model, captioner, _ = make_pair("blip", folder, full=True)
    look_once(model.vision_model, captioner._encoder)
    assert compare(made, only_pixels, VARIED, (1, 3)) >= 15


def test_git_says_what_generate_says(folder):
    made = make_pair("git", folder, full=True)
    assert compare(made, after_the_first_word, VARIED, (1, 3)) >= 15


def test_florence2_says_what_generate_says(folder):
    made = model, captioner, config = make_florence2(folder, full=True)
    look_once(model.model.vision_tower, captioner._vision)
    assert_sizes_of("florence-2-base-ft", config)
    settings = FLORENCE2_SETTINGS
    assert compare(made, florence2_inputs, settings, (1, 3), lead=LEAD) >= 15


def assert_sizes_of(row, config):
    """Hold float32 graphs against those of the row, whose weights have one byte."""
    spec = load_manifest().get(row)
    for file in spec.files:
        if file.role != "tokenizer":
            ours = Path(config.file(file.role)).stat().st_size / 4
            assert ours == pytest.approx(file.bytes, rel=0.05), file.path
