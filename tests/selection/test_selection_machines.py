"""The decision on every captured machine, from 512 MB to 32 GB."""

import re

import pytest
from selection_builders import LIBRARIES, context, files, manifest, model

from edge_runtime.const import MB
from edge_runtime.hardware import default_threads, interpret
from edge_runtime.hardware.captures import known_machines, load_machine
from edge_runtime.hardware.speed import guess_speed
from edge_runtime.inference.registry import FAMILIES
from edge_runtime.manifest import load_manifest
from edge_runtime.manifest.model import ModelFormat, Requirements, Tuning
from edge_runtime.preferences import Preference, SelectionSettings
from edge_runtime.schemas import Task
from edge_runtime.selection import select

SHIPPED = load_manifest()
ALL_FAMILIES = frozenset(spec.family for spec in SHIPPED.models)
HAND_MADE = manifest(
    model("vlm", 1730, 86, family="vision_chat", library="llama-cpp-python"),
    model("big", 900, 81, family="florence2"),
    model("base", 300, 79, tuning=Tuning.BASE),
    model("middle", 380, 48),
    model(
        "lite",
        score=40,
        library="ai-edge-litert",
        format=ModelFormat.TFLITE,
        files=files(50 * MB, suffix="tflite"),
        requires=Requirements(
            arch=("x86_64", "aarch64"),
            cpu_features=("sse4_1",),
            memory_bytes=200 * MB,
        ),
    ),
    model("tiny", 126, 25),
)
FULL = frozenset({"encoder_decoder", "florence2", "vision_chat"})
MEMORY, FAMILY, CPU = (
    "memory_too_small",
    "family_not_in_this_version",
    "cpu_feature_missing",
)
BITS, LIBRARY, BASE = "userland_32_bit", "library_missing", "base_checkpoint"

# recommended by all families, and the decisive reason against each rejected model
ON_HAND_MADE = {
    "pi-zero2w-512mb": ("lite", {"vlm": MEMORY, "big": MEMORY, "middle": MEMORY}),
    "nas-container-512mb": ("middle", {"vlm": MEMORY, "big": MEMORY}),
    "pi3-1gb": ("middle", {"vlm": MEMORY, "big": MEMORY}),
    "n100-container-v1-1gb": ("middle", {"vlm": MEMORY, "big": MEMORY}),
    "core2-2gb": ("big", {"vlm": MEMORY, "lite": CPU}),
    "pi4-2gb": ("big", {"vlm": MEMORY}),
    "pi4-32bit": (None, dict.fromkeys(["vlm", "big", "middle", "lite", "tiny"], BITS)),
    "kvm64-4gb": ("vlm", {"lite": CPU}),
    "k10-4gb": ("vlm", {"lite": CPU}),
    "j1900-4gb": ("vlm", {}),
    "alpine-vm": ("vlm", {}),
    "pi4-8gb": ("vlm", {}),
    "pi5-8gb": ("vlm", {}),
    "n100-16gb": ("vlm", {}),
    "zen4-32gb": ("vlm", {}),
}
# captioner and language model recommended by all families of the shipped manifest
ON_SHIPPED = {
    "pi-zero2w-512mb": (None, "smollm2-135m-instruct"),
    "nas-container-512mb": ("distilvit", "lfm2.5-350m"),
    "pi3-1gb": ("vit-gpt2", "lfm2.5-350m"),
    "n100-container-v1-1gb": ("lfm2.5-vl-450m", "lfm2.5-350m"),
    "core2-2gb": ("vit-gpt2", "llama-3.2-1b-instruct"),
    "pi4-2gb": ("florence-2-base-ft", "llama-3.2-1b-instruct"),
    "pi4-32bit": (None, None),
    "alpine-vm": ("vit-gpt2", "llama-3.2-1b-instruct"),
    "kvm64-4gb": ("vit-gpt2", "llama-3.2-1b-instruct"),
    "k10-4gb": ("vit-gpt2", "llama-3.2-1b-instruct"),
    "j1900-4gb": ("florence-2-base-ft", "llama-3.2-1b-instruct"),
    "pi4-8gb": ("florence-2-base-ft", "llama-3.2-1b-instruct"),
    "pi5-8gb": ("qwen3-vl-2b-instruct", "mistral-7b-instruct-v0.3"),
    "n100-16gb": ("qwen3-vl-2b-instruct", "mistral-7b-instruct-v0.3"),
    "zen4-32gb": ("qwen3-vl-2b-instruct", "mistral-7b-instruct-v0.3"),
}
# captioner recommended where onnxruntime is the only library; elsewhere Florence-2
ON_ONNX = {
    "pi-zero2w-512mb": None,
    "nas-container-512mb": "distilvit",
    "pi3-1gb": "vit-gpt2",
    "n100-container-v1-1gb": "vit-gpt2",
    "pi4-32bit": None,
    **dict.fromkeys(["core2-2gb", "alpine-vm", "kvm64-4gb", "k10-4gb"], "vit-gpt2"),
}


def hardware_of(name):
    return interpret(load_machine(name))


def decide(models, name, installed, **changes):
    hardware = hardware_of(name)
    speed = {"speed": guess_speed(hardware), "threads": default_threads(hardware)}
    return select(models, hardware, context(installed, **{**speed, **changes}))


