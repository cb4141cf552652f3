"""What is estimated from a benchmark, against what the built-in captioners take."""

import logging

from processor_time import processor_seconds
import pytest

from edge_runtime.config import Settings
from edge_runtime.hardware.speed import MachineSpeed
from edge_runtime.inference.messages import CaptionJob
from edge_runtime.runtime import EdgeRuntime
from edge_runtime.selection import PaceSource
from edge_runtime.selection.estimate import cost_of, estimate
from edge_runtime.selftest import load_samples

pytestmark = pytest.mark.timeout(240)
ROUNDS = 4
_LOGGER = logging.getLogger(__name__)


@pytest.fixture
async def runtime(settings):
    settings.home.mkdir()
    async with EdgeRuntime(Settings(home=settings.home, threads=1)) as runtime:
        yield runtime


@pytest.fixture
async def machine_speed(runtime) -> MachineSpeed:
    return await runtime.benchmark.run(runtime.hardware)


async def seconds_a_photo(runtime, spec) -> float:
    """Return what one thread takes where nobody disturbs it: its processor time."""
    runner = runtime.runner(spec, verify=False)
    jobs = [CaptionJob(path=str(sample.path)) for sample in load_samples()]
    await runner.caption(jobs[0])  # warms up
    before = processor_seconds(runner.pid)
    for job in jobs * ROUNDS:
        await runner.caption(job)
    return (processor_seconds(runner.pid) - before) / len(jobs * ROUNDS)


@pytest.mark.parametrize("model_id", ["tiny-captioner", "im2txt-flickr8k"])
async def test_the_estimate_is_within_a_factor_of_two(runtime, machine_speed, model_id):
    spec = runtime.model(model_id)
    expected = estimate(cost_of(spec), machine_speed, 1)

    real = await seconds_a_photo(runtime, spec)

    _LOGGER.info("%s: estimated %.4f s, took %.4f s", model_id, expected, real)
    assert real / 2 < expected < real * 2


async def test_real_runs_take_the_place_of_the_estimate(runtime):
    spec = runtime.model("tiny-captioner")

    def pace():
        entry = runtime.select().get(spec.task)
        return entry.running.pace

    assert pace().source is PaceSource.GUESSED
    await runtime.benchmark.run(runtime.hardware)
    assert pace().source is PaceSource.ESTIMATED

    runner = runtime.runner(spec, verify=False)
    for sample in load_samples():
        await runner.caption(CaptionJob(path=str(sample.path)))

    measured = pace()
    assert measured.source is PaceSource.MEASURED_HERE
    assert 0.001 < measured.seconds < 60
    await runtime.close()
    async with EdgeRuntime(runtime.settings) as later:
        kept = later.select().get(spec.task).running.pace
    assert kept == measured


async def test_another_number_of_threads_is_another_machine(runtime):
    spec = runtime.model("tiny-captioner")
    runner = runtime.runner(spec, verify=False)
    await runner.caption(CaptionJob(path=str(load_samples()[0].path)))
    await runtime.close()

    async with EdgeRuntime(Settings(home=runtime.settings.home, threads=2)) as other:
        assert other.timings.seconds([spec]) == {}
    async with EdgeRuntime(runtime.settings) as same:
        assert list(same.timings.seconds([spec])) == [spec.id]


async def test_a_machine_that_another_describes_has_no_times_of_this_one(runtime):
    await runtime.benchmark.run(runtime.hardware)
    chosen = runtime.select(hardware=runtime.hardware)
    paces = {
        choice.pace.source
        for entry in chosen.tasks
        for choice in (entry.running, entry.recommended, *entry.others)
        if choice and choice.pace
    }
    assert paces == {PaceSource.GUESSED}
