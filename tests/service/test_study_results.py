"""What a study says, held against numbers that were computed elsewhere."""

import csv
from io import StringIO
import json

import pytest

from edge_runtime.schemas import Verdict
from edge_runtime.service.study_export import COLUMNS, to_csv, to_jsonl
from edge_runtime.service.study_results import (
    confidence_interval,
    krippendorff_alpha,
    results_of,
    spearman,
)
from edge_runtime.store import Study, StudyCaption, StudyRating, StudyState, Variant

OBSERVERS = (
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)
"""The worked example of Krippendorff's "Computing Krippendorff's Alpha-Reliability"."""
STUDY = Study(
    "S",
    "A/B & <more>",
    "en",
    StudyState.OPEN,
    (Variant("Raw", "tiny", check=False), Variant("=Checked", "tiny", check=True)),
    "scorer",
    None,
    0,
)
HASHES = {"p": "aa" * 32, "q": "bb" * 32}


def caption(photo: str, variant: int, text: str, score: float) -> StudyCaption:
    return StudyCaption(photo, variant, text, Verdict.SURE, score, 0.5)


def rating(who: int, photo: str, variant: int, stars: int) -> StudyRating:
    return StudyRating(who, photo, variant, stars, 1000)


CAPTIONS = [
    caption("p", 0, "A man, a dog", 0.1),
    caption("p", 1, "A dog", 0.7),
    caption("q", 0, "=1+1", 0.4),
    caption("q", 1, "=1+1", 0.4),
]
RATINGS = [
    rating(1, "p", 0, 2),
    rating(1, "p", 1, 5),
    rating(1, "q", 0, 3),
    rating(1, "q", 1, 3),
    rating(2, "p", 0, 4),
    rating(2, "p", 1, 3),
    rating(2, "q", 0, 3),
    rating(2, "q", 1, 3),
    rating(3, "p", 0, 1),
    rating(3, "p", 1, 4),
]


def test_agreement_is_that_of_the_worked_example():
    units = [
        [int(value) for value in unit if value != "."]
        for unit in zip(*(line.split() for line in OBSERVERS), strict=True)
    ]
    assert krippendorff_alpha(units) == pytest.approx(0.815, abs=0.0005)
    assert krippendorff_alpha([[1, 1], [3, 3], [5, 5, 5]]) == 1
    assert krippendorff_alpha([[1, 5], [5, 1], [1, 5]]) < 0
    for nothing in ([], [[3]], [[], [4]], [[2, 2], [2, 2]]):
        assert krippendorff_alpha(nothing) is None


@pytest.mark.parametrize(
    ("count", "quantile"),
    [(2, 12.706), (3, 4.303), (4, 3.182), (6, 2.571), (31, 2.042), (62, 1.9996)],
)
def test_a_confidence_interval_is_students(count, quantile):
    means = [3.0 + (-1) ** n for n in range(count)]
    middle = sum(means) / count
    spread = (sum((m - middle) ** 2 for m in means) / (count - 1)) ** 0.5
    low, high = confidence_interval(means)
    assert (low + high) / 2 == pytest.approx(middle)
    assert (high - low) / 2 == pytest.approx(quantile * spread / count**0.5, rel=0.005)


def test_one_respondent_has_no_confidence_interval():
    assert confidence_interval([3.0]) is None
    assert confidence_interval([]) is None


def test_ranks_that_are_shared_share_their_mean():
    # what scipy says of these
    pairs = [(1, 1), (2, 3), (2, 2), (4, 5), (9, 4)]
    assert spearman(pairs) == pytest.approx(0.8720815992723809)
    assert spearman([(1, 3), (2, 2), (3, 1)]) == pytest.approx(-1)
    assert spearman([(1, 1), (2, 2)]) is None
    assert spearman([(1, 1), (1, 2), (1, 3)]) is None


def test_results_of_a_small_study():
    results = results_of(STUDY, CAPTIONS, RATINGS)
    raw, checked = results.variants
    assert (results.photos, results.respondents, results.ratings) == (2, 3, 10)
    # the means of the respondents' own means: 2.5, 3.5, 1 and 4, 3, 4
    assert raw.mean == pytest.approx(7 / 3)
    assert checked.mean == pytest.approx(11 / 3)
    assert checked.low < checked.mean < checked.high
    assert raw.stars == (1, 1, 2, 1, 0)
    assert raw.image_text_score == pytest.approx(0.25)
    assert raw.seconds == 0.5
    (pair,) = results.pairs
    assert (pair.first_wins, pair.ties, pair.second_wins) == (1, 2, 2)
    assert results.score_correlation == pytest.approx(1)


def test_a_study_that_nobody_answered_yet():
    results = results_of(STUDY, CAPTIONS, [])
    assert (results.respondents, results.agreement) == (0, None)
    assert results.variants[0].mean is None
    assert results.variants[1].image_text_score == pytest.approx(0.55)


def test_the_table_has_one_line_for_each_rating_and_no_formula():
    rows = list(csv.DictReader(StringIO(to_csv(STUDY, CAPTIONS, RATINGS, HASHES))))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == len(RATINGS)
    assert rows[0]["picture_sha256"] == HASHES["p"]
    assert (rows[0]["variant"], rows[0]["stars"]) == ("Raw", "2")
    assert rows[3]["variant"] == "'=Checked"
    assert rows[3]["caption"] == "'=1+1"
    assert rows[0]["rated_at"] == "1970-01-01T00:00:01.000Z"


def test_the_preferences_name_who_won_how_often():
    text = to_jsonl(STUDY, CAPTIONS, RATINGS, HASHES)
    first, second = map(json.loads, text.splitlines())
    assert first["picture_sha256"] == HASHES["p"]
    assert first["captions"][1]["mean_stars"] == 4
    assert first["captions"][0]["stars"][0] == {"respondent": 1, "stars": 2}
    assert first["preferences"] == [
        {
            "chosen": "=Checked",
            "rejected": "Raw",
            "votes": 2,
            "votes_against": 1,
            "ties": 0,
        }
    ]
    assert second["preferences"] == [], "the same words are no preference"
