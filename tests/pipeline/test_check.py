"""The decision what may be said, as a table of scores and what must come out."""

from dataclasses import replace

import pytest

from edge_runtime.manifest import Thresholds, UnknownWord
from edge_runtime.pipeline import parse
from edge_runtime.pipeline.check import Evidence, check
from edge_runtime.schemas import ImageLabel, Verdict

LIMITS = Thresholds(
    caption_sure=0.8, noun_present=0.7, noun_absent=0.2, label_present=0.6
)
BIKE = "a man is sitting on a bicycle"
DOG = "a brown dog on the beach"


def seen(captions=0.9, **things: float) -> Evidence:
    """Return evidence: each thing's probability, `_` standing for a space."""
    phrases = {name.replace("_", " "): value for name, value in things.items()}
    texts = (
        BIKE,
        DOG,
        "a man on a bench",
        "a dog on the beach",
        "a man in a red shirt",
    )
    return Evidence(dict.fromkeys(texts, captions), phrases)


def labelled(evidence: Evidence, name: str, value: float, **nouns: float) -> Evidence:
    return replace(
        evidence, labels=(ImageLabel(name, value),), nouns={name: value, **nouns}
    )


def decide(evidence: Evidence, *captions: str, limits: Thresholds = LIMITS):
    return check([parse(text) for text in captions], evidence, limits)


def test_everything_present_and_the_whole_true_is_sure():
    found = decide(seen(man=0.9, bicycle=0.8), BIKE)
    assert (found.text, found.verdict, found.doubted) == (BIKE, Verdict.SURE, ())
    assert found.reason == ""


@pytest.mark.parametrize(
    ("evidence", "doubted"),
    [
        (seen(0.79, man=0.9, bicycle=0.9), ()),
        (seen(man=0.9, bicycle=0.69), ("bicycle",)),
        (seen(man=0.2, bicycle=0.5), ("man", "bicycle")),
        (seen(man=0.9), ("bicycle",)),
    ],
)
def test_what_is_between_the_thresholds_is_unsure(evidence, doubted):
    found = decide(evidence, BIKE)
    assert (found.text, found.verdict, found.doubted) == (BIKE, Verdict.UNSURE, doubted)


def test_the_next_caption_without_a_missing_thing_is_taken():
    evidence = seen(man=0.9, bicycle=0.1, bench=0.9)
    found = decide(evidence, BIKE, "a man on a bicycle", "a man on a bench")
    assert (found.text, found.verdict) == ("a man on a bench", Verdict.SURE)
    assert found.doubted == ("bicycle",)
    assert found.reason == "another wording fits the photo better"


def test_the_doubts_of_the_taken_caption_are_told_too():
    evidence = seen(man=0.9, bicycle=0.1, bench=0.5)
    found = decide(evidence, BIKE, "a man on a bench")
    assert found.verdict is Verdict.UNSURE
    assert found.doubted == ("bicycle", "bench")


def test_a_missing_thing_is_cut_out():
    found = decide(seen(man=0.9, bicycle=0.1), BIKE)
    assert (found.text, found.verdict) == ("a man", Verdict.UNSURE)
    assert found.doubted == ("bicycle",)


def test_the_first_caption_with_its_subject_is_cut():
    evidence = seen(woman=0.1, man=0.9, bicycle=0.1, car=0.1)
    found = decide(evidence, "a woman on a bicycle", "a man in a car")
    assert found.text == "a man"
    assert found.doubted == ("woman", "bicycle")


def test_a_wrong_colour_is_left_out():
    evidence = seen(man=0.9, shirt=0.9, red_shirt=0.1)
    found = decide(evidence, "a man in a red shirt")
    assert (found.text, found.verdict) == ("a man in a shirt", Verdict.UNSURE)
    assert found.doubted == ("red",)


def test_a_colour_that_is_only_unlikely_is_kept():
    evidence = seen(man=0.9, shirt=0.9, red_shirt=0.3)
    assert decide(evidence, "a man in a red shirt").verdict is Verdict.SURE


def test_without_a_subject_the_labels_speak():
    evidence = labelled(seen(man=0.1, bicycle=0.1), "cat", 0.77)
    found = decide(evidence, BIKE)
    assert (found.text, found.verdict) == ("a photo of a cat", Verdict.UNSURE)
    assert found.doubted == ("man", "bicycle")


