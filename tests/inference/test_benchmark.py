"""The self-benchmark: really run in a worker, and the best of several kept."""

from dataclasses import asdict, replace
import json
import sys
from time import perf_counter

import numpy as np
import pytest

from edge_runtime.benchmark import FILE_NAME, Benchmark, best_of
from edge_runtime.errors import WorkerCrashedError, WorkerStartError
from edge_runtime.hardware import detect
from edge_runtime.hardware.speed import MachineSpeed, Rates, guess_speed
from edge_runtime.inference.child import WorkerLaunch
from edge_runtime.sessions.benchmark import _product

PYTHON = WorkerLaunch((sys.executable,))
LOW, HIGH = Rates(10, 5, 2, 100), Rates(40, 20, 3, 90)
BROKEN = """\
import os, signal, sys
from edge_runtime.inference.serving import run
sys.exit(run(lambda frame: os.kill(os.getpid(), signal.SIGILL)))
"""


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    return detect(tmp_path_factory.mktemp("models"))


@pytest.fixture
def benchmark(tmp_path):
    return Benchmark(tmp_path, PYTHON, seconds=0.02)


def speed(one=LOW, together=HIGH, **changes):
    fields = {"threads": 4, "runs": 1, "taken_at": "2026-01-01T00:00:00+00:00"}
    return MachineSpeed(one, together, **{**fields, "others": 0.0, **changes})


def store(benchmark, machine, found):
    """Put a result in the place of the machine's own."""
    path = benchmark.home / FILE_NAME
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, "speed": asdict(found)}))
    return benchmark.speed(machine)


async def test_a_worker_measures_this_machine(benchmark, machine):
    assert benchmark.speed(machine) == guess_speed(machine)
    assert not benchmark.is_settled(machine)

    started = perf_counter()
    found = await benchmark.run(machine)

    assert found.runs == 1
    assert perf_counter() - started < 60
    assert (
        found
        == benchmark.speed(machine)
        == Benchmark(benchmark.home, PYTHON).speed(machine)
    )
    # an emulated Cortex-A53 is above these, the fastest server below
    for rates in (found.one, found.all):
        assert 0.2 < rates.fp32_gops < 1e5
        assert 0.2 < rates.int8_gops < 1e5
        assert 0.1 < rates.memory_gbs < 1e4
        assert 100 < rates.calls_per_s < 1e7


def test_the_product_that_is_timed_is_the_right_one():
    random = np.random.default_rng(1)
    left = random.integers(0, 255, (5, 7), np.uint8)
    right = random.integers(-9, 9, (7, 3), np.int8)
    (found,) = _product("MatMulInteger", left, right, threads=1)()
    assert (found == left.astype(int) @ right.astype(int)).all()

    floats = random.random((5, 7), np.float32), random.random((7, 3), np.float32)
    (found,) = _product("MatMul", *floats, threads=1)()
    assert np.allclose(found, floats[0] @ floats[1])


async def test_a_busy_run_never_replaces_a_better_one(benchmark, machine):
    await benchmark.run(machine)
    fast = speed(Rates(1e6, 1e6, 1e6, 1e6), Rates(1e6, 1e6, 1e6, 1e6), others=0.9)
    known = store(benchmark, machine, fast)

    again = await benchmark.run(machine)

    assert (again.one, again.all) == (known.one, known.all)
    assert again.taken_at == known.taken_at
    assert again.runs == 2


async def test_a_quiet_run_settles_it_and_so_do_three_busy_ones(benchmark, machine):
    await benchmark.run(machine)
    for settled, changes in (
        (True, {"others": 0.05}),
        (False, {"others": 0.5}),
        (False, {"others": None}),
        (True, {"others": 0.5, "runs": 3}),
    ):
        store(benchmark, machine, speed(**changes))
        assert benchmark.is_settled(machine) is settled, changes


async def test_another_processor_or_a_damaged_file_is_measured_anew(benchmark, machine):
    await benchmark.run(machine)
    other = replace(machine, cpu=replace(machine.cpu, model_name="Other CPU"))
    assert benchmark.speed(other) == guess_speed(other)
    for text in ("", "{", "[]", '{"machine": {}}'):
        (benchmark.home / FILE_NAME).write_text(text)
        assert benchmark.speed(machine) == guess_speed(machine)
    assert (await benchmark.run(machine)).runs == 1


async def test_a_worker_that_dies_leaves_nothing_behind(tmp_path, machine):
    broken = tmp_path / "worker"
    broken.write_text(BROKEN)
    crashing = Benchmark(tmp_path, WorkerLaunch((sys.executable, str(broken))))
    with pytest.raises(WorkerCrashedError, match="SIGILL"):
        await crashing.run(machine)
    with pytest.raises(WorkerStartError):
        await Benchmark(tmp_path, WorkerLaunch(("/no/python",))).run(machine)
    assert list(tmp_path.iterdir()) == [broken]


def test_the_best_of_two_runs_is_the_highest_of_each_rate():
    later = "2026-02-02T00:00:00+00:00"
    first = speed(others=0.9)
    second = speed(HIGH, LOW, taken_at=later, others=0.4)

    best = best_of(first, second)

    assert best.one == Rates(40, 20, 3, 100)
    assert best.all == HIGH.best(LOW)
    assert (best.runs, best.taken_at, best.others) == (2, later, 0.4)
    assert best_of(first, speed(others=None)).taken_at == first.taken_at
    assert best_of(None, second) is second
