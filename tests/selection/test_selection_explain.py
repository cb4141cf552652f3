from dataclasses import replace
import json
from pathlib import Path

import pytest
from selection_builders import context, files, machine, manifest, model, settings

from edge_runtime.const import MB
from edge_runtime.hardware.model import CpuInfo, HardwareInfo, MemoryInfo
from edge_runtime.manifest.model import SourceKind
from edge_runtime.preferences import Preference
from edge_runtime.schemas import Task
from edge_runtime.selection import (
    better_here,
    explain,
    machine_line,
    select,
    to_dict,
)

EXPLAINED = Path(__file__).with_name("explained.txt")
TINY = model(
    "tiny-captioner",
    need_mb=126,
    score=25,
    files=files(9 * MB, source=SourceKind.BUNDLED),
)
FLORENCE = model("florence-2-base-ft", 900, 81, files=files(277_264_124))
LFM = model(
    "lfm2.5-vl-450m",
    688,
    76,
    files=files(322_126_432),
    license="LicenseRef-LFM-Open-1.0",
    requires_acceptance=True,
    verified=False,
)
QWEN = model("qwen3-vl-2b", 2698, 88, family="vision_chat")
LATER = model("later", 3000, 99, family="unheard_of")
CAPTIONERS = manifest(QWEN, FLORENCE, LFM, TINY, LATER)


def decide(models=CAPTIONERS, hardware=None, *installed, **changes):
    circumstances = context(*(installed or ("tiny-captioner",)), **changes)
    return select(models, hardware or machine(1600), circumstances)


def test_one_line_names_the_better_model_and_how_to_get_it():
    assert better_here(decide()) == (
        "tiny-captioner (built in). Better here: florence-2-base-ft, 277 MB: "
        "edge-captions download florence-2-base-ft"
    )


def test_the_line_says_when_a_licence_and_a_self_test_are_open():
    assert better_here(decide(manifest(TINY, LFM))) == (
        "tiny-captioner (built in). Better here: lfm2.5-vl-450m, 322 MB, not yet "
        "tested, after you accept its licence LicenseRef-LFM-Open-1.0: "
        "edge-captions download lfm2.5-vl-450m"
    )


def test_the_line_calls_a_fetched_model_installed_and_an_unknown_size_so():
    unsized = replace(FLORENCE, id="unsized", files=files(None))
    installed = model("old", need_mb=100, score=10)

    line = better_here(decide(manifest(installed, unsized), None, "old"))

    assert line == (
        "old (installed). Better here: unsized, size unknown: "
        "edge-captions download unsized"
    )


def test_without_any_captioner_the_line_names_the_best():
    assert better_here(decide(CAPTIONERS, None, "nothing")) == (
        "No captioner is ready here. Best here: florence-2-base-ft, 277 MB: "
        "edge-captions download florence-2-base-ft"
    )


def test_there_is_no_line_when_nothing_is_better_or_a_model_is_pinned():
    pinned = settings(image_to_text="florence-2-base-ft")

    assert better_here(decide(CAPTIONERS, None, "florence-2-base-ft")) is None
    assert (
        better_here(decide(CAPTIONERS, None, "tiny-captioner", settings=pinned)) is None
    )


def test_the_explanation_is_aligned_and_complete():
    hardware = machine(
        1600,
        model_name="Intel(R) Celeron(R) CPU  J1900  @ 1.99GHz",
        features=frozenset({"sse4_1", "sse4_2"}),
        x86_level=2,
        physical_cores=4,
    )
    tour = settings(
        translation="none", ocr="none", zero_shot_image_classification="none"
    )

    lines = explain(decide(hardware=hardware, settings=tour, language="de"), hardware)

    assert lines == EXPLAINED.read_text(encoding="utf-8").splitlines()


def test_a_cure_is_told_once_and_all_else_fits_in_100_columns():
    twins = [model(f"twin-{number}", need_mb=9000) for number in range(3)]

    lines = explain(decide(manifest(*twins), None, "twin-1"), machine(1600))

    text = " ".join(" ".join(lines).split())
    assert text.count("close other programs or pick a smaller model") == 1
    assert text.count("needs 9.00 GB") == 3
    assert max(len(line) for line in lines) <= 100


