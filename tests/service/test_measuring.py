"""The service measures its machine in a quiet moment, until the result will do."""

import asyncio

from serving import serving

from edge_runtime.benchmark import Benchmark
from edge_runtime.inference.child import WorkerLaunch
from edge_runtime.jobs import Priority
from edge_runtime.service.measuring import SpeedMeter


def hurry(service):
    """Let the benchmark take no time."""
    settings = service.settings
    benchmark = Benchmark(
        settings.home, WorkerLaunch(settings.worker_command), seconds=0.01
    )
    service.runtime.__dict__["benchmark"] = benchmark
    return benchmark


async def test_it_measures_until_a_result_can_be_trusted(settings):
    async with serving(settings) as service:
        benchmark, machine = hurry(service), service.runtime.hardware
        meter = SpeedMeter(service._parts, delay_s=0.0, again_s=0.05)
        meter.start()

        async with asyncio.timeout(60):
            await meter._task

        found = benchmark.speed(machine)
        assert benchmark.is_settled(machine)
        assert found.runs == 3 or found.others <= 0.15


async def test_nothing_is_measured_beside_work(settings):
    async with serving(settings) as service:
        benchmark, machine = hurry(service), service.runtime.hardware
        meter = SpeedMeter(service._parts, delay_s=0.0, again_s=0.02)
        async with service._parts.pool.gate.hold(Priority.INTERACTIVE, "model"):
            meter.start()
            await asyncio.sleep(0.5)
            assert not benchmark.speed(machine).is_measured
        async with asyncio.timeout(60):
            await meter._task
        assert benchmark.speed(machine).is_measured


async def test_a_worker_that_does_not_start_stops_nothing(settings):
    async with serving(settings) as service:
        broken = Benchmark(settings.home, WorkerLaunch(("/no/python",)))
        service.runtime.__dict__["benchmark"] = broken
        meter = SpeedMeter(service._parts, delay_s=0.0, again_s=0.02)
        meter.start()
        await asyncio.sleep(0.3)
        assert not meter._task.done()
        meter.stop()
