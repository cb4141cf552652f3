"""Whether a thing that is looked for is there, as a table of evidence and answers."""

from dataclasses import replace

import pytest

from edge_runtime.manifest import Thresholds
from edge_runtime.pipeline.check import Checked, Evidence
from edge_runtime.pipeline.looking import look, seek, unanswered
from edge_runtime.schemas import LookedFor, Verdict

LIMITS = Thresholds(
    caption_sure=0.9,
    noun_present=0.8,
    noun_absent=0.4,
    label_present=0.8,
    asked_present=0.95,
    asked_absent=0.05,
)
NOTHING = Checked("a photo", Verdict.NONE, (), "")


def answer(thing, phrases, *, nouns=(), said=NOTHING, limits=LIMITS, unknown=()):
    (sought,) = seek([thing])
    scores = dict.fromkeys(sought.questions, 0.0) | phrases
    evidence = Evidence({}, scores, frozenset(unknown), nouns=dict(nouns))
    return look(sought, evidence, said, limits)


@pytest.mark.parametrize(
    ("thing", "phrases", "nouns", "present"),
    [
        ("car", {"car": 0.95}, {}, True),
        ("car", {"car": 0.94}, {}, None),
        ("car", {"car": 0.05}, {}, None),
        ("car", {"car": 0.04}, {}, False),
        ("the cars", {"car": 0.2, "cars": 0.96}, {}, True),
        ("car", {"car": 0.04}, {"car": 0.4}, None),
        ("car", {"car": 0.4}, {"car": 0.8}, True),
        ("house", {"house": 0.2}, {"house": 0.98}, None),
        ("dog", {"dog": 0.99}, {}, None),
        ("dog", {"dog": 0.99}, {"dog": 0.4}, True),
        ("cat", {"cat": 0.01}, {"cat": 0.9}, True),
        ("person", {"person": 0.99, "man": 0.99}, {}, None),
        ("person", {"person": 0.01, "man": 0.3}, {}, None),
        ("people", {"person": 0.01, "man": 0.02}, {}, False),
        ("animal", {"animal": 0.01}, {"dog": 0.9}, True),
        ("red car", {"car": 0.99, "red car": 0.96}, {}, True),
        ("red car", {"car": 0.99, "red car": 0.01}, {}, None),
        ("red car", {"car": 0.01, "red car": 0.01}, {}, False),
    ],
)
def test_only_strong_evidence_answers(thing, phrases, nouns, present):
    found = answer(thing, phrases, nouns=nouns)
    assert found.present is present
    assert found.thing == thing
    assert found.score is not None
    assert (found.reason == "the scorer is not sure") is (present is None)


@pytest.mark.parametrize(
    ("text", "verdict", "present"),
    [
        ("a man is walking", Verdict.SURE, True),
        ("a man is walking", Verdict.UNSURE, None),
        ("a statue of a man", Verdict.SURE, None),
        ("a car", Verdict.SURE, None),
    ],
)
def test_a_caption_that_is_sure_is_a_witness(text, verdict, present):
    said = Checked(text, verdict, (), "")
    assert answer("person", {"man": 0.97}, said=said).present is present


@pytest.mark.parametrize(
    "thing",
    ["running", "night", "two dogs", "dog and cat", "car on fire", "12", "\N{DOG}"],
)
def test_what_is_no_single_thing_is_not_asked(thing):
    (sought,) = seek([thing])
    assert sought.questions == ()
    assert answer(thing, {}) == LookedFor(
        thing, reason=f"'{thing}' is no single thing to be seen"
    )


@pytest.mark.parametrize(
    ("thing", "unknown"), [("parcel", ["parcel"]), ("blue car", ["blue car"])]
)
def test_a_word_that_the_scorer_never_learned_is_not_answered(thing, unknown):
    found = answer(thing, {thing: 0.99, "car": 0.99}, unknown=unknown)
    assert (found.present, found.score) == (None, None)
    assert found.reason == f"the scorer doesn't know '{thing}'"


def test_a_scorer_that_was_not_measured_answers_nothing():
    limits = replace(LIMITS, asked_present=None, asked_absent=None)
    found = answer("car", {"car": 1.0}, limits=limits)
    assert found.present is None
    assert "not measured" in found.reason


def test_doubles_are_answered_once():
    assert [one.asked for one in seek(["car", "dog", "car"])] == ["car", "dog"]
    assert [one.thing for one in unanswered(["car", "car"], "x")] == ["car"]
