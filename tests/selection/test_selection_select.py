import pytest
from selection_builders import (
    CAPTIONERS,
    HUGE,
    LARGE,
    MIDDLE,
    SMALL,
    captioner,
    context,
    files,
    ids,
    machine,
    manifest,
    model,
    settings,
)

from edge_runtime.const import MB
from edge_runtime.manifest.model import Requirements, Tuning
from edge_runtime.preferences import Preference
from edge_runtime.schemas import Task
from edge_runtime.selection import ReasonCode, select


def test_the_best_installed_runs_and_the_best_that_fits_is_recommended():
    entry = captioner()

    assert ids(entry) == ("small", "large", ["middle"], ["huge"])
    assert entry.stage == "on"
    assert entry.running.why == "the only one installed"
    assert entry.recommended.why == "the best of 3 captioners that fit in 1.00 GB"
    assert entry.recommended.download_bytes == 400 * MB
    assert entry.running.download_bytes == 0
    assert entry.others[0].why == "fits, and large is preferred"


def test_nothing_is_recommended_when_the_best_is_installed():
    entry = captioner(circumstances=context("small", "middle", "large"))

    assert ids(entry) == ("large", None, ["middle", "small"], ["huge"])
    assert entry.running.why == "the best of 3 installed captioners that fit in 1.00 GB"


def test_an_installed_model_that_does_not_fit_is_not_run():
    entry = captioner(circumstances=context("huge", "small"))

    assert ids(entry)[0] == "small"
    assert (
        entry.running.why == "the only one of 2 installed captioners that can run here"
    )


def test_with_nothing_installed_the_best_is_recommended():
    entry = captioner(circumstances=context())

    assert ids(entry) == (None, "large", ["middle", "small"], ["huge"])


def test_the_only_one_that_fits_is_called_so():
    entry = captioner(hardware=machine(200), circumstances=context())

    assert entry.recommended.why == "the only one that fits in 200 MB"


def test_unknown_memory_is_told_and_rejects_nothing():
    chosen = select(CAPTIONERS, machine(None, total_mb=None), context("small"))
    entry = chosen.get(Task.IMAGE_TO_TEXT)

    assert ids(entry)[:2] == ("small", "huge")
    assert entry.recommended.why == "the best of 4 captioners that fit"
    assert entry.warnings == (
        (
            "the available memory is unknown, so small may not fit: "
            "set memory_limit_mib to be safe"
        ),
        (
            "the available memory is unknown, so huge may not fit: "
            "set memory_limit_mib to be safe"
        ),
    )
    assert any("memory is unknown" in note for note in chosen.hardware_notes)


def test_what_is_unknown_of_a_machine_is_noted():
    hardware = machine(None, disk_gb=None, arch=None)

    notes = select(CAPTIONERS, hardware, context("small")).hardware_notes

    assert [note.split(" is unknown")[0] for note in notes] == [
        "the architecture",
        "the available memory",
        "the free disk",
    ]


@pytest.mark.parametrize("position", [0, 2])
def test_a_tie_keeps_what_runs(position):
    twin = model("twin", need_mb=100, score=20)
    rows = [SMALL]
    rows.insert(position, twin)

    assert ids(captioner(manifest(*rows)))[:2] == ("small", None)


def test_a_tie_of_two_installed_goes_to_the_first_of_the_manifest():
    first, second = model("first"), model("second")

    entry = captioner(manifest(first, second), None, context("second", "first"))

    assert ids(entry)[0] == "first"


def test_a_missing_score_counts_as_zero():
    unscored = model("unscored", score=None)
    odd = model("odd", quality={"score": "very good"})

    assert ids(captioner(manifest(odd, unscored, SMALL)))[:2] == ("small", None)


def test_memory_preference_takes_the_leanest():
    lean = context("large", "middle", settings=settings(Preference.MEMORY))
    unknown = model("unknown", files=files(None), requires=Requirements())

    entry = captioner(manifest(unknown, HUGE, LARGE, MIDDLE, SMALL), None, lean)

    assert ids(entry) == ("middle", "small", ["large"], ["unknown", "huge"])
    assert entry.running.why.startswith("the leanest of 2 installed captioners")


def test_memory_preference_puts_an_unknown_need_last():
    unknown = model("unknown", files=files(None), requires=Requirements())
    lean = context("unknown", "large", settings=settings(Preference.MEMORY))

    assert ids(captioner(manifest(unknown, LARGE), None, lean))[0] == "large"


def test_speed_preference_compares_seconds_where_all_have_them():
    fast = context(
        "large",
        "middle",
        settings=settings(Preference.SPEED),
        seconds={"large": 2.0, "middle": 3.0},
    )

    entry = captioner(manifest(LARGE, MIDDLE), None, fast)

    assert ids(entry)[:2] == ("large", None)
    assert entry.running.seconds == 2.0
    assert entry.running.why.startswith("the fastest of 2 installed")


def test_speed_preference_falls_back_on_operations_and_then_on_bytes():
    fast = context("large", settings=settings(Preference.SPEED), seconds={"large": 2.0})
    unknown_size = model("unknown", need_mb=10, files=files(None))

    assert ids(captioner(manifest(LARGE, MIDDLE), None, fast))[1] == "middle"
    entry = captioner(manifest(unknown_size, LARGE, model("tiny", 50)), None, fast)
    assert ids(entry)[:3] == ("large", "tiny", ["unknown"])


def test_a_model_too_slow_for_the_settings_is_rejected():
    fast = context(
        "large",
        "small",
        settings=settings(Preference.MEMORY, seconds=5),
        seconds={"large": 4.0, "small": 9.0},
    )

    entry = captioner(manifest(LARGE, SMALL), None, fast)

    assert ids(entry) == ("large", None, [], ["small"])
    assert entry.rejected[0].reasons[0].code is ReasonCode.TOO_SLOW


