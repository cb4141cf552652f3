"""One scale for all models: dots for quality and speed, each with its source."""

import pytest
from selection_builders import here, model

from edge_runtime.manifest import load_manifest
from edge_runtime.selection.marks import (
    marks_in_words,
    marks_to_dict,
    quality_mark,
    speed_mark,
)
from edge_runtime.selection.model import Pace, PaceSource


@pytest.mark.parametrize(
    ("score", "dots"),
    [(0, 1), (19.9, 1), (20, 2), (48, 3), (60, 4), (79, 4), (80, 5), (100, 5)],
)
def test_every_twenty_points_are_a_dot(score, dots):
    assert quality_mark(model(score=score)).dots == dots


@pytest.mark.parametrize(
    ("seconds", "dots"),
    [(0.02, 5), (1, 5), (1.1, 4), (4, 4), (15, 3), (60, 2), (60.1, 1), (900, 1)],
)
def test_some_four_times_as_long_is_a_dot_less(seconds, dots):
    assert speed_mark(here(seconds)).dots == dots


def test_what_nobody_knows_has_no_mark():
    assert marks_to_dict(model(score=None), None) == {
        "of": 5,
        "quality": None,
        "speed": None,
    }
    assert quality_mark(model(quality={"score": "very good"})) is None
    assert list(marks_in_words(model(score=None), None)) == []


def test_a_mark_names_its_source():
    spec = model(quality={"score": 76, "basis": "published", "source": "a paper"})
    pace = Pace(4.8, PaceSource.ESTIMATED)

    assert marks_to_dict(spec, pace) == {
        "of": 5,
        "quality": {
            "dots": 4,
            "score": 76.0,
            "basis": "published",
            "source": "a paper",
        },
        "speed": {"dots": 3, "seconds": 4.8, "source": "estimated"},
    }
    assert list(marks_in_words(spec, pace)) == [
        "quality ●●●●○ (published)",
        "speed ●●●○○ about 4.8 s a photo (estimated)",
    ]


def test_every_shipped_score_says_what_it_rests_on():
    for spec in load_manifest().models:
        mark = quality_mark(spec)
        assert mark is not None, spec.id
        assert mark.basis, spec.id
