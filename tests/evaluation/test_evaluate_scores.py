"""Scores of sets and photos, the table, and the JSON document."""

import json

from evaluations import NO_JAVA, dataset, evaluation_of, failed, photo, said
import pytest

from edge_runtime.evaluation import headline, notes, table_lines, to_document
from edge_runtime.evaluation.metrics import score_captions
from edge_runtime.evaluation.scores import Spread, spread

PHOTOS = (
    photo("a.jpg", "a black dog runs on grass", "the dog runs"),
    photo("b.jpg", "two cats sleep on a sofa", "cats on a red sofa"),
    photo("c.jpg", "a boy jumps into a pool", "the boy jumps"),
)
GOOD = [
    said("a.jpg", "a black dog runs on grass"),
    said("b.jpg", "two cats sleep on a sofa"),
    said("c.jpg", "a boy jumps into a pool"),
]
CHECKED = [
    said("a.jpg", "a black dog runs", verdict="sure", image_text_score=0.3),
    said("b.jpg", "a cat", "An animal.", verdict="unsure", image_text_score=0.1),
    said("c.jpg", "a horse", "", verdict="none"),
]


async def test_each_set_of_captions_gets_the_scores_of_the_metrics():
    found = await evaluation_of(dataset(*PHOTOS), good=GOOD, checked=CHECKED)
    good, checked = found.models
    references = [p.references for p in PHOTOS]
    assert good.raw.corpus == score_captions([r.raw_caption for r in GOOD], references)
    assert checked.checked.corpus == score_captions(
        ["A black dog runs.", "An animal.", ""], references
    )
    assert good.checked.corpus == good.raw.corpus
    assert not good.differs
    assert checked.differs
    assert checked.checked.corpus.rouge_l < checked.raw.corpus.rouge_l


async def test_a_photo_without_a_caption_is_scored_as_an_empty_one():
    broken = [GOOD[0], GOOD[1], failed("c.jpg")]
    left_out = await evaluation_of(dataset(*PHOTOS[:2]), m=GOOD[:2])
    counted = await evaluation_of(dataset(*PHOTOS), m=broken)
    (with_failure,) = counted.models
    assert with_failure.checked.photos[2].cider_d == 0
    assert with_failure.checked.photos[2].rouge_l == 0
    (without,) = left_out.models
    assert with_failure.checked.corpus.rouge_l == pytest.approx(
        without.checked.corpus.rouge_l * 2 / 3
    )
    assert with_failure.checked.distinct == 2
    assert with_failure.checked.mean_words == 6
    assert with_failure.verdicts == {"unchecked": 2}
    assert with_failure.seconds == Spread(0.1, 0.1)


async def test_no_photo_at_all_with_a_caption_is_scored_zero():
    found = await evaluation_of(dataset(PHOTOS[0]), m=[failed("a.jpg")])
    (model,) = found.models
    assert model.checked.corpus.cider_d == 0
    assert model.seconds is None
    assert table_lines(found)
    assert json.dumps(to_document(found))


def test_the_95th_percentile_is_the_nearest_rank():
    assert spread([]) is None
    assert spread([2.0]) == Spread(2.0, 2.0)
    assert spread(range(1, 101)) == Spread(50.5, 95)
    assert spread(range(1, 22)) == Spread(11, 20)


async def test_a_table_of_few_models_fits_in_80_columns_and_is_aligned():
    found = await evaluation_of(dataset(*PHOTOS), good=GOOD, checked=CHECKED)
    lines = table_lines(found, 80)
    assert max(map(len, lines)) <= 80
    ends = {len(line) for line in lines if line.startswith("  ")}
    assert len(ends) == 1
    shown = lines[: lines.index("the captioners' own words")]
    rows = {line.split("  ")[1]: line.split() for line in lines if line[:2] == "  "}
    (words,) = (line.split() for line in shown if "words per caption" in line)
    assert rows["unsure"][-2:] == ["0", "1"]
    assert rows["mean image-text score"][-2:] == ["-", "0.200"]
    assert words[-2:] == ["6.0", "3.0"]
    assert "captions as shown" in lines
    assert "the captioners' own words" in lines
    assert headline(found) == "park: 3 photos with 2 references each"


async def test_one_block_of_captions_where_checks_changed_nothing():
    found = await evaluation_of(dataset(*PHOTOS), good=GOOD)
    lines = table_lines(found)
    assert "captions" in lines
    assert "captions as shown" not in lines
    assert not any("image-text" in line for line in lines)


async def test_more_models_than_fit_follow_below():
    names = [f"model-with-a-long-name-{n}" for n in range(3)]
    found = await evaluation_of(dataset(*PHOTOS), **dict.fromkeys(names, GOOD))
    lines = table_lines(found, 80)
    assert max(map(len, lines)) <= 80
    heads = [line.split() for line in lines if "model-with" in line]
    assert heads == [names[:2], names[2:]]


async def test_what_was_left_out_or_failed_is_said():
    photos = dataset(*PHOTOS, skipped=("x.jpg",))
    found = await evaluation_of(photos, m=[GOOD[0], failed("b.jpg"), failed("c.jpg")])
    told = notes(found)
    assert f"METEOR: left out, {NO_JAVA}" in told
    assert any(line.startswith("SPICE: left out") for line in told)
    assert "absent and skipped: 1 photo" in told
    assert "m: 2 photos without a caption, scored as an empty one:" in told
    assert "  b.jpg: b.jpg: is cut off" in told
    assert max(map(len, told)) <= 80


async def test_the_document_holds_every_photo_of_every_model():
    found = await evaluation_of(dataset(*PHOTOS), good=GOOD, checked=CHECKED)
    document = json.loads(json.dumps(to_document(found)))
    assert [model["model"] for model in document["models"]] == ["good", "checked"]
    row = document["photos"][1]
    assert row["references"] == list(PHOTOS[1].references)
    assert row["results"]["checked"]["caption"] == "An animal."
    assert row["results"]["checked"]["raw_caption"] == "a cat"
    assert row["results"]["checked"]["image_text_score"] == 0.1
    scores = row["results"]["good"]["scores"]
    assert scores["caption"]["cider_d"] == found.models[0].checked.photos[1].cider_d
    mean = sum(
        photo["results"]["good"]["scores"]["caption"]["cider_d"]
        for photo in document["photos"]
    ) / len(PHOTOS)
    assert document["models"][0]["caption"]["cider_d"] == pytest.approx(mean)
    assert document["models"][1]["verdicts"] == {"sure": 1, "unsure": 1, "none": 1}
