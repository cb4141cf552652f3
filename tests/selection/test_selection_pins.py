import pytest
from selection_builders import (
    CAPTIONERS,
    SMALL,
    captioner,
    context,
    ids,
    machine,
    manifest,
    model,
    settings,
)

from edge_runtime.errors import ModelUnknownError
from edge_runtime.manifest.model import Tuning
from edge_runtime.schemas import Task
from edge_runtime.selection import ReasonCode, select


def pinned(model_id, *installed, models=CAPTIONERS, hardware=None, **changes):
    choice = settings(image_to_text=model_id)
    return captioner(models, hardware, context(*installed, settings=choice, **changes))


def test_a_pinned_model_wins_over_better_ones():
    entry = pinned("small", "small", "large")

    assert ids(entry) == ("small", None, ["large", "middle"], ["huge"])
    assert entry.pinned == "small"
    assert entry.running.why == "named by a setting or the request"
    assert entry.warnings == ()


def test_a_pinned_model_that_does_not_fit_runs_with_a_warning():
    entry = pinned("huge", "huge", "small")

    assert ids(entry)[0] == "huge"
    assert entry.warnings == (
        (
            "huge is pinned, but needs 5.00 GB, 850 MB can be used (85 % of 1.00 GB "
            "available): close other programs or pick a smaller model"
        ),
    )
    assert entry.rejected == ()


def test_a_pinned_model_that_is_not_installed_is_the_recommended_one():
    entry = pinned("middle", "small")

    assert ids(entry) == (None, "middle", ["large", "small"], ["huge"])
    assert entry.warnings == (
        (
            "middle is pinned, but is not installed (200 MB): "
            "edge-captions download middle"
        ),
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"family": "florence2"}, ReasonCode.FAMILY_NOT_IN_THIS_VERSION),
        ({"library": "llama-cpp-python"}, ReasonCode.LIBRARY_MISSING),
    ],
)
@pytest.mark.parametrize("installed", [(), ("odd",)])
def test_a_pin_cannot_overrule_what_is_impossible(changes, code, installed):
    odd = model("odd", **changes)
    libraries = {"onnxruntime": "1.32.0"}

    entry = pinned("odd", *installed, models=manifest(odd), libraries=libraries)

    assert ids(entry) == (None, None, [], ["odd"])
    assert entry.rejected[0].reasons[0].code is code
    assert entry.warnings[0].startswith("odd is pinned, but ")


def test_a_pinned_model_whose_licence_is_open_waits_for_it():
    gated = model("gated", requires_acceptance=True)

    entry = pinned("gated", "gated", models=manifest(gated))

    assert ids(entry) == (None, "gated", [], [])
    assert entry.recommended.needs_license


def test_a_pin_answers_for_base_checkpoints_and_failed_tests():
    base = model("base", tuning=Tuning.BASE)

    entry = pinned("base", "base", models=manifest(base), failed=frozenset({"base"}))

    assert ids(entry)[0] == "base"
    assert entry.warnings == (
        "base is pinned, but failed its self-test on this machine",
        "base is pinned, but is a base checkpoint, never chosen by itself",
    )


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ("smal", "did you mean 'small'?"),
        ("zzz", "known: auto, huge, large, middle, none, small"),
    ],
)
def test_a_pinned_model_that_does_not_exist_names_the_nearest(asked, hint):
    with pytest.raises(ModelUnknownError) as caught:
        pinned(asked, "small")

    assert str(caught.value) == f"there is no image-to-text model '{asked}'; {hint}"


def test_a_pinned_model_of_another_task_is_unknown_to_this_one():
    reader = model("reader", task=Task.OCR)

    with pytest.raises(ModelUnknownError, match="no image-to-text model 'reader'"):
        pinned("reader", models=manifest(SMALL, reader))


OPUS = model(
    "opus",
    task=Task.TRANSLATION,
    family="translation",
    languages=("de",),
    source_languages=("en",),
)


def test_an_english_captioner_serves_german_with_a_warning():
    entry = captioner(circumstances=context("small", language="de"))

    assert ids(entry)[:2] == ("small", "large")
    assert entry.warnings == (
        "small doesn't write de: without a translator the text stays in English",
    )


def test_a_captioner_that_writes_the_language_has_no_warning():
    german = model("german", languages=("de", "fr"))

    entry = captioner(manifest(german), None, context("german", language="de-DE"))

    assert entry.warnings == ()


def test_a_running_translator_takes_the_warning_away():
    german = context("small", "opus", language="de")

    chosen = select(manifest(SMALL, OPUS), machine(), german)

    assert chosen.get(Task.TRANSLATION).running.model is OPUS
    assert chosen.get(Task.IMAGE_TO_TEXT).warnings == ()


def test_a_pinned_captioner_of_a_third_language_names_it():
    chinese = model("chinese", languages=("zh",))

    entry = pinned("chinese", "chinese", models=manifest(chinese), language="de")

    assert entry.warnings[-1] == (
        "chinese doesn't write de: without a translator the text stays in zh"
    )
