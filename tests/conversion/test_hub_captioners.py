"""Captioners in the hub's layouts say what `generate()` says of twenty photos."""

from dataclasses import replace
import shutil

import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

from conversion.hub_models import (  # noqa: E402
    PROMPT,
    make_florence2,
    make_pair,
    make_vit_gpt2,
)
from conversion.photo_models import (  # noqa: E402
    MARGIN,
    photos,
    smallest_margin,
    spoken,
    up_to,
)

from edge_runtime.errors import ModelBrokenError  # noqa: E402
from edge_runtime.families.florence2 import TASKS, Florence2Captioner  # noqa: E402
from edge_runtime.families.vocabulary import load_tokenizer  # noqa: E402
from edge_runtime.imaging import to_pixel_values  # noqa: E402

TOKENS = 12


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder that is gone after the tests: full-size models are large."""
    path = tmp_path_factory.mktemp("model")
    yield path
    shutil.rmtree(path)


def florence2_inputs(model, pixels):
    image = [model.config.image_token_id] * 577
    return {"input_ids": torch.tensor([image + PROMPT]), "pixel_values": pixels}


def florence2_settings():
    return {
        "decoder_start_token_id": 2,
        "forced_bos_token_id": 0,
        "forced_eos_token_id": None,
        "eos_token_id": 2,
        "no_repeat_ngram_size": 3,
    }


def compare(made, inputs, settings, beams):
    """Hold twenty captions against `generate()`; return how many differ."""
    model, captioner, config = made
    eos = config.generate["eos_token_id"]
    words = len(load_tokenizer(config))
    said, margins = set(), []
    for photo in photos():
        pixels = torch.from_numpy(to_pixel_values(photo, config.preprocess))
        with torch.no_grad():
            theirs = model.generate(
                **inputs(model, pixels),
                **settings,
                max_new_tokens=TOKENS,
                num_beams=beams,
                do_sample=False,
                return_dict_in_generate=True,
                output_logits=True,
            )
        ours = captioner.caption(photo, {"num_beams": beams, "max_new_tokens": TOKENS})
        tokens = up_to(theirs.sequences[0].tolist()[1:], eos)
        assert ours.captions[0].text == spoken(tokens, words)
        said.add(tuple(tokens))
        if beams == 1:
            margins.append(smallest_margin(theirs.logits, tokens))
    assert all(margin > MARGIN for margin in margins), min(margins)
    return len(said)


def only_pixels(_, pixels):
    return {"pixel_values": pixels}


@pytest.fixture(scope="module")
def small_vit_gpt2(folder):
    return make_vit_gpt2(folder / "vit_gpt2", full=False)


@pytest.fixture(scope="module")
def small_florence2(folder):
    return make_florence2(folder / "florence2", full=False)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("beams", [1, 4])
def test_vit_gpt2_says_what_generate_says(small_vit_gpt2, beams):
    assert compare(small_vit_gpt2, only_pixels, {}, beams) >= 15


@pytest.mark.timeout(240)
@pytest.mark.parametrize("beams", [1, 3])
def test_florence2_says_what_generate_says(small_florence2, beams):
    settings = florence2_settings()
    assert compare(small_florence2, florence2_inputs, settings, beams) >= 15


def after_the_first_word(model, pixels):
    """GIT reads the picture before a text that has begun."""
    return {
        "pixel_values": pixels,
        "input_ids": torch.tensor([[model.config.bos_token_id]]),
    }


INPUTS = {"blip": only_pixels, "git": after_the_first_word}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", INPUTS)
def test_blip_and_git_say_what_generate_says(tmp_path, name):
    made = make_pair(name, tmp_path, full=False)
    for beams in (1, 3):
        assert compare(made, INPUTS[name], {}, beams) >= 15


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", INPUTS)
def test_blip_and_git_in_full_size_say_what_generate_says(tmp_path, name):
    made = make_pair(name, tmp_path, full=True)
    for beams in (1, 3):
        assert compare(made, INPUTS[name], {}, beams) >= 15
    shutil.rmtree(tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_vit_gpt2_in_full_size_says_what_generate_says(tmp_path):
    made = make_vit_gpt2(tmp_path, full=True)
    for beams in (1, 4):
        assert compare(made, only_pixels, {}, beams) >= 15
    shutil.rmtree(tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_florence2_in_full_size_says_what_generate_says(tmp_path):
    made = make_florence2(tmp_path, full=True)
    for beams in (1, 3):
        assert compare(made, florence2_inputs, florence2_settings(), beams) >= 15
    shutil.rmtree(tmp_path)


def freeze_scales(source, target):
    """Write a vision encoder whose scales are those of 224 pixels, as published."""
    model = onnx.load(str(source))
    for stage in range(4):
        block = f"/blocks.{stage}.0/channel_block/channel_attn/"
        old = f"/vision_tower{block}Constant_6_output_0"
        new = (
            f"/blocks.{stage}/blocks.{stage}.0/channel_block/channel_attn/fn/"
            "Constant_6_output_0"
        )
        for node in model.graph.node:
            if node.output[0] == f"/vision_tower{block}Constant_5_output_0":
                set_number(node, 1.0)
            if node.output[0] == old:
                set_number(node, 2**stage / 56)
            for names in (node.input, node.output):
                found = [new if name == old else name for name in names]
                del names[:]
                names.extend(found)
    onnx.save(model, str(target))


def set_number(node, value):
    number = onnx.helper.make_tensor("value", onnx.TensorProto.FLOAT, [], [value])
    node.attribute[0].t.CopyFrom(number)


def test_scales_that_were_frozen_at_224_pixels_are_put_right(small_florence2, tmp_path):
    _, right, config = small_florence2
    frozen = tmp_path / "vision_encoder.onnx"
    freeze_scales(config.file("vision_encoder"), frozen)
    files = {**config.files, "vision_encoder": str(frozen)}
    mended = Florence2Captioner(replace(config, files=files))
    pixels = {"pixel_values": to_pixel_values(photos()[0], config.preprocess)}
    expected = right._vision.run(pixels)[0]

    assert mended._vision.run(pixels)[0] == pytest.approx(expected, abs=1e-4)
    unmended = config.open_session(str(frozen)).run(pixels)[0]
    assert abs(unmended - expected).max() > 1e-2


class RefusesEmpty:
    """A session as some runtimes have it: no dimension of the states may be zero."""

    def __init__(self, session):
        self._session = session
        self.refused = 0

    def __getattr__(self, name):
        return getattr(self._session, name)

    def run(self, feeds, *, last=False):
        if any(".encoder." in n and not value.size for n, value in feeds.items()):
            self.refused += 1
            raise ModelBrokenError("a dimension with the value zero")
        return self._session.run(feeds, last=last)


def test_a_runtime_that_takes_no_empty_cache_says_the_same(small_florence2):
    _, captioner, config = small_florence2
    wary = Florence2Captioner(config)
    wary._decoder.session = session = RefusesEmpty(wary._decoder.session)
    for photo in photos()[:2]:
        settings = {"max_new_tokens": TOKENS}
        expected = captioner.caption(photo, settings).captions[0].text
        assert wary.caption(photo, settings).captions[0].text == expected
    assert session.refused == 1  # it is not asked again


def test_a_task_is_read_as_its_sentence(small_florence2):
    _, captioner, config = small_florence2
    tokenizer, photo = load_tokenizer(config), photos()[0]
    for task, sentence in TASKS.items():
        asked = {"prompt": task, "max_new_tokens": TOKENS}
        ids = {"prompt_token_ids": tokenizer.encode(sentence), "prompt": None}
        expected = captioner.caption(photo, {**asked, **ids}).captions
        assert captioner.caption(photo, asked).captions == expected
    plain = captioner.caption(photo, {"max_new_tokens": TOKENS}).captions
    assert plain != expected
    with pytest.raises(ModelBrokenError, match=r"no task '<JOKE>': .* <DETAILED_CAPT"):
        captioner.caption(photo, {"prompt": "<JOKE>"})
