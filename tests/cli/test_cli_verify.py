"""What `edge-captions caption` tells about the check of a caption."""

import asyncio
from dataclasses import replace

import pytest

from edge_runtime.cli.caption import in_words
from edge_runtime.schemas import CaptionResult, Verdict
from tests.fixtures.scorer import colours

BASE = CaptionResult(
    path="a.jpg",
    caption="A man.",
    raw_caption="a man is sitting on a bicycle",
    language="en",
    model="tiny-captioner",
    verdict=Verdict.UNSURE,
    doubted=("bicycle",),
    seconds=0.1,
)


@pytest.fixture
def checking(cli, tmp_path, home):
    """Return a function that captions a colour with the colour models."""

    async def install():
        async with await colours.install(tmp_path, home=home):
            pass

    asyncio.run(install())
    environ = {"EDGE_CAPTIONS_MANIFEST": str(tmp_path / "models.yaml")}

    def run(colour, *options):
        photo = colours.paint(tmp_path / "photo.png", colour)
        model = ("--model", "colour-captioner")
        return cli("caption", *model, *options, photo, **environ)

    return run


def test_a_supported_caption_looks_right(checking):
    ended = checking(colours.GREEN)
    assert (ended.code, ended.out) == (0, "A dog on the grass.\n")
    assert "  looks right\n" in ended.err


def test_what_is_doubted_is_named(checking):
    assert "  please check: dog, grass\n" in checking(colours.GREY).err
    ended = checking(colours.RED)
    assert ended.out == "A cat.\n"
    assert "  please check (left out: dog, grass)\n" in ended.err


def test_what_cannot_be_told_is_said_to_be_so(checking):
    ended = checking(colours.BLACK)
    assert (ended.code, ended.out) == (0, "A photo.\n")
    assert "  couldn't tell (left out: dog, grass)\n" in ended.err


def test_without_a_check_nothing_is_said_about_one(checking):
    ended = checking(colours.RED, "--no-verify")
    assert ended.out == "A dog on the grass.\n"
    for words in ("looks right", "please check", "couldn't"):
        assert words not in ended.err


def test_json_has_every_field_of_the_check(checking):
    (found,) = checking(colours.RED, "--json").objects
    assert found["caption"] == "A cat."
    assert found["raw_caption"] == "a dog on the grass"
    assert found["verdict"] == "unsure"
    assert found["doubted"] == ["dog", "grass"]
    assert found["scorer"] == "colour-scorer"
    assert 0.9 < found["image_text_score"] < 1
    assert found["stages"]["check"] > 0
    (found,) = checking(colours.RED, "--json", "--no-verify").objects
    assert found["verdict"] == "unchecked"
    assert found["scorer"] is None
    assert found["image_text_score"] is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "please check (left out: bicycle)"),
        ({"doubted": ("man", "bicycle")}, "please check: man (left out: bicycle)"),
        ({"doubted": ()}, "please check"),
        ({"verdict": Verdict.SURE, "doubted": ()}, "looks right"),
        ({"verdict": Verdict.SURE}, "looks right (left out: bicycle)"),
        ({"verdict": Verdict.NONE, "doubted": ()}, "couldn't tell"),
        ({"verdict": Verdict.UNCHECKED}, ""),
    ],
)
def test_a_verdict_in_words(changes, words):
    assert in_words(replace(BASE, **changes)) == words
