"""The queue's memory."""

import asyncio

import pytest

from edge_runtime.store import (
    JobFinishedError,
    JobNotFoundError,
    JobState,
    NewJob,
    Store,
    new_id,
)


def caption_job(**values) -> NewJob:
    return NewJob(**({"kind": "caption", "resource": "model"} | values))


async def order(store, group=None) -> list[str]:
    """Return who started the jobs, in the order in which they are claimed."""
    names = []
    while (job := await store.jobs.claim("model", group)) is not None:
        names.append(job.started_by)
    return names


async def test_a_job_is_kept_whole(store):
    new = caption_job(
        priority=5, group="tiny", params={"path": "é"}, started_by="phone"
    )
    queued = await store.jobs.enqueue(new)
    assert (queued.state, queued.priority, queued.group) == ("queued", 5, "tiny")
    assert (queued.params, queued.started_by) == ({"path": "é"}, "phone")
    running = await store.jobs.claim("model")
    assert (running.id, running.state) == (queued.id, JobState.RUNNING)
    assert running.started_at >= running.queued_at
    seen = await store.jobs.progress(queued.id, 3, total=10, stage="decode")
    assert (seen.progress, seen.total, seen.stage) == (3, 10, "decode")
    seen = await store.jobs.progress(queued.id, 4)
    assert (seen.progress, seen.total, seen.stage) == (4, 10, "decode")
    done = await store.jobs.finish(queued.id, JobState.DONE, result={"text": "a"})
    assert (done.state, done.result, done.error) == ("done", {"text": "a"}, None)
    assert done.finished_at >= done.started_at
    assert await store.jobs.get(queued.id) == done


async def test_the_most_urgent_then_the_oldest_goes_first(store):
    for name, priority in [("a", 0), ("b", 5), ("c", 0), ("d", 5), ("e", -1)]:
        await store.jobs.enqueue(caption_job(started_by=name, priority=priority))
    await store.jobs.enqueue(caption_job(started_by="x", resource="network"))
    assert await order(store) == ["b", "d", "a", "c", "e"]


async def test_jobs_of_the_loaded_model_go_together_but_never_before_urgent_ones(store):
    for name, group, priority in [
        ("a", "large", 0),
        ("b", "tiny", 0),
        ("c", "large", 0),
        ("d", "tiny", 0),
        ("urgent", "large", 9),
    ]:
        await store.jobs.enqueue(
            caption_job(started_by=name, group=group, priority=priority)
        )
    assert await order(store, "tiny") == ["urgent", "b", "d", "a", "c"]


async def test_a_job_is_claimed_once(store):
    for _ in range(10):
        await store.jobs.enqueue(caption_job())
    claimed = await asyncio.gather(*(store.jobs.claim("model") for _ in range(15)))
    ids = [job.id for job in claimed if job is not None]
    assert len(ids) == len(set(ids)) == 10


async def test_a_key_stands_for_one_active_job(store):
    download = NewJob("download", "network", key="download:tiny")
    first = await store.jobs.enqueue(download)
    assert (await store.jobs.enqueue(download)).id == first.id
    await store.jobs.claim("network")
    assert (await store.jobs.enqueue(download)).id == first.id
    await store.jobs.finish(first.id, JobState.FAILED, error={"code": "offline"})
    assert (await store.jobs.enqueue(download)).id != first.id
    others = [await store.jobs.enqueue(caption_job()) for _ in range(2)]
    assert others[0].id != others[1].id


async def test_a_parked_job_keeps_its_place_and_goes_on(store):
    first = await store.jobs.enqueue(caption_job(started_by="a"))
    await store.jobs.enqueue(caption_job(started_by="b"))
    await store.jobs.claim("model")
    parked = await store.jobs.park(first.id, {"next": 7})
    assert (parked.state, parked.resume) == ("queued", {"next": 7})
    assert (await store.jobs.park(first.id)).resume == {"next": 7}
    again = await store.jobs.claim("model")
    assert (again.id, again.resume) == (first.id, {"next": 7})
    done = await store.jobs.finish(first.id, JobState.DONE)
    assert done.resume is None


async def test_what_ran_when_the_process_ended_is_queued_again(home):
    async with await Store.open(home) as store:
        first = await store.jobs.enqueue(caption_job())
        await store.jobs.enqueue(caption_job())
        await store.jobs.claim("model")
        await store.jobs.park(first.id, {"next": 7})
        await store.jobs.claim("model")
    async with await Store.open(home) as store:
        assert await store.jobs.requeue_interrupted() == 1
        assert await store.jobs.waiting("model") == await store.jobs.waiting() == 2
        assert await store.jobs.waiting("network") == 0
        again = await store.jobs.claim("model")
        assert (again.id, again.resume) == (first.id, {"next": 7})


async def test_a_waiting_job_is_cancelled_and_a_running_one_is_left_to_its_owner(store):
    waiting = await store.jobs.enqueue(caption_job())
    assert (await store.jobs.cancel(waiting.id)).state is JobState.CANCELLED
    running = await store.jobs.enqueue(caption_job())
    await store.jobs.claim("model")
    assert (await store.jobs.cancel(running.id)).state is JobState.RUNNING
    await store.jobs.finish(running.id, JobState.CANCELLED)
    for change in (store.jobs.cancel, store.jobs.park):
        with pytest.raises(JobFinishedError, match="cancelled already"):
            await change(running.id)
    with pytest.raises(JobFinishedError):
        await store.jobs.finish(running.id, JobState.DONE)


async def test_a_late_progress_does_not_touch_an_ended_job(store):
    job = await store.jobs.enqueue(caption_job())
    await store.jobs.claim("model")
    await store.jobs.finish(job.id, JobState.DONE)
    assert (await store.jobs.progress(job.id, 5)).progress == 0


async def test_jobs_come_in_pages_and_old_ones_are_pruned(store):
    jobs = [await store.jobs.enqueue(caption_job()) for _ in range(6)]
    for job in jobs[:4]:
        await store.jobs.finish(job.id, JobState.DONE)
    first = await store.jobs.page(limit=4)
    second = await store.jobs.page(limit=4, cursor=first.next_cursor)
    listed = [job.id for job in (*first.items, *second.items)]
    assert listed == [job.id for job in jobs[::-1]]
    done = await store.jobs.page(JobState.DONE)
    assert [job.id for job in done.items] == [job.id for job in jobs[3::-1]]
    assert (await store.jobs.page(kind="download")).items == ()
    assert await store.jobs.prune(keep=1) == 3
    left = [job.id for job in (await store.jobs.page()).items]
    assert left == [jobs[5].id, jobs[4].id, jobs[3].id]
    assert await store.jobs.prune(keep=1) == 0


async def test_unknown_jobs_are_told(store):
    for work in (store.jobs.get, store.jobs.park, store.jobs.cancel):
        with pytest.raises(JobNotFoundError, match="no job has the id"):
            await work(new_id())