@pytest.mark.parametrize(
    ("label", "text"),
    [("orange", "an orange"), ("sunglasses", "sunglasses"), ("water", "water")],
)
def test_a_label_gets_the_article_it_needs(label, text):
    evidence = labelled(seen(man=0.1, bicycle=0.1), label, 0.9)
    assert decide(evidence, BIKE).text == f"a photo of {text}"


def test_without_a_strong_label_what_is_surely_there_is_named():
    evidence = labelled(seen(man=0.1, bicycle=0.9), "cat", 0.59)
    assert decide(evidence, BIKE).text == "a photo of a bicycle"
    evidence = seen(dog=0.1, brown_dog=0.1, beach=0.8)
    assert decide(evidence, DOG).text == "a photo of the beach"


def test_with_nothing_supported_it_is_not_told():
    found = decide(seen(man=0.1, bicycle=0.1), BIKE)
    assert (found.text, found.verdict) == ("a photo", Verdict.NONE)
    assert found.doubted == ("man", "bicycle")


def test_a_strong_label_speaks_against_another_of_its_kind():
    evidence = seen(dog=0.9, brown_dog=0.9, beach=0.9)
    found = decide(labelled(evidence, "cat", 0.77, dog=0.03), DOG)
    assert found.text == "a photo of a cat"
    assert found.doubted == ("dog",)


@pytest.mark.parametrize(
    ("label", "value", "nouns"),
    [
        ("cat", 0.59, {"dog": 0.03}),  # not strong enough
        ("cat", 0.62, {"dog": 0.3}),  # the dog is seen as well
        ("swing", 0.9, {"dog": 0.03}),  # of another kind
        ("dog", 0.9, {}),  # the very thing
    ],
)
def test_other_labels_speak_against_nothing(label, value, nouns):
    evidence = labelled(seen(dog=0.9, brown_dog=0.9, beach=0.9), label, value, **nouns)
    assert decide(evidence, DOG).text == DOG


def test_a_strong_label_supports_its_noun():
    evidence = labelled(seen(dog=0.3, brown_dog=0.3, beach=0.9), "dog", 0.9)
    assert decide(evidence, DOG).verdict is Verdict.SURE
    plural = replace(evidence, captions={"dogs on the beach": 0.9})
    assert decide(plural, "dogs on the beach").verdict is Verdict.SURE


def test_an_animal_that_the_caption_leaves_out_makes_it_unsure():
    evidence = seen(man=0.9, bicycle=0.9)
    found = decide(labelled(evidence, "cat", 0.9), BIKE)
    assert (found.text, found.verdict, found.doubted) == (BIKE, Verdict.UNSURE, ())
    assert decide(labelled(evidence, "helmet", 0.9), BIKE).verdict is Verdict.SURE


def test_a_scorer_without_label_thresholds_uses_no_labels():
    limits = replace(LIMITS, label_present=None)
    evidence = labelled(seen(man=0.1, bicycle=0.1), "cat", 0.99)
    assert decide(evidence, BIKE, limits=limits).verdict is Verdict.NONE


@pytest.mark.parametrize(
    ("rule", "text"), [(UnknownWord.UNSURE, BIKE), (UnknownWord.ABSENT, "a man")]
)
def test_an_unknown_word_is_never_sure(rule, text):
    evidence = replace(seen(man=0.9, bicycle=0.99), unknown=frozenset({"bicycle"}))
    evidence = labelled(evidence, "bicycle", 0.99)
    found = decide(evidence, BIKE, limits=replace(LIMITS, unknown_word=rule))
    assert (found.text, found.verdict) == (text, Verdict.UNSURE)
    assert found.doubted == ("bicycle",)


def test_a_caption_that_names_nothing_is_never_sure():
    evidence = Evidence({"looking up": 1.0}, {})
    assert decide(evidence, "looking up").verdict is Verdict.UNSURE


def test_an_empty_caption_is_passed_over():
    evidence = seen(man=0.9, bicycle=0.9)
    assert decide(evidence, "", BIKE).text == BIKE
    assert decide(Evidence({}, {}), "").verdict is Verdict.NONE


def test_the_thresholds_themselves_count_as_reached():
    evidence = seen(0.8, man=0.7, bicycle=0.7)
    assert decide(evidence, BIKE).verdict is Verdict.SURE
    assert decide(seen(man=0.2, bicycle=0.2), BIKE).text == BIKE


def test_no_caption_at_all_is_a_mistake():
    with pytest.raises(ValueError, match="no caption"):
        check([], Evidence({}, {}), LIMITS)
