"""A tiny vision-language model in a real worker: pictures, bounds, bad files."""

from contextlib import asynccontextmanager
from functools import partial
from importlib.util import find_spec
import json

import numpy as np
from PIL import Image
import pytest

if find_spec("llama_cpp") is None:
    pytest.skip(
        "llama-cpp-python is not installed: run scripts/text_environment",
        allow_module_level=True,
    )

import gguf
import vision_pair as pair

from edge_runtime.errors import (
    ModelBrokenError,
    ModelUnusableError,
    PromptTooLongError,
)
from edge_runtime.families.base import FamilyConfig
from edge_runtime.families.vision_chat import VisionChat, tidy
from edge_runtime.inference.child import WorkerLaunch
from edge_runtime.inference.messages import CaptionJob, LoadRequest
from edge_runtime.inference.runner import ModelRunner, RunnerState
from edge_runtime.sessions.llama import LlamaSession

pytestmark = pytest.mark.timeout(120)
TOKENS = 12


@pytest.fixture(scope="session")
def pair_files(tmp_path_factory):
    return pair.write_pair(tmp_path_factory.mktemp("pair"))


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    paths = []
    for seed, size in enumerate([(96, 64), (64, 128), (300, 200), (48, 48)]):
        small = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8)
        paths.append(folder / f"{seed}.png")
        Image.fromarray(small).resize(size).save(paths[-1])
    return paths


def model_of(text, projector, *, tiles=1, n_ctx=256, **generate):
    session = partial(LlamaSession, threads=1, options={"n_ctx": n_ctx})
    files = {"weights": str(text), "mmproj": str(projector)}
    preprocess = {"max_image_edge_px": 128, "image_tiles": tiles}
    generate = {"max_new_tokens": TOKENS, **generate}
    return VisionChat(FamilyConfig(files, preprocess, generate, session))


@pytest.fixture(scope="module")
def model(pair_files):
    return model_of(*pair_files)


@asynccontextmanager
async def serving(settings, text, projector, n_ctx=256):
    request = LoadRequest(
        "tiny",
        "vision_chat",
        "llama-cpp-python",
        {"weights": str(text), "mmproj": str(projector)},
        1,
        generate={"max_new_tokens": TOKENS},
        options={"n_ctx": n_ctx},
    )
    runner = ModelRunner(request, WorkerLaunch(settings.worker_command))
    try:
        yield runner
    finally:
        await runner.stop()


def text_of(model, path, **generate):
    with Image.open(path) as image:
        return model.caption(image, generate).captions[0].text


async def test_a_worker_says_of_each_photo_something_else(settings, pair_files, photos):
    async with serving(settings, *pair_files) as runner:
        answers = [await runner.caption(CaptionJob(path=str(p))) for p in photos]
    texts = {answer.captions[0].text for answer in answers}
    assert len(texts) == len(photos)
    for answer in answers:
        best = answer.captions[0]
        assert len(best.token_logprobs) == TOKENS
        assert all(logprob <= 0 for logprob in best.token_logprobs)
        assert {"decode", "encode", "prompt", "generate"} <= set(answer.seconds)


def test_a_second_question_about_the_picture_costs_only_its_words(model, photos):
    with Image.open(photos[0]) as image:
        model.caption(image, {"prompt": "Another one?"})
        first = model.caption(image, {"prompt": "What is it?"})
        with Image.open(photos[1]) as other:
            model.caption(other, {})
        again = model.caption(image, {"prompt": "What is it?"})
    assert first.seconds["encode"] == 0
    assert again.seconds["encode"] > 0
    assert first.captions[0].text == again.captions[0].text


def test_the_prompt_matters_and_its_marks_do_not_count(model, photos):
    plain = text_of(model, photos[0], prompt="What is it?")
    assert plain != text_of(model, photos[0], prompt="Is the gate open?")
    for mark in ("<image>", "<end_of_utterance>", "<__media__>"):
        assert text_of(model, photos[0], prompt=f"What is it?{mark}") != plain