def test_the_fastest_runs_when_all_installed_are_too_slow():
    fast = context(
        "large",
        "small",
        settings=settings(Preference.MEMORY, seconds=5),
        seconds={"large": 14.0, "small": 9.0},
    )

    entry = captioner(manifest(LARGE, SMALL, MIDDLE), None, fast)

    assert ids(entry) == ("small", "middle", [], ["large"])
    assert entry.running.why == "the fastest installed, though slower than 5 s"
    assert entry.warnings == (
        (
            "small takes 9 s a photo here (measured here), more than the limit of 5 s "
            "(seconds_per_photo)"
        ),
    )


@pytest.mark.parametrize("prefer", list(Preference))
def test_the_limit_counts_under_every_preference(prefer):
    slow = context("large", "small", settings=settings(prefer), seconds={"large": 14.0})

    entry = captioner(circumstances=slow)

    assert ids(entry)[0] == "small"
    (reason,) = next(r for r in entry.rejected if r.model_id == "large").reasons
    assert reason.sentence == (
        "takes 14 s a photo here (measured here); the limit is 10 s: raise "
        "seconds_per_photo, or pin it to use it all the same"
    )


def test_a_slow_model_runs_where_no_other_is_and_says_so():
    slow = context("large", seconds={"large": 14.0})

    entry = captioner(manifest(LARGE, HUGE), circumstances=slow)

    assert ids(entry)[0] == "large"
    assert entry.running.why == "the fastest installed, though slower than 10 s"
    assert "takes 14 s a photo here (measured here), more than" in entry.warnings[0]


def test_a_slow_model_that_is_pinned_runs_and_says_so():
    pinned = context(
        "large",
        "small",
        settings=settings(image_to_text="large"),
        seconds={"large": 14.0},
    )

    entry = captioner(circumstances=pinned)

    assert ids(entry)[0] == "large"
    assert "more than the limit of 10 s" in entry.warnings[0]


def test_an_unknown_speed_is_none():
    entry = captioner()

    assert entry.running.seconds is None
    assert entry.recommended.seconds is None


def test_a_licence_stands_between_recommending_and_running():
    gated = model("gated", score=90, requires_acceptance=True)
    models = manifest(gated, SMALL)

    entry = captioner(models)
    assert ids(entry)[:2] == ("small", "gated")
    assert entry.recommended.needs_license
    assert ids(captioner(models, None, context("gated", "small")))[0] == "small"
    accepted = context("gated", "small", accepted_licenses=frozenset({"gated"}))
    assert ids(captioner(models, None, accepted)) == ("gated", None, ["small"], [])


def test_an_unverified_model_runs_only_once_proven():
    untried = model("untried", score=90, verified=False)
    models = manifest(untried, SMALL)

    entry = captioner(models, None, context("untried", "small"))
    assert ids(entry)[:2] == ("small", "untried")
    assert entry.recommended.unverified
    assert entry.recommended.download_bytes == 0
    proven = context("untried", "small", proven=frozenset({"untried"}))
    assert ids(captioner(models, None, proven))[0] == "untried"
    failed = context("untried", "small", failed=frozenset({"untried"}))
    assert ids(captioner(models, None, failed)) == ("small", None, [], ["untried"])


def test_a_base_checkpoint_and_a_missing_family_are_never_recommended():
    base = model("base", score=99, tuning=Tuning.BASE)
    later = model("later", score=99, family="florence2")

    assert ids(captioner(manifest(base, later, SMALL))) == (
        "small",
        None,
        [],
        ["base", "later"],
    )


def test_an_installed_base_checkpoint_does_not_run():
    base = model("base", score=99, tuning=Tuning.BASE)

    assert ids(captioner(manifest(base), None, context("base")))[0] is None


def test_a_download_that_the_disk_cannot_hold_is_not_recommended():
    entry = captioner(hardware=machine(disk_gb=0.4))

    assert ids(entry) == ("small", "middle", [], ["huge", "large"])


def test_a_model_of_unknown_need_runs_when_installed_but_is_not_recommended():
    unknown = model("unknown", score=90, files=files(None), requires=Requirements())
    models = manifest(unknown, SMALL)

    assert ids(captioner(models)) == ("small", None, [], ["unknown"])
    entry = captioner(models, None, context("small", "unknown"))
    assert ids(entry)[0] == "unknown"
    assert entry.warnings == ("it is unknown how much memory unknown needs",)


def test_unknown_cpu_features_are_told_beside_the_choice():
    picky = model(
        "picky", requires=Requirements(memory_bytes=MB, cpu_features=("sse4_1",))
    )

    entry = captioner(manifest(picky), machine(features=None), context("picky"))

    assert ids(entry)[0] == "picky"
    assert entry.warnings == ("the CPU's features are unknown; picky needs sse4_1",)


def test_a_stage_that_is_off_asks_no_model():
    off = context("small", settings=settings(image_to_text="none"))

    entry = captioner(circumstances=off)

    assert entry.stage == "off"
    assert ids(entry) == (None, None, [], ["huge", "large", "middle", "small"])
    codes = {reason.code for item in entry.rejected for reason in item.reasons}
    assert codes == {ReasonCode.STAGE_OFF}


def test_every_task_is_decided_even_without_models():
    chosen = select(manifest(), machine(), context())

    assert [entry.task for entry in chosen.tasks] == list(Task)
    assert all(ids(entry) == (None, None, [], []) for entry in chosen.tasks)
