"""Accelerators: tried in a child, left in mid-request, tried again."""

from contextlib import asynccontextmanager
from pathlib import Path
import sys

import pytest

from edge_runtime.config import Settings
from edge_runtime.errors import PhotoNotFoundError, WorkerCrashedError
from edge_runtime.hardware.providers import PROVIDERS, ProviderPlan
from edge_runtime.inference.child import WorkerLaunch
from edge_runtime.inference.messages import CaptionJob, LoadRequest
from edge_runtime.inference.providers import ProviderBook, ProviderState
from edge_runtime.inference.runner import ModelRunner
from edge_runtime.runtime import EdgeRuntime
from edge_runtime.selftest import load_samples

PLAN = ProviderPlan(PROVIDERS[0])
PYTHON = WorkerLaunch((sys.executable,))
PHOTO = CaptionJob(path=str(load_samples()[0].path))
WORKER = """\
# The real worker on a card that comes and goes: `mode` says how it fails.
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from edge_runtime.errors import ProviderFailedError
from edge_runtime.inference import worker
from edge_runtime.inference.serving import run

mode = Path(sys.argv[0]).with_name("mode").read_text
die = lambda: os.kill(os.getpid(), signal.SIGKILL)

class Card(worker.Worker):
    def answer(self, frame):
        if frame.header["op"] == "probe":
            if mode() == "crash when tried":
                os.kill(os.getpid(), signal.SIGILL)
            return {}
        if frame.header["op"] == "load":
            options = frame.header["options"]
            frame.header["scorer"] = None
            self.card = options.pop("provider", None)
            if self.card and mode() == "crash when loading":
                die()
        elif mode() == "crash always" or self.card and mode() == "vanish":
            die()
        elif self.card and mode() == "fail":
            raise ProviderFailedError("cuda failed: error 999")
        return super().answer(frame)

sys.exit(run(Card().answer))
"""


def is_there(pid: int | None) -> bool:
    return Path(f"/proc/{pid}").exists()


@pytest.fixture(scope="module")
def embedded(tmp_path_factory) -> LoadRequest:
    runtime = EdgeRuntime(Settings(home=tmp_path_factory.mktemp("home"), threads=1))
    return runtime.runner(runtime.model("tiny-captioner")).model


@pytest.fixture
def card(tmp_path, embedded):
    script = tmp_path / "worker.py"
    script.write_text(WORKER, encoding="utf-8")
    launch = WorkerLaunch((sys.executable, str(script)))

    @asynccontextmanager
    async def running(mode: str, retry_s: float = 600.0):
        (tmp_path / "mode").write_text(mode, encoding="utf-8")
        book = ProviderBook([PLAN], launch, retry_s)
        runner = ModelRunner(embedded, launch, providers=book)
        try:
            yield runner, book, (tmp_path / "mode").write_text
        finally:
            await runner.stop()

    return running


async def test_a_provider_that_is_not_there_is_a_reason_and_the_caption_comes(embedded):
    book = ProviderBook([PLAN], PYTHON)
    runner = ModelRunner(embedded, PYTHON, providers=book)
    assert (await runner.caption(PHOTO)).captions[0].text
    (report,) = book.reports
    assert report.state is ProviderState.FAILED
    assert report.reason == "the installed onnxruntime has no provider 'cuda'"
    await runner.stop()


async def test_one_that_works_is_used(card):
    async with card("work") as (runner, book, _):
        assert (await runner.caption(PHOTO)).captions[0].text
        assert runner.computes_on == "cuda"
        assert book.reports[0].state is ProviderState.WORKS


async def test_a_crash_when_it_is_tried_is_a_reason(card):
    async with card("crash when tried") as (runner, book, _):
        assert (await runner.caption(PHOTO)).captions[0].text
        assert runner.computes_on == "cpu"
        assert "SIGILL" in book.reports[0].reason
        assert runner.stats.starts == 1


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("vanish", "SIGKILL"),
        ("fail", "cuda failed: error 999"),
        ("crash when loading", "could not be loaded"),
    ],
)
async def test_one_that_fails_is_left_within_the_request(card, mode, reason):
    async with card(mode) as (runner, book, _):
        assert (await runner.caption(PHOTO)).captions[0].text
        assert runner.computes_on == "cpu"
        assert book.reports[0].state is ProviderState.FAILED
        assert reason in book.reports[0].reason
        assert runner.stats.failures == 0
        pid = runner.pid
        await runner.caption(PHOTO)
        assert runner.pid == pid  # the retry is not due yet


async def test_a_worker_killed_in_mid_request_is_followed_by_the_processor(card):
    async with card("work") as (runner, book, change):
        await runner.ensure_ready()
        first = runner.pid
        change("vanish")
        assert (await runner.caption(PHOTO)).captions[0].text
        assert runner.pid != first
        assert not is_there(first)
        assert book.reports[0].state is ProviderState.FAILED


async def test_it_is_tried_again_later_and_taken_back(card):
    async with card("vanish", retry_s=0.0) as (runner, book, change):
        await runner.caption(PHOTO)
        assert runner.computes_on == "cpu"
        change("work")
        assert (await runner.caption(PHOTO)).captions[0].text
        assert runner.computes_on == "cuda"
        assert book.reports[0].state is ProviderState.WORKS
        assert book.reports[0].reason == ""


async def test_what_the_processor_fails_at_too_is_not_its_fault(card):
    async with card("crash always") as (runner, book, _):
        with pytest.raises(WorkerCrashedError):
            await runner.caption(PHOTO)
        assert book.reports[0].state is ProviderState.WORKS


async def test_a_bad_photo_is_told_without_a_second_try(card, tmp_path):
    async with card("work") as (runner, _, _change):
        with pytest.raises(PhotoNotFoundError):
            await runner.caption(CaptionJob(path=str(tmp_path / "none.jpg")))
        assert runner.stats.starts == 1
        assert runner.computes_on == "cuda"