def test_pins_notes_and_seconds_are_shown():
    hardware = replace(machine(1600), notes=("cpuinfo and loader differ",))
    circumstances = {
        "settings": settings(image_to_text="florence-2-base-ft"),
        "seconds": {"florence-2-base-ft": 4.25},
    }

    lines = explain(
        decide(CAPTIONERS, hardware, "florence-2-base-ft", **circumstances), hardware
    )

    assert "note          cpuinfo and loader differ" in lines
    assert "image-to-text: florence-2-base-ft is pinned" in lines
    assert (
        "florence-2-base-ft installed, needs 900 MB of memory, quality ●●●●●, speed "
        "●●●○○ 4.2 s a photo (measured here): named by a setting or the request"
    ) in " ".join(" ".join(lines).split())


def test_a_choice_of_unknown_need_says_nothing_of_memory():
    unknown = replace(TINY, files=files(None), requires=type(TINY.requires)())

    lines = explain(decide(manifest(unknown)), machine())

    running = next(line for line in lines if line.startswith("  running"))
    assert " ".join(running.split()) == (
        "running tiny-captioner installed, quality ●●○○○: the only one installed"
    )


@pytest.mark.parametrize(
    ("hardware", "line"),
    [
        (
            HardwareInfo(
                CpuInfo(
                    "aarch64",
                    64,
                    features=frozenset({"asimd", "asimddp", "crc32"}),
                    logical_cpus=4,
                ),
                MemoryInfo(8000 * MB, 536_870_912, 476_053_504),
                board="Raspberry Pi 5 Model B Rev 1.0",
            ),
            (
                "aarch64, Raspberry Pi 5 Model B Rev 1.0, asimd asimddp, 4 cores, "
                "476 MB of memory available (container limit 536 MB)"
            ),
        ),
        (
            HardwareInfo(
                CpuInfo("x86_64", 64, features=frozenset({"avx", "avx2"}), x86_level=3)
            ),
            "x86_64, x86-64-v3 (avx avx2), available memory unknown",
        ),
        (
            HardwareInfo(CpuInfo("x86_64", 64, x86_level=2)),
            "x86_64, x86-64-v2 (features unknown), available memory unknown",
        ),
        (
            HardwareInfo(
                CpuInfo("riscv64", 64, features=frozenset()), MemoryInfo(1000 * MB)
            ),
            "riscv64, available memory unknown (of 1.00 GB)",
        ),
        (
            HardwareInfo(CpuInfo(None, None)),
            "CPU features unknown, available memory unknown",
        ),
    ],
)
def test_the_machine_is_told_in_one_line(hardware, line):
    assert machine_line(hardware) == line


def test_the_json_form_holds_everything():
    fast = settings(Preference.QUALITY, ocr="none")

    data = json.loads(json.dumps(to_dict(decide(settings=fast, language="de"))))

    captioner = next(task for task in data["tasks"] if task["task"] == "image-to-text")
    assert captioner["running"] == {
        "model": "tiny-captioner",
        "why": "the only one installed",
        "memory": {
            "steady_bytes": 126 * MB,
            "load_peak_bytes": 126 * MB,
            "terms": {"measured": 126 * MB},
        },
        "download_bytes": 0,
        "seconds": None,
        "seconds_source": None,
        "marks": {
            "of": 5,
            "quality": {"dots": 2, "score": 25.0, "basis": None, "source": None},
            "speed": None,
        },
        "installed": True,
        "license": "MIT",
        "needs_license": False,
        "verified": True,
        "unverified": False,
    }
    assert captioner["recommended"]["model"] == "florence-2-base-ft"
    assert [choice["model"] for choice in captioner["others"]] == ["lfm2.5-vl-450m"]
    assert captioner["rejected"][1]["reasons"][0] == {
        "code": "family_not_in_this_version",
        "sentence": "is of the family unheard_of, not in this version: a later release "
        "may bring it",
        "problem": "is of the family unheard_of, not in this version",
        "cure": "a later release may bring it",
    }
    assert len(captioner["warnings"]) == 1
    assert [task["stage"] for task in data["tasks"]].count("off") == 1
    assert {task["task"] for task in data["tasks"]} == {task.value for task in Task}


def test_the_json_form_of_an_unknown_need_is_null():
    unknown = replace(TINY, files=files(None), requires=type(TINY.requires)())

    data = to_dict(decide(manifest(unknown)))

    assert data["tasks"][0]["running"]["memory"] is None