def chosen_id(choice):
    return choice.model.id if choice else None


def decisive(entry):
    return {item.model_id: item.reasons[0].code.value for item in entry.rejected}


def test_every_captured_machine_is_in_the_tables():
    assert set(ON_HAND_MADE) == set(ON_SHIPPED) == set(known_machines())


@pytest.mark.parametrize("name", ON_HAND_MADE)
def test_all_families_on_a_captured_machine(name):
    recommended, rejected = ON_HAND_MADE[name]

    entry = decide(HAND_MADE, name, "tiny", families=FULL, speed=None).get(
        Task.IMAGE_TO_TEXT
    )

    runs = None if name == "pi4-32bit" else "tiny"
    base = BITS if name == "pi4-32bit" else BASE
    base = MEMORY if name == "pi-zero2w-512mb" else base  # more decisive than base
    assert chosen_id(entry.running) == runs
    assert chosen_id(entry.recommended) == recommended
    assert decisive(entry) == {**rejected, "base": base}


@pytest.mark.parametrize("name", ON_HAND_MADE)
def test_one_family_and_one_library_on_a_captured_machine(name):
    entry = decide(
        HAND_MADE,
        name,
        "tiny",
        families=frozenset({"encoder_decoder"}),
        libraries={"onnxruntime": "1.32.0", "ai-edge-litert": None},
    ).get(Task.IMAGE_TO_TEXT)

    codes = decisive(entry)
    if name == "pi4-32bit":
        assert set(codes.values()) == {BITS}
        return
    fits_middle = name != "pi-zero2w-512mb"
    assert chosen_id(entry.running) == "tiny"
    assert chosen_id(entry.recommended) == ("middle" if fits_middle else None)
    assert codes["vlm"] == codes["big"] == FAMILY
    assert codes["lite"] in {LIBRARY, CPU}


@pytest.mark.parametrize("name", ON_SHIPPED)
def test_this_version_recommends_what_onnxruntime_alone_can_run(name):
    chosen = decide(
        SHIPPED,
        name,
        "tiny-captioner",
        settings=SHIPPED.selection,
        families=frozenset(FAMILIES),
        libraries={"onnxruntime": "1.32.0"},
    )

    entry = chosen.get(Task.IMAGE_TO_TEXT)
    runs = None if name == "pi4-32bit" else "tiny-captioner"
    assert chosen_id(entry.running) == runs
    assert chosen_id(entry.recommended) == ON_ONNX.get(name, "florence-2-base-ft")


@pytest.mark.parametrize("name", ON_SHIPPED)
def test_the_shipped_models_with_every_family_and_library(name):
    chosen = decide(
        SHIPPED,
        name,
        "tiny-captioner",
        settings=SHIPPED.selection,
        families=ALL_FAMILIES,
        libraries=LIBRARIES,
    )

    captioner = chosen.get(Task.IMAGE_TO_TEXT)
    writer = chosen.get(Task.TEXT_GENERATION)
    recommended = (chosen_id(captioner.recommended), chosen_id(writer.recommended))
    assert recommended == ON_SHIPPED[name]
    assert "gemma-3-270m-base" in decisive(writer)


def test_no_default_takes_minutes_a_photo_and_the_reason_names_the_limit():
    chosen = decide(
        SHIPPED,
        "pi4-8gb",
        "tiny-captioner",
        settings=SHIPPED.selection,
        families=ALL_FAMILIES,
        libraries=LIBRARIES,
    )

    rejected = {
        item.model_id: item.reasons[0].problem
        for entry in chosen.tasks
        for item in entry.rejected
    }
    assert re.fullmatch(
        r"would take about \d{2,3} s a photo here \(guessed\); the limit is 60 s",
        rejected["mistral-7b-instruct-v0.3"],
    )
    for entry in chosen.tasks:
        for choice in (entry.running, entry.recommended, *entry.others):
            assert choice is None or choice.seconds is None or choice.seconds <= 60


@pytest.mark.parametrize(("prefer", "limit"), [("speed", 10), ("memory", 30)])
def test_each_preference_has_a_limit_of_its_own(prefer, limit):
    wanted = SelectionSettings(prefer=Preference(prefer))
    entry = decide(
        SHIPPED,
        "pi4-8gb",
        "tiny-captioner",
        settings=wanted,
        families=ALL_FAMILIES,
        libraries=LIBRARIES,
    ).get(Task.IMAGE_TO_TEXT)

    assert max(choice.seconds for choice in entry.others) <= limit
    slow = next(r for r in entry.rejected if r.model_id == "florence-2-base-ft")
    assert f"the limit is {limit} s" in slow.reasons[0].problem


def test_a_missing_extra_names_itself():
    entry = decide(
        SHIPPED,
        "j1900-4gb",
        "tiny-captioner",
        families=ALL_FAMILIES,
        libraries={"onnxruntime": "1.32.0", "llama-cpp-python": None},
    ).get(Task.TEXT_GENERATION)

    sentences = {
        reason.cure
        for item in entry.rejected
        for reason in item.reasons
        if reason.code.value == LIBRARY
    }
    assert sentences == {'pip install "edge-captions[llm]"'}