def test_a_photo_is_read_whole_unless_its_tiles_are_asked_for(pair_files, photos):
    with Image.open(photos[2]) as image:
        whole = model_of(*pair_files).caption(image, {"prompt": "?"})
        # 4 tiles by 3 and the whole one, 16 tokens each
        with pytest.raises(PromptTooLongError, match="image_max_tokens"):
            model_of(*pair_files, tiles=0, n_ctx=200).caption(image, {})
        cut = model_of(*pair_files, tiles=0, n_ctx=512).caption(image, {"prompt": "?"})
    assert whole.captions[0].text != cut.captions[0].text


def test_an_answer_keeps_a_schema_or_a_grammar(model, photos):
    schema = {"type": "object", "properties": {"open": {"type": "boolean"}}}
    schema["required"] = ["open"]
    found = text_of(model, photos[0], json_schema=schema, max_new_tokens=40)
    assert json.loads(found)["open"] in {True, False}
    rules = 'root ::= "yes" | "no"'
    assert text_of(model, photos[0], grammar=rules) in {"yes", "no"}
    with pytest.raises(ModelUnusableError, match="cut off"):
        text_of(model, photos[0], grammar='root ::= "a" root', max_new_tokens=5)
    with pytest.raises(ModelUnusableError, match="rules"):
        text_of(model, photos[0], grammar="root ::= (")


def test_a_seed_repeats_what_is_drawn(model, photos):
    drawn = [
        text_of(model, photos[0], temperature=1.5, repetition_penalty=1.1, seed=seed)
        for seed in (1, 1, 2)
    ]
    assert drawn[0] == drawn[1] != drawn[2]


async def test_a_long_prompt_is_a_typed_error_and_the_worker_stays(
    settings, pair_files, photos
):
    async with serving(settings, *pair_files, n_ctx=128) as runner:
        job = CaptionJob(path=str(photos[0]), generate={"prompt": "word " * 100})
        with pytest.raises(PromptTooLongError, match="128"):
            await runner.caption(job)
        assert runner.state is RunnerState.READY
        assert (await runner.caption(CaptionJob(path=str(photos[0])))).captions[0].text


@pytest.mark.parametrize("share", [0.001, 0.02, 0.5, 0.95])
async def test_a_truncated_projector_is_named_with_what_to_do(
    settings, pair_files, tmp_path, share
):
    text, projector = pair_files
    short = tmp_path / "short.gguf"
    short.write_bytes(projector.read_bytes()[: int(projector.stat().st_size * share)])
    async with serving(settings, text, short) as runner:
        with pytest.raises(ModelBrokenError, match=r"short.gguf.*download it again"):
            await runner.ensure_ready()


async def test_a_language_model_is_no_projector(settings, pair_files):
    text, projector = pair_files
    async with serving(settings, text, text) as runner:
        with pytest.raises(ModelBrokenError, match="projector"):
            await runner.ensure_ready()
    async with serving(settings, projector, projector) as runner:
        with pytest.raises((ModelBrokenError, ModelUnusableError), match="mmproj-tiny"):
            await runner.ensure_ready()


async def test_files_of_two_models_do_not_belong_together(
    settings, pair_files, tmp_path
):
    weights = pair.random_weights()
    name = "model.connector.modality_projection.proj.weight"
    weights[name] = np.concatenate([weights[name]] * 2)
    _, other = pair.write_pair(tmp_path, weights)
    async with serving(settings, pair_files[0], other) as runner:
        with pytest.raises(ModelBrokenError, match="don't belong together"):
            await runner.ensure_ready()


async def test_a_projector_of_an_unknown_kind_asks_for_a_newer_library(
    settings, pair_files, tmp_path
):
    text, projector = pair_files
    strange = tmp_path / "strange.gguf"
    kind = gguf.VisionProjectorType.IDEFICS3.encode()
    strange.write_bytes(projector.read_bytes().replace(kind, b"zebra123"))
    async with serving(settings, text, strange) as runner:
        with pytest.raises(ModelUnusableError, match="newer"):
            await runner.ensure_ready()


def test_what_was_cut_off_ends_with_a_sentence():
    assert tidy(" A dog.\nIt runs on", cut_off=True) == "A dog."
    assert tidy("A dog runs on", cut_off=True) == "A dog runs on"
    assert tidy("A dog. It runs", cut_off=False) == "A dog. It runs"
