"""Background jobs rest while the machine is hot or needed, and say so."""

import asyncio
from dataclasses import replace
import os
from pathlib import Path
import subprocess
import sys
import time

import pytest
from serving import serving

from edge_runtime.config import Settings
from edge_runtime.hardware.neighbours import NeighbourMeter
from edge_runtime.selftest import SAMPLES
from edge_runtime.service import CaptionOptions, Question
from edge_runtime.service.pacing import Pacer, Strain, reason_to_rest
from edge_runtime.store import JobState

BUSY = "import time\nwhile True: pass"


@pytest.mark.parametrize(
    ("now", "is_resting", "expected"),
    [
        (Strain(), False, None),
        (Strain(celsius=80.0, others=1.0), False, None),
        (Strain(celsius=81.0), False, "too hot (81 °C, at most 80)"),
        (Strain(celsius=78.0), False, None),
        (Strain(celsius=78.0), True, "too hot (78 °C, at most 80)"),
        (Strain(celsius=77.0), True, None),
    ],
)
def test_heat_is_a_reason_until_it_is_cooler_again(now, is_resting, expected):
    settings = Settings(home=Path("/nowhere"))
    assert reason_to_rest(now, settings, is_resting=is_resting) == expected


@pytest.mark.parametrize(
    ("others", "is_resting", "expected"),
    [
        (0.5, False, None),
        (0.6, False, "other programs are busy (60%, at most 50%)"),
        (0.45, True, "other programs are busy (45%, at most 50%)"),
        (0.4, True, None),
        (None, True, None),
    ],
)
def test_other_programs_are_a_reason_where_a_limit_is_set(others, is_resting, expected):
    settings = Settings(home=Path("/nowhere"), background_max_load=0.5)
    assert reason_to_rest(Strain(None, others), settings, is_resting=is_resting) == (
        expected
    )


def test_a_limit_of_nothing_is_none():
    settings = Settings(home=Path("/nowhere"), background_max_celsius=0)
    assert reason_to_rest(Strain(celsius=120.0, others=1.0), settings) is None


def test_the_own_family_does_not_count_as_others():
    meter = NeighbourMeter()
    assert meter.share() is None
    started = time.monotonic()
    child = subprocess.Popen([sys.executable, "-c", BUSY])
    try:
        time.sleep(1.0)
        with_child = meter.share()
        seconds = time.monotonic() - started
        total = _cpu_seconds(child.pid) / seconds / (os.cpu_count() or 1)
    finally:
        child.kill()
        child.wait()
    assert with_child is not None
    # the child took its part, and others what is left at most
    assert with_child <= 1.0 - total + 0.1


def _cpu_seconds(pid: int) -> float:
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK")


def test_a_kernel_that_says_nothing_is_no_reason(tmp_path):
    meter = NeighbourMeter(tmp_path)
    assert meter.share() is None
    assert meter.share() is None


def heat(root: Path, degrees: float) -> None:
    zone = root / "sys/class/thermal/thermal_zone0"
    zone.mkdir(parents=True, exist_ok=True)
    (zone / "type").write_text("cpu-thermal\n")
    (zone / "temp").write_text(f"{degrees * 1000:.0f}\n")


async def test_a_batch_rests_while_it_is_hot_and_goes_on_when_it_is_cool(
    settings, tmp_path
):
    heat(tmp_path, 91)
    async with serving(replace(settings, allowed_folders=(SAMPLES,))) as service:
        service._parts.pacer = Pacer(
            lambda: service.settings, tmp_path, look_every_s=0.1
        )
        wanted = CaptionOptions(refresh=True)
        question = Question(wanted, path=SAMPLES / "dogs-on-grass.jpg", store=True)
        photo = (await service.captions.ask(question)).photo_id
        job = await service.caption_jobs.enqueue_photos([photo] * 3, wanted, "test")
        now = await resting(service, job.id)
        assert now.waits_for == "too hot (91 °C, at most 80)"
        assert now.progress == 0
        # a person does not wait for the weather
        assert (await service.captions.ask(question)).caption
        heat(tmp_path, 60)
        done = await service.jobs.wait(job.id)
        assert done.state is JobState.DONE
        assert done.result["captioned"] == 3
        assert done.waits_for == ""


async def resting(service, job_id):
    """Return a job as soon as it rests."""
    for _ in range(400):
        for job in service.jobs.running:
            if job.id == job_id and job.waits_for:
                return job
        await asyncio.sleep(0.05)
    raise AssertionError("it does not rest")


async def test_a_worker_has_low_priority_only_for_what_nobody_waits_for(settings):
    async with serving(replace(settings, allowed_folders=(SAMPLES,))) as service:
        wanted = CaptionOptions(refresh=True)
        question = Question(wanted, path=SAMPLES / "dogs-on-grass.jpg", store=True)
        photo = (await service.captions.ask(question)).photo_id
        pid = next(fact.pid for fact in service.runner_states() if fact.answers)
        usual = os.getpriority(os.PRIO_PROCESS, 0)
        assert niceness(pid) == {usual}
        job = await service.caption_jobs.enqueue_photos([photo], wanted, "test")
        assert (await service.jobs.wait(job.id)).state is JobState.DONE
        assert niceness(pid) == {min(usual + 10, 19)}
        assert weight(pid) in {None, str(min(usual + 10, 19))}
        await service.captions.ask(question)
        if may_be_raised():
            assert niceness(pid) == {usual}


def niceness(pid: int) -> set[int]:
    """Return the priorities of a process's threads."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return {os.getpriority(os.PRIO_PROCESS, int(thread.name)) for thread in threads}


def weight(pid: int) -> str | None:
    """Return how little a process's session weighs, where the kernel weighs them."""
    group = Path(f"/proc/{pid}/autogroup")
    return group.read_text().split()[-1] if group.exists() else None


def may_be_raised() -> bool:
    """Return whether this process may take a niceness back."""
    lines = Path("/proc/self/status").read_text().splitlines()
    mask = next(line.split()[1] for line in lines if line.startswith("CapEff"))
    cap_sys_nice = 1 << 23
    return bool(int(mask, 16) & cap_sys_nice)
