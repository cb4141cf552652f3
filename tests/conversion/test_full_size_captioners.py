"""Captioners of real layer counts and sizes say what `generate()` says of photos."""

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

pytestmark = [pytest.mark.slow, pytest.mark.timeout(5400)]


@pytest.fixture
def folder(tmp_path):
    """Return a folder that is gone after the test: these models are large."""
    yield tmp_path
    shutil.rmtree(tmp_path)


def test_vit_gpt2_says_what_generate_says(folder):
    made = model, captioner, _ = make_vit_gpt2(folder, full=True)
    look_once(model.encoder, captioner._encoder)
    # 15 words and the token before them are the published limit of 16
    assert compare(made, only_pixels, {}, (1, 4), tokens=15) >= 15


def test_blip_says_what_generate_says(folder):
    made = model, captioner, _ = make_pair("blip", folder, full=True)
    look_once(model.vision_model, captioner._encoder)
    assert compare(made, only_pixels, {}, (1, 3)) >= 15


def test_git_says_what_generate_says(folder):
    made = make_pair("git", folder, full=True)
    assert compare(made, after_the_first_word, {}, (1, 3)) >= 15


def test_florence2_says_what_generate_says(folder):
    made = model, captioner, _ = make_florence2(folder, full=True)
    look_once(model.model.vision_tower, captioner._vision)
    assert compare(made, florence2_inputs, FLORENCE2_SETTINGS, (1, 3)) >= 15
