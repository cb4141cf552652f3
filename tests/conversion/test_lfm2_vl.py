"""LFM2-VL on onnxruntime says of pictures what transformers says."""

from dataclasses import replace
import json
import shutil
import sys

import numpy as np
import pytest

pytest.importorskip("onnx", reason="onnx is not installed")
torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

from conversion.lfm2_vl_models import (  # noqa: E402
    family_config,
    lfm2_vl,
    publish,
    publish_asking_decoder,
    quantize,
)
from conversion.lfm2_vl_processor import processed  # noqa: E402
from conversion.lfm2_vl_words import VOCABULARY  # noqa: E402
from conversion.photo_models import MARGIN, photos, smallest_margin  # noqa: E402
from transformers import RepetitionPenaltyLogitsProcessor  # noqa: E402

from edge_runtime.errors import (  # noqa: E402
    ModelBrokenError,
    ModelUnusableError,
    PromptTooLongError,
)
from edge_runtime.families.vision_chat import VisionChat  # noqa: E402
from edge_runtime.imaging import to_patches  # noqa: E402
from edge_runtime.inference.child import WorkerLaunch  # noqa: E402
from edge_runtime.inference.messages import CaptionJob, LoadRequest  # noqa: E402
from edge_runtime.inference.runner import ModelRunner  # noqa: E402

pytestmark = pytest.mark.timeout(300)
TOKENS = 20
PROMPT = "What is it?"
END = VOCABULARY.index("<|im_end|>")
IMAGE = VOCABULARY.index("<image>")
PATCH = 16
EXACT = 1e-5
STEP = 2 / 255
FORM = {
    "type": "object",
    "properties": {
        "open": {"type": "boolean"},
        "colour": {"enum": ["red", "K\u00e4fer"]},
        "count": {"type": "integer", "minimum": 0, "maximum": 99},
    },
    "required": ["open", "colour", "count"],
}


@pytest.fixture(scope="module")
def model():
    return lfm2_vl()


