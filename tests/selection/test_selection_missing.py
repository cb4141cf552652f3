"""What a caption says when no text model could help it: the nearest way to one."""

from selection_builders import context

from edge_runtime.hardware import default_threads, interpret
from edge_runtime.hardware.captures import load_machine
from edge_runtime.hardware.speed import guess_speed
from edge_runtime.inference.registry import FAMILIES
from edge_runtime.manifest import load_manifest
from edge_runtime.schemas import CaptionRequest
from edge_runtime.selection import select
from edge_runtime.text_models import wanted_models

SHIPPED = load_manifest()


def notes(name, libraries):
    hardware = interpret(load_machine(name))
    circumstances = context(
        "tiny-captioner",
        settings=SHIPPED.selection,
        families=frozenset(FAMILIES),
        libraries=libraries,
        speed=guess_speed(hardware),
        threads=default_threads(hardware),
    )
    chosen = select(SHIPPED, hardware, circumstances)
    return wanted_models(CaptionRequest("a.jpg", rewrite=True), chosen).notes


def test_the_library_that_is_missing_is_named_and_not_what_is_too_slow_anyway():
    (note,) = notes("pi4-8gb", {"onnxruntime": "1.32.0", "llama-cpp-python": None})
    assert "llama-3.2-1b-instruct needs llama-cpp-python" in note
    assert 'pip install "edge-captions[llm]"' in note


def test_a_model_that_would_do_is_named_with_its_command():
    (note,) = notes("pi4-8gb", {"onnxruntime": "1", "llama-cpp-python": "1"})
    assert note.endswith(
        "get llama-3.2-1b-instruct with edge-captions download llama-3.2-1b-instruct"
    )
