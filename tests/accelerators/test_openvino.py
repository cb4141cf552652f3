"""A second provider for real: OpenVINO on the processor."""

import asyncio
import os
from pathlib import Path
import signal

import psutil
import pytest

from edge_runtime.config import Settings
from edge_runtime.const import CPU, EMBEDDED_MODEL
from edge_runtime.hardware.providers import installed_providers
from edge_runtime.inference.messages import CaptionJob
from edge_runtime.inference.providers import ProviderState
from edge_runtime.runtime import EdgeRuntime
from edge_runtime.selftest import load_samples

OPENVINO = "openvino"
ROOT = Path(__file__).parents[2]
DEV = ROOT.parent / "shared" / "data" / "flickr8k" / "dev"
PHOTOS = [sample.path for sample in load_samples()]
MAY_GROW = 8_000_000

pytestmark = [
    pytest.mark.skipif(
        OPENVINO not in installed_providers(),
        reason="onnxruntime-openvino is not installed",
    ),
    pytest.mark.timeout(120),
]


def runtime_with(home, *prefer):
    return EdgeRuntime(Settings(home=home, threads=1, prefer_providers=prefer))


async def captions(runtime, photos):
    runner = runtime.runner(runtime.model(EMBEDDED_MODEL))
    answers = [await runner.caption(CaptionJob(path=str(path))) for path in photos]
    return [answer.captions[0].text for answer in answers], runner


async def test_it_is_tried_and_says_the_same_of_nine_photos_in_ten(tmp_path):
    photos = PHOTOS
    if DEV.is_dir():
        photos = PHOTOS + sorted(DEV.iterdir())[:60]
    async with runtime_with(tmp_path, CPU) as runtime:
        expected, runner = await captions(runtime, photos)
        assert runner.computes_on == CPU
    async with runtime_with(tmp_path, OPENVINO) as runtime:
        found, runner = await captions(runtime, photos)
        assert runner.computes_on == OPENVINO
        assert runtime.providers.reports[0].state is ProviderState.WORKS
    same = sum(a == b for a, b in zip(expected, found, strict=True))
    assert same >= 0.85 * len(photos)
    assert len(set(found)) > len(photos) / 2


async def test_a_worker_killed_in_mid_request_is_followed_by_the_processor(tmp_path):
    async with runtime_with(tmp_path, OPENVINO) as runtime:
        (text,), runner = await captions(runtime, PHOTOS[:1])
        killed = runner.pid
        assert killed is not None
        os.kill(killed, signal.SIGSTOP)  # so that no answer comes before the kill
        asking = asyncio.create_task(captions(runtime, PHOTOS[:1]))
        await asyncio.sleep(0.3)
        os.kill(killed, signal.SIGKILL)
        (again,), _ = await asking
        assert again.split()[0] == text.split()[0]
        assert runner.computes_on == CPU
        (report,) = runtime.providers.reports
        assert report.state is ProviderState.FAILED
        assert "SIGKILL" in report.reason


async def cycle(home, count):
    this = psutil.Process()
    held = []
    for _ in range(count):
        async with runtime_with(home, OPENVINO) as runtime:
            _, runner = await captions(runtime, PHOTOS[:1])
            assert runner.computes_on == OPENVINO
        assert this.children(recursive=True) == []
        held.append(this.memory_info().rss)
    return held[-1] - held[0]


async def test_unloading_gives_the_memory_back(tmp_path):
    assert await cycle(tmp_path, 3) < MAY_GROW


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_unloading_gives_the_memory_back_twenty_times(tmp_path):
    assert await cycle(tmp_path, 20) < MAY_GROW
