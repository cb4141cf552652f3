"""What a photo costs by a model's row, and the seconds that follow from it."""

from dataclasses import replace

import pytest
from selection_builders import context, files, machine, model

from edge_runtime.hardware.speed import MachineSpeed, Rates
from edge_runtime.manifest import load_manifest
from edge_runtime.manifest.model import Measurement, ModelFormat, Requirements
from edge_runtime.schemas import Task
from edge_runtime.selection.estimate import Cost, cost_of, estimate
from edge_runtime.selection.facts import pace_of, pace_text
from edge_runtime.selection.model import Pace, PaceSource

RATES = Rates(int8_gops=100, fp32_gops=50, memory_gbs=10, calls_per_s=1000)
SPEED = MachineSpeed(RATES, RATES, 1, runs=1)
SHIPPED = load_manifest()


def shipped(model_id):
    return SHIPPED.get(model_id)


def seconds(model_id, speed=SPEED, threads=1):
    return estimate(cost_of(shipped(model_id)), speed, threads)


def test_the_terms_add_up():
    onnx = Cost(True, False, read_gop=50, steps=10, step_bytes=1e9, step_gop=1)
    # 1000 calls and 40 a step, then 1/100 + 1.5/50 s a GOP, and 1 GB a step
    expected = 1.4 + 50 * 0.04 + 10 * (0.1 + 0.04)
    assert estimate(onnx, SPEED, 1) == pytest.approx(expected)
    plain = replace(onnx, is_int8=False, steps=0)
    assert estimate(plain, SPEED, 1) == pytest.approx(1 + 50 / 20)
    llama = replace(onnx, is_llama=True, is_int8=False)
    assert estimate(llama, SPEED, 1) == pytest.approx(1 + 50 / 40 + 10 * (0.1 + 1 / 40))


def test_the_widest_vectors_do_not_help_llama():
    llama = Cost(False, True, read_gop=100)
    wide = replace(RATES, fp32_gops=1000)
    faster = estimate(llama, MachineSpeed(wide, wide, 1), 1)
    assert faster == pytest.approx(1 + 100 / 100)


@pytest.mark.parametrize(
    ("model_id", "gmac", "steps", "beams"),
    [("tiny-captioner", 4.7, 14, 4), ("im2txt-flickr8k", 1.4, 14, 3)],
)
def test_a_captioner_costs_its_encoder_once_and_its_decoder_each_word(
    model_id, gmac, steps, beams
):
    spec = shipped(model_id)
    decoder = next(file.bytes for file in spec.files if file.role == "decoder")

    cost = cost_of(spec)

    assert cost.is_int8
    assert cost.read_gop == pytest.approx(2 * gmac)
    assert (cost.steps, cost.step_bytes) == (steps, decoder)
    assert cost.step_gop == pytest.approx(2 * decoder * beams / 1e9)


def test_a_language_model_reads_its_weights_for_each_token():
    spec = shipped("smollm2-135m-instruct")

    cost = cost_of(spec)

    weights = next(f.bytes for f in spec.files if f.role == "weights")
    assert cost.step_bytes == weights
    # 135 million weights, a product and a sum each
    assert cost.step_gop == pytest.approx(0.27, rel=0.2)
    assert cost.read_gop == pytest.approx(60 * cost.step_gop)


def test_a_vision_model_pays_for_every_token_of_the_picture():
    spec = shipped("qwen3-vl-2b-instruct")
    fewer = replace(spec, preprocess={**spec.preprocess, "image_max_tokens": 256})

    assert cost_of(fewer).read_gop < 0.6 * cost_of(spec).read_gop
    known = replace(spec, compute_gmac=1.0)
    assert cost_of(known).read_gop < cost_of(spec).read_gop


def test_unknown_sizes_are_taken_from_the_need_and_unknown_needs_give_nothing():
    unsized = model(
        "u", files=files(None, suffix="gguf"), format=ModelFormat.GGUF, need_mb=1000
    )
    assert cost_of(unsized).step_bytes == pytest.approx(0.9e9)
    assert cost_of(replace(unsized, requires=Requirements())) is None
    assert cost_of(model("no-operations-known")) is None
    assert cost_of(model("reader", task=Task.OCR, compute_gmac=3)) is None


def test_every_shipped_model_whose_operations_are_known_has_an_estimate():
    for spec in SHIPPED.models:
        known = spec.format is ModelFormat.GGUF or spec.compute_gmac is not None
        known = known or spec.task is Task.TRANSLATION
        if known and spec.task is not Task.OCR:
            assert cost_of(spec) is not None, spec.id


def test_larger_models_take_longer_and_faster_machines_less():
    order = ["tiny-captioner", "distilvit", "florence-2-base-ft", "moondream2"]
    times = [seconds(model_id) for model_id in order]
    assert times == sorted(times)
    twice = Rates(*(2 * value for value in (100, 50, 10, 1000)))
    for model_id in order:
        faster = seconds(model_id, MachineSpeed(twice, twice, 1))
        assert faster == pytest.approx(seconds(model_id) / 2, rel=0.01)
        several = MachineSpeed(RATES, twice, 4)
        assert seconds(model_id, several, 4) < seconds(model_id, several, 2)


def test_what_is_measured_beats_what_is_estimated():
    spec = replace(
        shipped("tiny-captioner"), measured=(Measurement("Intel N100", 0.5),)
    )
    there = machine(model_name="Intel(R) N100")
    guessed = replace(SPEED, runs=0)

    def found(hardware=None, **changes):
        pace = pace_of(spec, hardware or machine(), context(**changes))
        return pace and pace.source

    assert found() is None
    assert found(speed=guessed) is PaceSource.GUESSED
    assert found(speed=SPEED) is PaceSource.ESTIMATED
    assert found(there, speed=SPEED) is PaceSource.MEASURED_ALIKE
    measured = {"speed": SPEED, "seconds": {"tiny-captioner": 0.1}}
    assert found(there, **measured) is PaceSource.MEASURED_HERE


@pytest.mark.parametrize(
    ("value", "source", "text"),
    [
        (0.0193, PaceSource.MEASURED_HERE, "0.02 s"),
        (4.26, PaceSource.MEASURED_ALIKE, "4.3 s"),
        (247.3, PaceSource.MEASURED_HERE, "247 s"),
        (0.028, PaceSource.ESTIMATED, "about 0.03 s"),
        (0.527, PaceSource.ESTIMATED, "about 0.5 s"),
        (47.4, PaceSource.GUESSED, "about 47 s"),
        (247.3, PaceSource.GUESSED, "about 250 s"),
    ],
)
def test_no_time_looks_more_exact_than_it_is(value, source, text):
    assert pace_text(Pace(value, source)) == text
