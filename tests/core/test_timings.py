"""What models really took: a mean that forgets, written now and then."""

from dataclasses import replace
import json

import pytest

from edge_runtime.manifest import load_manifest
from edge_runtime.timings import Timings

TINY = load_manifest().get("tiny-captioner")
OTHER = load_manifest().get("im2txt-flickr8k")
DAY = 24 * 3600


class Clock:
    now = 1_800_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def timings(tmp_path, clock):
    return Timings(tmp_path, lambda: {"cpu": "one"}, clock)


def again(tmp_path, clock, cpu="one"):
    return Timings(tmp_path, lambda: {"cpu": cpu}, clock).seconds([TINY, OTHER])


def test_a_mean_follows_what_is_measured(timings):
    for seconds in (1.0, 1.0, 2.0):
        timings.note(TINY, seconds, is_warm=True)
    assert timings.seconds([TINY]) == {"tiny-captioner": pytest.approx(1.2)}
    for _ in range(30):
        timings.note(TINY, 2.0, is_warm=True)
    assert timings.seconds([TINY])["tiny-captioner"] == pytest.approx(2.0, rel=0.01)


def test_the_first_answer_counts_only_until_there_is_a_second(timings):
    timings.note(TINY, 9.0, is_warm=False)
    assert timings.seconds([TINY]) == {"tiny-captioner": 9.0}
    timings.note(TINY, 1.0, is_warm=True)
    assert timings.seconds([TINY]) == {"tiny-captioner": 1.0}
    timings.note(TINY, 9.0, is_warm=False)
    assert timings.seconds([TINY]) == {"tiny-captioner": 1.0}


def test_it_is_kept_for_the_same_machine_and_files(timings, tmp_path, clock):
    timings.note(TINY, 1.0, is_warm=True)
    assert not (tmp_path / "seconds.json").exists()
    assert timings.is_due
    timings.save()

    assert again(tmp_path, clock) == {"tiny-captioner": 1.0}
    assert again(tmp_path, clock, cpu="another") == {}
    changed = replace(TINY, files=TINY.files[:1])
    assert timings.seconds([changed]) == {}
    timings.note(changed, 3.0, is_warm=True)
    assert timings.seconds([changed]) == {"tiny-captioner": 3.0}


def test_what_nobody_added_to_for_a_week_no_longer_counts(timings, clock):
    timings.note(TINY, 99.0, is_warm=True)
    clock.now += 6 * DAY
    timings.note(OTHER, 1.0, is_warm=True)
    clock.now += 2 * DAY
    assert timings.seconds([TINY, OTHER]) == {"im2txt-flickr8k": 1.0}


def test_it_is_written_now_and_then_and_at_the_end(timings, tmp_path, clock):
    timings.save()
    assert not (tmp_path / "seconds.json").exists(), "nothing is new"
    timings.note(TINY, 1.0, is_warm=True)
    timings.save()
    timings.note(TINY, 2.0, is_warm=True)
    assert not timings.is_due, "written a moment ago"
    timings.save()
    assert again(tmp_path, clock) == {"tiny-captioner": pytest.approx(1.2)}


def test_a_change_worth_a_new_decision_is_told_once(timings, tmp_path, clock):
    timings.note(TINY, 1.0, is_warm=True)
    assert timings.revision == 1
    for _ in range(5):
        timings.note(TINY, 1.05, is_warm=True)
    assert timings.revision == 1
    timings.note(TINY, 9.0, is_warm=True)
    assert timings.revision == 2
    timings.save()
    later = Timings(tmp_path, lambda: {"cpu": "one"}, clock)
    later.note(TINY, 2.6, is_warm=True)
    assert later.revision == 0, "it was known before"


@pytest.mark.parametrize("text", ["", "[]", '{"machine": {"cpu": "one"}}', "{"])
def test_a_damaged_file_is_begun_anew(timings, tmp_path, clock, text):
    (tmp_path / "seconds.json").write_text(text)
    timings.note(TINY, 1.0, is_warm=True)
    timings.save()
    assert again(tmp_path, clock) == {"tiny-captioner": 1.0}


def test_a_home_that_nobody_uses_is_not_made_for_it(tmp_path, clock):
    timings = Timings(tmp_path / "home", dict, clock)
    timings.note(TINY, 1.0, is_warm=True)
    timings.save()
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "home").mkdir()
    timings.save()
    assert (tmp_path / "home" / "seconds.json").exists()


def test_a_home_that_takes_nothing_costs_no_caption(tmp_path, clock, caplog):
    (tmp_path / "seconds.json").mkdir()
    timings = Timings(tmp_path, dict, clock)
    timings.note(TINY, 1.0, is_warm=True)
    timings.save()
    assert "can't be kept" in caplog.text
    assert json.dumps(timings.seconds([TINY])) == '{"tiny-captioner": 1.0}'
