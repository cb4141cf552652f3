"""Captioners in the hub's layouts say what `generate()` says of twenty photos."""

from dataclasses import replace
import shutil

import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

from conversion.comparing import (  # noqa: E402
    INPUTS,
    TOKENS,
    compare,
    only_pixels,
)
from conversion.hub_models import (  # noqa: E402
    FLORENCE2_SETTINGS,
    florence2_inputs,
    make_florence2,
    make_pair,
    make_vit_gpt2,
)
from conversion.photo_models import photos, spoken  # noqa: E402

from edge_runtime.errors import ModelBrokenError  # noqa: E402
from edge_runtime.families.florence2 import TASKS, Florence2Captioner  # noqa: E402
from edge_runtime.families.vocabulary import load_tokenizer  # noqa: E402
from edge_runtime.imaging import to_pixel_values  # noqa: E402
from edge_runtime.manifest import load_manifest  # noqa: E402


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder that is gone after the tests: full-size models are large."""
    path = tmp_path_factory.mktemp("model")
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def small_vit_gpt2(folder):
    return make_vit_gpt2(folder / "vit_gpt2", full=False)


@pytest.fixture(scope="module")
def small_florence2(folder):
    return make_florence2(folder / "florence2", full=False)


@pytest.mark.timeout(120)
def test_vit_gpt2_says_what_generate_says(small_vit_gpt2):
    assert compare(small_vit_gpt2, only_pixels, {}, (1, 4)) >= 15


@pytest.mark.timeout(120)
def test_vit_gpt2_stops_where_its_published_length_does(small_vit_gpt2):
    model, captioner, config = small_vit_gpt2
    limit = load_manifest().get("vit-gpt2").generate["max_new_tokens"]
    for photo in photos()[:3]:
        pixels = torch.from_numpy(to_pixel_values(photo, config.preprocess))
        said = model.generate(pixel_values=pixels, max_length=16)[0].tolist()
        assert len(said) == 16  # the end, which is the start too, never came
        ours = captioner.caption(photo, {"max_new_tokens": limit}).captions[0]
        assert ours.text == spoken(said[1:], model.config.decoder.vocab_size)


@pytest.mark.timeout(120)
def test_distilvit_says_what_generate_says(tmp_path):
    made = make_vit_gpt2(tmp_path, full=False, name="distilvit")
    model, _, config = made
    assert not hasattr(model, "enc_to_dec_proj")
    decoder = config.open_session(config.file("decoder"))
    cached = [name for name in decoder.inputs if name.endswith(".key")]
    assert len(cached) == len(model.encoder.layers) // 2
    assert compare(made, only_pixels, {}, (1, 4)) >= 15


@pytest.mark.timeout(240)
def test_florence2_says_what_generate_says(small_florence2):
    settings = FLORENCE2_SETTINGS
    assert compare(small_florence2, florence2_inputs, settings, (1, 3)) >= 15


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", INPUTS)
def test_blip_and_git_say_what_generate_says(tmp_path, name):
    made = make_pair(name, tmp_path, full=False)
    assert compare(made, INPUTS[name], {}, (1, 3)) >= 15


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
