"""Which model answers a question, and what somebody does who has none."""

import pytest
from selection_builders import (
    SMALL,
    context,
    files,
    machine,
    manifest,
    model,
    select,
)

from edge_runtime.answering import answering_model, data_of, how_to_get_answers
from edge_runtime.const import MB
from edge_runtime.errors import (
    ModelCannotAnswerError,
    ModelUnknownError,
    ModelUnusableError,
)

SEEING = {"family": "vision_chat", "library": "llama-cpp-python"}
NIMBLE = model("nimble", need_mb=200, score=30, files=files(90 * MB), **SEEING)
CLEVER = model("clever", need_mb=600, score=70, files=files(300 * MB), **SEEING)
ROWS = manifest(CLEVER, NIMBLE, SMALL)


def answering(rows, asked=None, here=("small",), hardware=None, **changes):
    chosen = select(rows, hardware or machine(), context(*here, **changes))
    return answering_model(rows, chosen, asked)


def advice(rows, hardware=None, **changes):
    chosen = select(rows, hardware or machine(), context("small", **changes))
    return how_to_get_answers(chosen, rows)


def test_the_best_that_is_here_answers():
    assert answering(ROWS, here=("small", "nimble")) is NIMBLE
    assert answering(ROWS, here=("small", "nimble", "clever")) is CLEVER
    assert answering(ROWS, "nimble", here=("small", "clever")) is NIMBLE


def test_without_one_the_best_and_the_smallest_download_are_named():
    with pytest.raises(ModelCannotAnswerError) as caught:
        answering(ROWS)
    assert caught.value.message == (
        "no model that is installed can answer; get one that answers questions: "
        "edge-captions download clever (300 MB), or edge-captions download "
        "nimble (90.0 MB)"
    )
    assert advice(manifest(NIMBLE, SMALL)) == (
        "get one that answers questions: edge-captions download nimble (90.0 MB)"
    )


def test_where_none_can_run_the_nearest_says_why():
    bare = {"onnxruntime": "1.32.0", "llama-cpp-python": None}
    assert advice(ROWS, libraries=bare) == (
        "one that answers questions, such as nimble (90.0 MB), needs llama-cpp-python, "
        'which is not installed: pip install "edge-captions[llm]"'
    )
    tight = machine(available_mb=150)
    assert "such as nimble (90.0 MB), needs " in advice(ROWS, tight)
    assert advice(manifest(SMALL)) == "no model that answers questions is known here"


def test_a_model_with_a_licence_to_accept_is_named_where_no_other_runs():
    terms = {"requires_acceptance": True, "license": "LicenseRef-Terms"}
    plain = {"family": "vision_chat", "library": "onnxruntime"}
    graphs = model("graphs", score=60, files=files(350 * MB), **plain, **terms)
    bare = {"onnxruntime": "1.32.0", "llama-cpp-python": None}
    assert advice(manifest(CLEVER, graphs, SMALL), libraries=bare) == (
        "get one that answers questions: edge-captions download --accept-license "
        "graphs (350 MB), if you accept its licence LicenseRef-Terms"
    )
    assert "clever" in advice(manifest(CLEVER, graphs, SMALL))


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        ("small", ModelCannotAnswerError, "small answers no questions about photos"),
        ("nobody", ModelUnknownError, "unknown model 'nobody'; ask nimble, which is"),
    ],
)
def test_a_model_that_can_not_answer_is_refused(asked, error, words):
    with pytest.raises(error, match=words):
        answering(ROWS, asked, here=("small", "nimble"))


def test_a_number_that_is_none_is_no_answer():
    assert data_of('{"cups": 2, "share": 0.5}') == {"cups": 2, "share": 0.5}
    with pytest.raises(ModelUnusableError, match=r"too large \(1e999\)"):
        data_of('{"cups": 1e999}')
