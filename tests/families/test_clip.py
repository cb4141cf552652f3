"""CLIP's scores on small graphs of its form that see only colours."""

from dataclasses import replace
from functools import partial

import numpy as np
from PIL import Image
import pytest

from edge_runtime.errors import ModelBrokenError
from edge_runtime.families.base import FamilyConfig, Question
from edge_runtime.families.clip import ClipScorer, _unit
from edge_runtime.sessions.onnx import OnnxSession
from tests.fixtures.scorer import colours


@pytest.fixture(scope="module")
def config() -> FamilyConfig:
    return FamilyConfig(
        files=colours.files(colours.CLIP_FILES),
        preprocess={"size": (32, 32), "mean": [0.5] * 3, "std": [0.5] * 3},
        generate={},
        open_session=partial(OnnxSession, threads=1, options={}),
    )


@pytest.fixture(scope="module")
def scorer(config) -> ClipScorer:
    return ClipScorer(config)


@pytest.fixture
def green(scorer):
    return scorer.see(Image.new("RGB", (50, 40), colours.GREEN))


def embedded(scorer, text):
    """Compute what the text graph has to give for one text, without padding."""
    ids = np.array([scorer._tokenizer.ids(text)], np.int64)
    feeds = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
    (vector,) = scorer._text.run(feeds)[0]
    return vector / np.linalg.norm(vector)


def test_a_caption_gets_its_clip_score(scorer, green):
    texts = ["a dog on the grass", "a cat", "the zebu"]
    found = scorer.score(green, Question(captions=texts)).captions
    picture = np.array([-1, 1, -1]) / np.sqrt(3)
    for text, score in zip(texts, found, strict=True):
        cosine = float(embedded(scorer, f"A photo depicts {text}") @ picture)
        assert score == pytest.approx(2.5 * max(cosine, 0), abs=1e-5)
    assert found[0] > 2.4
    assert found[1] == 0


def test_a_noun_is_held_against_a_text_that_says_nothing(scorer, green):
    question = Question(phrases=["dog", "cat", "zebu"])
    present = scorer.score(green, question).phrases
    assert present[0] > 0.99
    assert present[1] < 0.01
    picture = np.array([-1, 1, -1]) / np.sqrt(3)
    noun, neutral = (
        float(embedded(scorer, text) @ picture)
        for text in ("a photo of a zebu", "a photo")
    )
    expected = 1 / (1 + np.exp(-100 * (noun - neutral)))
    assert present[2] == pytest.approx(expected, abs=1e-4)


def test_texts_of_other_lengths_beside_it_change_no_score(scorer, green):
    alone = scorer.score(green, Question(captions=["dog"])).captions
    texts = ["dog", "x" * 300, *["a cat on the grass"] * 40, "dog"]
    among = scorer.score(green, Question(captions=texts)).captions
    assert among[0] == pytest.approx(alone[0])
    assert among[-1] == pytest.approx(alone[0])
    assert len(among) == 43


def test_nothing_asked_is_nothing_scored(scorer, green):
    found = scorer.score(green, Question())
    assert (found.captions, found.phrases, found.labels) == ((), (), ())
    assert found.nouns is None


def test_graphs_of_another_form_are_refused(config):
    files = dict(config.files)
    files["vision_model"], files["text_model"] = (
        files["text_model"],
        files["vision_model"],
    )
    with pytest.raises(ModelBrokenError, match="no CLIP graph with pixel_values"):
        ClipScorer(replace(config, files=files))


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_a_vector_without_direction_is_an_error(value):
    with pytest.raises(ModelBrokenError, match="no direction"):
        _unit(np.full((1, 3), value))