@pytest.fixture(scope="module")
def folder(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("lfm2_vl")
    publish(model, path)
    return path


@pytest.fixture(scope="module")
def captioner(folder):
    return VisionChat(family_config(folder, max_new_tokens=TOKENS, prompt=PROMPT))


@pytest.fixture(scope="module")
def given(captioner, folder):
    """Return what transformers' processor makes of the photos and the prompt."""
    return processed(photos(), folder, PROMPT)


def said_by(model, inputs, **settings):
    """Return the likeliest tokens, their log-probabilities and the least margin."""
    fed = {name: torch.from_numpy(array) for name, array in inputs.items()}
    with torch.no_grad():
        found = model.generate(
            **fed,
            **settings,
            max_new_tokens=TOKENS,
            do_sample=False,
            eos_token_id=END,
            pad_token_id=0,
            output_logits=True,
            return_dict_in_generate=True,
        )
    tokens = found.sequences[0, inputs["input_ids"].shape[1] :].tolist()
    logits = torch.stack(found.logits)[:, 0].log_softmax(-1)
    chosen = logits[range(len(tokens)), tokens].tolist()
    return tokens, chosen, smallest_margin(found.logits, tokens)


def text_of(tokens):
    return "".join(VOCABULARY[token] for token in tokens if token != END)


def compare(model, captioner, given):
    """Hold twenty captions against `generate()`."""
    texts, margins = set(), []
    for photo, inputs in zip(photos(), given, strict=True):
        tokens, logprobs, margin = said_by(model, inputs)
        ours = captioner.caption(photo, {}).captions[0]
        assert ours.text == text_of(tokens)
        assert ours.token_logprobs == pytest.approx(logprobs, abs=0.1)
        texts.add(ours.text)
        margins.append(margin)
    assert len(texts) >= 15  # the photo matters
    assert min(margins) > MARGIN


def test_twenty_photos_are_described_as_generate_does(model, captioner, given):
    compare(model, captioner, given)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_full_size_describes_as_generate_does(given, tmp_path):
    model = lfm2_vl(full=True)
    publish(model, tmp_path)
    config = family_config(tmp_path, max_new_tokens=TOKENS, prompt=PROMPT)
    try:
        compare(model, VisionChat(config), given)
    finally:
        shutil.rmtree(tmp_path)


def test_prompt_and_picture_reach_the_model_as_the_processor_has_them(captioner, given):
    session, resized = captioner._session, 0
    before, after = session._chat.around_picture([("user", PROMPT)], "")
    for photo, inputs in zip(photos(), given, strict=True):
        ours = to_patches(photo, session._grid, {})
        places = ours.tokens(session._grid.merge)
        ids = [*before, *[IMAGE] * places, *after]
        assert ids == inputs["input_ids"][0].tolist()
        assert [[ours.rows, ours.columns]] == inputs["spatial_shapes"].tolist()
        count = ours.rows * ours.columns
        assert inputs["pixel_attention_mask"].sum() == count  # the rest is padding
        apart = abs(ours.pixel_values - inputs["pixel_values"][:, :count])
        if photo.size == (ours.columns * PATCH, ours.rows * PATCH):
            assert apart.max() < EXACT
            continue
        resized += 1
        # one of 255 steps, where Pillow rounds otherwise than torchvision
        assert apart.max() < STEP + EXACT
        assert (apart > EXACT).mean() < 0.2
    assert 0 < resized < len(given)


def test_what_was_said_is_penalized_as_in_transformers(model, captioner, given):
    changed = 0
    for photo, inputs in zip(photos()[:5], given, strict=False):
        length = inputs["input_ids"].shape[1]
        rule = RepetitionPenaltyLogitsProcessor(1.5, prompt_ignore_length=length)
        tokens, *_ = said_by(model, inputs, logits_processor=[rule])
        ours = captioner.caption(photo, {"repetition_penalty": 1.5}).captions[0]
        assert ours.text == text_of(tokens)
        changed += ours.text != captioner.caption(photo, {}).captions[0].text
    assert changed > 0


def test_weights_of_four_bits_say_nearly_the_same(captioner, folder, given):
    pytest.importorskip("onnx_ir", reason="onnx-ir is not installed")
    quantize(folder)
    assert (folder / "decoder_model_merged_q4.onnx_data").stat().st_size > 0
    config = family_config(folder, "_q4", max_new_tokens=TOKENS, prompt=PROMPT)
    small, texts = VisionChat(config), set()
    for photo in photos()[: len(given)]:
        both = captioner._session, small._session
        for session in both:
            session.see(np.asarray(photo), [("user", PROMPT)], "", TOKENS)
        features = [session._features.ravel() for session in both]
        scores = [session._decoder.logits for session in both]
        assert np.corrcoef(*features)[0, 1] > 0.95
        assert np.corrcoef(*scores)[0, 1] > 0.85
        texts.add(small.caption(photo, {}).captions[0].text)
    assert len(texts) >= 5
    assert all(texts)


def test_the_picture_is_encoded_once_for_all_its_questions(captioner):
    photo, other = photos()[:2]
    captioner.caption(photo, {})
    again = captioner.caption(photo, {"prompt": "Is it a dog?"})
    fresh = captioner.caption(other, {"prompt": "Is it a dog?"})
    assert again.seconds["encode"] == 0
    assert fresh.seconds["encode"] > 0
    back = captioner.caption(photo, {"prompt": "Is it a dog?"})
    assert back.captions[0] == again.captions[0] != fresh.captions[0]


def test_the_prompt_matters_and_its_marks_do_not_count(captioner):
    photo = photos()[0]
    plain = captioner.caption(photo, {}).captions[0].text
    for prompt in ("Is the gate open?", f"{PROMPT}<image>", f"{PROMPT}<|im_end|>"):
        assert captioner.caption(photo, {"prompt": prompt}).captions[0].text != plain


def test_a_decoder_that_asks_for_more_is_given_it(model, captioner, folder, tmp_path):
    decoder = publish_asking_decoder(model, tmp_path / "asking")
    config = family_config(folder, max_new_tokens=TOKENS, prompt=PROMPT)
    files = {**config.files, "decoder": str(decoder)}
    asking = VisionChat(replace(config, files=files))
    for photo in photos()[:4]:
        ours = captioner.caption(photo, {}).captions[0]
        theirs = asking.caption(photo, {}).captions[0]
        assert theirs.text == ours.text
        assert theirs.token_logprobs == pytest.approx(ours.token_logprobs, abs=1e-3)
    # the scores of one token alone leave room for a longer prompt
    long = {"prompt": "word " * 180}
    assert asking.caption(photos()[0], long).captions[0].text
    with pytest.raises(PromptTooLongError, match="1024"):
        captioner.caption(photos()[0], long)


def test_fewer_tokens_for_a_picture_where_the_row_caps_them(folder):
    config = family_config(folder)
    for most in (16, 100):
        capped = replace(config, preprocess={"image_max_tokens": most})
        session = VisionChat(capped)._session
        for photo in photos()[:6]:
            seen = session.see(np.asarray(photo), [("user", PROMPT)], "", TOKENS)
            assert seen.picture_tokens <= most


def test_what_can_not_be_done_is_said(captioner, folder):
    photo, config = photos()[0], family_config(folder)
    with pytest.raises(PromptTooLongError, match=r"1024.*image_max_tokens"):
        captioner.caption(photo, {"prompt": "word " * 300})
    with pytest.raises(ModelUnusableError, match=r"without llama.cpp"):
        captioner.caption(photo, {"grammar": 'root ::= "yes"'})
    with pytest.raises(ModelUnusableError, match=r"'pattern'"):
        captioner.caption(photo, {"json_schema": {"pattern": "a"}})
    with pytest.raises(ModelUnusableError, match="cut off"):
        captioner.caption(photo, {"json_schema": FORM, "max_new_tokens": 3})
    with pytest.raises(ModelUnusableError, match="image_tiles"):
        VisionChat(replace(config, preprocess={"image_tiles": 0}))
    swapped = {**config.files, "decoder": config.file("vision_encoder")}
    with pytest.raises(ModelBrokenError, match=r"decoder has the inputs .*unknown"):
        VisionChat(replace(config, files=swapped))
    swapped = {**config.files, "vision_encoder": config.file("embed_tokens")}
    with pytest.raises(ModelBrokenError, match=r"vision encoder has the inputs"):
        VisionChat(replace(config, files=swapped))
    narrow = VisionChat(config)
    narrow._session._encode = lambda _, places: np.zeros((places, 7), np.float32)
    with pytest.raises(ModelBrokenError, match="7 values, those of words 48"):
        narrow.caption(photo, {})
    assert captioner.caption(photo, {}).captions[0].text  # it goes on


@pytest.mark.parametrize("temperature", [0.0, 1.5])
def test_an_answer_keeps_a_schema(captioner, temperature):
    wish = {"json_schema": FORM, "max_new_tokens": 200, "temperature": temperature}
    said = set()
    for photo in photos()[:6]:
        found = captioner.caption(photo, wish).captions[0]
        values = json.loads(found.text)
        assert values["open"] in {True, False}
        assert values["colour"] in {"red", "K\u00e4fer"}
        assert 0 <= values["count"] <= 99
        assert len(found.token_logprobs) >= len(found.text)
        said.add(found.text)
    assert len(said) > 1


async def test_a_worker_says_the_same_of_a_file(captioner, folder, tmp_path):
    photo = photos()[0]
    photo.save(tmp_path / "photo.png")
    config = family_config(folder)
    request = LoadRequest(
        "tiny",
        "vision_chat",
        "onnxruntime",
        dict(config.files),
        1,
        generate={"max_new_tokens": TOKENS, "prompt": PROMPT},
    )
    command = (sys.executable, "-P", "-m", "edge_runtime.inference.worker")
    runner = ModelRunner(request, WorkerLaunch(command))
    try:
        answer = await runner.caption(CaptionJob(path=str(tmp_path / "photo.png")))
    finally:
        await runner.stop()
    assert answer.captions[0].text == captioner.caption(photo, {}).captions[0].text
