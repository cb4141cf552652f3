"""What is left of a caption when things are taken out of it is still English."""

import pytest

from edge_runtime.pipeline import parse
from edge_runtime.pipeline.cut import cut_down, named


@pytest.mark.parametrize(
    ("caption", "missing", "left"),
    [
        ("a man is sitting on a bicycle", "bicycle", "a man"),
        ("a man is sitting on a bicycle in the park", "bicycle", "a man in the park"),
        ("a man in a red shirt is walking a dog", "shirt", "a man is walking a dog"),
        ("a man in a red shirt is walking a dog", "dog", "a man in a red shirt"),
        ("a man in a red shirt is walking a dog", "shirt dog", "a man"),
        ("a man is walking a dog on the beach", "dog", "a man on the beach"),
        ("a man is walking a dog on the beach", "dog beach", "a man"),
        ("a dog with a ball in its mouth", "ball", "a dog"),
        ("a dog with a ball in its mouth", "mouth", "a dog with a ball"),
        ("a man holding a dog wearing a hat", "dog", "a man"),
        (
            "a man holding a dog is sitting on a bench",
            "dog",
            "a man is sitting on a bench",
        ),
        ("a man sits on a chair and holds a cup", "chair", "a man holds a cup"),
        ("a man sits on a chair and holds a cup", "cup", "a man sits on a chair"),
        ("a man and a dog are running on the beach", "dog", "a man on the beach"),
        ("a man and a dog on the beach", "dog", "a man on the beach"),
        ("a cat, a dog and a bird", "dog", "a cat"),
        ("a woman with a hat and sunglasses", "sunglasses", "a woman with a hat"),
        ("two dogs playing with a ball outside", "ball", "two dogs"),
        ("a man holding a dog is running", "dog", "a man is running"),
        ("a man throwing a ball to a dog", "dog", "a man throwing a ball"),
        ("a man who is wearing a hat", "hat", "a man"),
        ("a boy jumps up while a girl watches", "girl", "a boy"),
        ("a boy on a car while a girl sits in the snow", "girl", "a boy on a car"),
        ("a boy on a car while a girl is on a bench", "girl", "a boy on a car"),
    ],
)
def test_missing_things_go_with_what_hangs_on_them(caption, missing, left):
    parsed = parse(caption)
    places = {i for i, p in enumerate(parsed.phrases) if p.noun in missing.split()}
    assert len(places) == len(missing.split())
    assert cut_down(parsed, places, ()) == left


def test_nothing_missing_leaves_the_caption():
    caption = "a black and white dog runs, with a ball in its mouth"
    assert cut_down(parse(caption), (), ()) == caption


@pytest.mark.parametrize(
    ("caption", "plain", "left"),
    [
        ("a man in a red shirt", "shirt", "a man in a shirt"),
        ("a black dog", "dog", "a dog"),
        ("an orange ball on the grass", "ball", "a ball on the grass"),
        ("a big elephant", "elephant", "an elephant"),
        ("A big elephant", "elephant", "An elephant"),
        ("two small dogs in a wide field", "dogs field", "two dogs in a field"),
    ],
)
def test_wrong_modifiers_go_and_the_article_agrees(caption, plain, left):
    parsed = parse(caption)
    places = {i for i, p in enumerate(parsed.phrases) if p.noun in plain.split()}
    assert cut_down(parsed, (), places) == left


@pytest.mark.parametrize("caption", ["a man is sitting on a bicycle", "", "looking up"])
def test_without_a_subject_nothing_is_left(caption):
    assert cut_down(parse(caption), {0}, ()) is None


@pytest.mark.parametrize(
    ("caption", "alone"),
    [
        ("a red ball", "a red ball"),
        ("an old car", "an old car"),
        ("two dogs", "dogs"),
        ("the water", "water"),
        ("the beach", "the beach"),
        ("his hat", None),
        ("the ball", None),
    ],
)
def test_what_a_thing_is_called_alone(caption, alone):
    assert named(parse(caption).phrases[0]) == alone
