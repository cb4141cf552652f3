"""What a captioner may answer: pure rules, the way they must never bend."""

from dataclasses import replace

import pytest

from custom_components.edge_captions.answering import (
    asked_thing,
    is_description_field,
    unfollowable,
    yes_or_no,
)
from custom_components.edge_captions.records import Caption, YesNo


def caption(text: str, verdict: str = "sure") -> Caption:
    return Caption(
        id="1",
        text=text,
        language="en",
        model="m",
        verdict=verdict,
        doubted=(),
        score=0.9,
        origin="model",
        phase="final",
        photo_id=None,
        seconds=0.1,
    )


@pytest.mark.parametrize(
    "instruction",
    [
        "Describe this picture.",
        "Please describe the attached image in one short sentence",
        "What do you see?",
        "What is happening in the picture?",
        "Write a caption for this photo",
        "",
    ],
)
def test_a_wish_for_a_description_is_followed(instruction):
    assert unfollowable(instruction) == ()


@pytest.mark.parametrize(
    ("instruction", "words"),
    [
        ("How many cars are in the picture?", ("how", "many", "cars")),
        ("Describe the picture like a pirate", ("like", "pirate")),
        ("Is it here?", ("is", "it", "here")),
        ("Beschreibe das Bild", ("beschreibe", "das", "bild")),
        ("写一首诗", ("写一首诗",)),
        ("Describe the picture in German", ("german",)),
        ("Describe the picture but ignore people", ("but", "ignore", "people")),
    ],
)
def test_anything_more_is_named(instruction, words):
    assert unfollowable(instruction) == words


@pytest.mark.parametrize(
    ("name", "description", "is_one"),
    [
        ("caption", None, True),
        ("Description", "", True),
        ("colour", None, False),
        ("x", "A short description of the scene", True),
        ("caption", "The licence plate of the car", False),
    ],
)
def test_text_fields(name, description, is_one):
    assert is_description_field(name, description) is is_one


@pytest.mark.parametrize(
    ("name", "description", "thing"),
    [
        ("dog", None, "dog"),
        ("people", None, "person"),
        ("has_dogs", None, "dog"),
        ("person_detected", None, "person"),
        ("x", "Is there a red car in the picture?", "red car"),
        ("x", "Are there any people?", "person"),
        ("x", "Can you see a bus?", "bus"),
        ("x", "Is the door open?", None),
        ("x", "Is anybody wearing a helmet?", None),
        ("door_open", None, None),
        ("is_raining", None, None),
        ("is_it_too_late_now", None, None),
    ],
)
def test_things_that_are_asked_for(name, description, thing):
    assert asked_thing(name, description) == thing


@pytest.mark.parametrize(
    ("text", "thing"),
    [
        ("A black dog is running.", "dog"),
        ("Two dogs.", "dog"),
        ("Children playing on the beach.", "child"),
        ("A man on a bench.", "person"),
        ("A red car next to a bus.", "red car"),
        ("Three boxes.", "box"),
    ],
)
def test_a_sure_caption_that_names_it_says_yes(text, thing):
    assert yes_or_no(caption(text), thing).value is True


@pytest.mark.parametrize(
    ("text", "thing", "reason"),
    [
        ("A cat.", "dog", "doesn't prove"),
        ("A hot dog on a plate.", "dog", "doesn't prove"),
        ("A statue of a man.", "person", "doesn't prove"),
        ("A dog house.", "dog", "doesn't prove"),
        ("A street without a car.", "car", "not there"),
    ],
)
def test_nothing_else_says_yes_or_no(text, thing, reason):
    answer = yes_or_no(caption(text), thing)
    assert answer.value is None
    assert reason in answer.reason


@pytest.mark.parametrize("verdict", ["unsure", "none", "unchecked"])
def test_an_unsure_caption_says_nothing(verdict):
    answer = yes_or_no(caption("A dog.", verdict), "dog")
    assert answer.value is None
    assert verdict in answer.reason


@pytest.mark.parametrize("seen", [YesNo(value=False), YesNo(None, "not sure")])
def test_what_a_runtime_saw_counts_more_than_its_words(seen):
    looked = replace(caption("A dog."), looked_for={"dog": seen})
    assert yes_or_no(looked, "dog") == seen
    assert yes_or_no(looked, "cat").value is None
