"""Jobs over a real store: order, progress, cancel, yield, stop and restart."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from edge_runtime.errors import DownloadError
from edge_runtime.jobs import JobKind, JobQueue, Priority, Resource
from edge_runtime.store import JobFinishedError, JobNotFoundError, JobState, NewJob


@asynccontextmanager
async def working(store, heard, *kinds: JobKind):
    queue = JobQueue(store, heard)
    queue.register(kinds)
    await queue.start()
    try:
        yield queue
    finally:
        await queue.stop()


def kind(run, name="work", resource=Resource.MODEL, clean_up=None) -> JobKind:
    return JobKind(name, resource, run, clean_up)


async def until(condition):
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.01)


async def test_a_job_runs_and_its_result_is_stored(store, heard):
    cleaned = []

    async def run(context):
        await context.progress(1, 2, "half")
        return {"answer": context.params["number"] + 1}

    async with working(store, heard, kind(run, clean_up=cleaned.append)) as queue:
        job = await queue.enqueue("work", {"number": 41}, started_by="a person")
        ended = await queue.wait(job.id)
        await until(lambda: "job.done" in heard.kinds)
    assert ended.state is JobState.DONE
    assert ended.result == {"answer": 42}
    assert (ended.progress, ended.total, ended.stage) == (1, 2, "half")
    assert heard.kinds == ["job.queued", "job.started", "job.progress", "job.done"]
    assert [job.id for job in cleaned] == [ended.id]
    assert (await store.jobs.get(job.id)).started_by == "a person"


async def test_failures_are_typed_and_faults_leave_the_queue_alive(store, heard):
    async def run(context):
        if context.params["typed"]:
            raise DownloadError("no server")
        raise ZeroDivisionError

    async with working(store, heard, kind(run)) as queue:
        typed = await queue.enqueue("work", {"typed": True})
        fault = await queue.enqueue("work", {"typed": False})
        assert (await queue.wait(typed.id)).error == {
            "code": "download_failed",
            "message": "no server",
        }
        error = (await queue.wait(fault.id)).error
    assert error["code"] == "internal_error"
    assert "ZeroDivisionError" in error["message"]


async def test_urgent_jobs_go_first_and_batches_step_back(store, heard):
    order, begun = [], asyncio.Event()

    async def batch(context):
        for number in range(context.resume.get("next", 0), 200):
            context.step_back()
            order.append(number)
            context.resume["next"] = number + 1
            begun.set()
            await asyncio.sleep(0.005)
        return {}

    async def person(context):
        order.append("person")
        return {}

    async with working(store, heard, kind(batch, "batch"), kind(person)) as queue:
        long = await queue.enqueue("batch", {}, priority=Priority.BATCH)
        await begun.wait()
        quick = await queue.enqueue("work", {}, priority=Priority.WAITING)
        async with asyncio.timeout(2):
            await queue.wait(quick.id)
            assert len(order) < 150  # the person did not wait for the batch
            assert (await queue.wait(long.id)).state is JobState.DONE
    assert order.index("person") < 150
    assert [n for n in order if n != "person"] == list(range(200))
    assert "job.parked" in heard.kinds


async def test_equally_urgent_jobs_of_the_loaded_model_go_first(store, heard):
    order = []

    async def run(context):
        order.append(context.job.group)
        queue.loaded_model = context.job.group
        return {}

    for group in ("a", "b", "a", "b"):
        new = NewJob("work", Resource.MODEL, group=group)
        await store.jobs.enqueue(new)
    async with working(store, heard, kind(run)) as queue:
        await until(lambda: len(order) == 4)
    assert order == ["a", "a", "b", "b"]


async def test_resources_do_not_wait_for_one_another(store, heard):
    release = asyncio.Event()

    async def slow(context):
        await release.wait()
        return {}

    async def fast(context):
        return {}

    kinds = (kind(slow, "slow", Resource.NETWORK), kind(fast))
    async with working(store, heard, *kinds) as queue:
        download = await queue.enqueue("slow", {})
        async with asyncio.timeout(5):
            await queue.wait((await queue.enqueue("work", {})).id)
        counts = await queue.counts()
        assert counts["network"] == {"waiting": 0, "running": 1}
        assert [job.id for job in queue.running] == [download.id]
        release.set()
        await queue.wait(download.id)


async def test_cancel_ends_running_and_queued_jobs(store, heard):
    started, cleaned = asyncio.Event(), []

    async def run(context):
        started.set()
        await asyncio.sleep(60)

    async with working(store, heard, kind(run, clean_up=cleaned.append)) as queue:
        first = await queue.enqueue("work", {})
        second = await queue.enqueue("work", {})
        await started.wait()
        assert (await queue.cancel(second.id)).state is JobState.CANCELLED
        assert (await queue.cancel(first.id)).state is JobState.CANCELLED
        with pytest.raises(JobFinishedError):
            await queue.cancel(first.id)
        with pytest.raises(JobNotFoundError):
            await queue.cancel("0" * 26)
        await until(lambda: len(cleaned) == 2)
    assert heard.kinds.count("job.cancelled") == 2


async def test_a_job_can_be_cancelled_at_any_moment(store, heard):
    async def run(context):
        await asyncio.sleep(60)

    async with working(store, heard, kind(run)) as queue:
        for pause in (0, 0, 0.001, 0.002, 0.005, 0.01):
            job = await queue.enqueue("work", {})
            await asyncio.sleep(pause)
            assert (await queue.cancel(job.id)).state is JobState.CANCELLED
        lost = await store.jobs.enqueue(NewJob("work", "nowhere"))
        await store.jobs.claim("nowhere")  # runs in the store and on no resource
        assert (await queue.cancel(lost.id)).state is JobState.CANCELLED


async def test_a_stop_parks_and_a_start_goes_on(store, heard):
    seen, begun = [], asyncio.Event()

    async def run(context):
        for number in range(context.resume.get("next", 0), 6):
            seen.append(number)
            context.resume["next"] = number + 1
            if number == 2 and not begun.is_set():
                begun.set()
                await asyncio.sleep(60)
        return {"ok": True}

    async with working(store, heard, kind(run)) as queue:
        job = await queue.enqueue("work", {})
        await begun.wait()
    parked = await store.jobs.get(job.id)
    assert parked.state is JobState.QUEUED
    assert parked.resume == {"next": 3}
    async with working(store, heard, kind(run)) as queue:
        assert (await queue.wait(job.id)).result == {"ok": True}
    assert seen == [0, 1, 2, 3, 4, 5]


async def test_what_a_crash_left_running_runs_again(store, heard):
    async def run(context):
        return {"ok": True}

    job = await store.jobs.enqueue(NewJob("work", Resource.MODEL))
    assert (await store.jobs.claim(Resource.MODEL)).id == job.id
    async with working(store, heard, kind(run)) as queue:
        assert (await queue.wait(job.id)).state is JobState.DONE


async def test_a_job_that_will_not_end_does_not_hold_up_the_stop(store, heard):
    begun, over = asyncio.Event(), asyncio.Event()

    async def run(context):
        begun.set()
        while not over.is_set():  # as code does that swallows its cancellation
            try:
                await asyncio.sleep(0.05)
            except asyncio.CancelledError:
                continue
        return {}

    loop = asyncio.get_running_loop()
    queue = JobQueue(store, heard)
    queue.register([kind(run)])
    await queue.start()
    job = await queue.enqueue("work", {})
    await begun.wait()
    started = loop.time()
    await queue.stop()
    assert loop.time() - started < 4
    assert (await store.jobs.get(job.id)).state is JobState.RUNNING
    over.set()
    await asyncio.sleep(0.1)


async def test_one_job_stands_for_another_with_its_key(store, heard):
    release = asyncio.Event()

    async def run(context):
        await release.wait()
        return {}

    async with working(store, heard, kind(run)) as queue:
        first = await queue.enqueue("work", {}, key="one")
        second = await queue.enqueue("work", {}, key="one")
        assert first.id == second.id
        release.set()
        await queue.wait(first.id)
        third = await queue.enqueue("work", {}, key="one")
        assert third.id != first.id


async def test_a_job_of_a_later_version_fails_and_the_next_one_runs(store, heard):
    async def run(context):
        return {}

    unknown = await store.jobs.enqueue(NewJob("dream", Resource.MODEL))
    async with working(store, heard, kind(run)) as queue:
        known = await queue.enqueue("work", {})
        assert (await queue.wait(known.id)).state is JobState.DONE
    assert (await store.jobs.get(unknown.id)).error["code"] == "job_kind_unknown"
