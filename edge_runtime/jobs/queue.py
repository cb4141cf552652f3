"""`JobQueue`: takes jobs from the store and runs one at a time on each resource."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
import logging
from typing import Any, Final

from ..errors import DiskFullError, EdgeRuntimeError
from ..store import Job, JobState, NewJob, Store, StoreError
from .context import JobContext, JobYieldError
from .kinds import Announcer, JobKind, Priority, Resource, job_data

_LOGGER = logging.getLogger(__name__)
_RETRY_S: Final = 2.0
_FINISH_RETRIES_S: Final = (0.5, 2.0, 10.0)
_CLAIM_TRIES: Final = 50
_CLAIM_S: Final = 0.02
_PRUNE_EVERY: Final = 200
_GRACE_S: Final = 3.0
_CANCELLED: Final = {"code": "job_cancelled", "message": "the job was cancelled"}


@dataclass(slots=True)
class _Lane:
    """One resource: its loop, and the job that runs on it."""

    resource: Resource
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    loop: asyncio.Task[None] | None = None
    context: JobContext | None = None
    work: asyncio.Task[Mapping[str, Any]] | None = None
    cancelled: bool = False


class JobQueue:
    """Runs stored jobs, the most urgent first; what a stop interrupts is parked."""

    def __init__(self, store: Store, announcer: Announcer) -> None:
        self._store = store
        self._kinds: dict[str, JobKind] = {}
        self._announcer = announcer
        self._lanes = {resource: _Lane(resource) for resource in Resource}
        self._waiters: defaultdict[str, list[asyncio.Future[Job]]] = defaultdict(list)
        self._stopping = False
        self._finished = 0
        self.loaded_model: str | None = None
        """Jobs of this group go before others of the same priority."""

    def register(self, kinds: Iterable[JobKind]) -> None:
        """Make kinds of jobs known; before `start`."""
        self._kinds.update({kind.name: kind for kind in kinds})

    @property
    def running(self) -> tuple[Job, ...]:
        """Return the jobs that run now, with their latest progress."""
        lanes = self._lanes.values()
        return tuple(lane.context.job for lane in lanes if lane.context is not None)

    async def start(self) -> None:
        """Take up what an earlier run left, and begin to work."""
        if count := await self._store.jobs.requeue_interrupted():
            _LOGGER.info("%d interrupted jobs go on", count)
        for lane in self._lanes.values():
            lane.loop = asyncio.create_task(self._serve(lane))

    async def stop(self) -> None:
        """Park what runs and end the loops, within a few seconds."""
        self._stopping = True
        for lane in self._lanes.values():
            lane.wake.set()
            if lane.work is not None:
                lane.work.cancel()
        loops = [lane.loop for lane in self._lanes.values() if lane.loop is not None]
        if loops:
            _, late = await asyncio.wait(loops, timeout=_GRACE_S)
            for loop in late:  # its job is found as running, and queued, next time
                loop.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        for waiters in self._waiters.values():
            for waiter in waiters:
                waiter.cancel()

    async def enqueue(
        self,
        kind: str,
        params: Mapping[str, Any],
        *,
        priority: Priority = Priority.INTERACTIVE,
        group: str = "",
        started_by: str = "",
        key: str | None = None,
    ) -> Job:
        """Store a job and wake its loop; an open job with its key stands for it."""
        resource = self._kinds[kind].resource
        new = NewJob(
            kind=kind,
            resource=resource,
            priority=priority,
            group=group,
            params=params,
            started_by=started_by,
            key=key,
        )
        job = await self._store.jobs.enqueue(new)
        await self._announcer.emit("job.queued", job_data(job))
        lane = self._lanes[resource]
        if lane.context is not None and lane.context.job.priority < job.priority:
            lane.context.should_yield = True
        lane.wake.set()
        return job

    async def cancel(self, job_id: str) -> Job:
        """Cancel a job that is queued or runs; return its record once it has ended.

        Raises JobNotFoundError, or JobFinishedError if it is too late.
        """
        for _ in range(_CLAIM_TRIES):
            lane = self._lane_of(job_id)
            if lane is not None and lane.work is not None and not lane.work.done():
                lane.cancelled = True
                lane.work.cancel()
                return await self.wait(job_id)
            job = await self._store.jobs.cancel(job_id)
            if job.state.is_final:
                await self._ended(job)
                return job
            await asyncio.sleep(_CLAIM_S)  # its loop takes it up or puts it away
        job = await self._store.jobs.finish(
            job_id, JobState.CANCELLED, error=_CANCELLED
        )
        await self._ended(job)
        return job

    async def wait(self, job_id: str) -> Job:
        """Return a job's record when it has ended."""
        waiter: asyncio.Future[Job] = asyncio.get_running_loop().create_future()
        self._waiters[job_id].append(waiter)
        try:
            job = await self._store.jobs.get(job_id)
            return job if job.state.is_final else await waiter
        finally:
            self._waiters[job_id].remove(waiter)
            if not self._waiters[job_id]:
                del self._waiters[job_id]

    async def counts(self) -> dict[str, dict[str, int]]:
        """Return how many jobs wait and run on each resource."""
        return {
            lane.resource.value: {
                "waiting": await self._store.jobs.waiting(lane.resource),
                "running": int(lane.context is not None),
            }
            for lane in self._lanes.values()
        }

    def _lane_of(self, job_id: str) -> _Lane | None:
        lanes = (lane for lane in self._lanes.values() if lane.context is not None)
        return next(
            (x for x in lanes if x.context and x.context.job.id == job_id), None
        )

    async def _serve(self, lane: _Lane) -> None:
        while not self._stopping:
            lane.wake.clear()
            try:
                job = await self._store.jobs.claim(lane.resource, self.loaded_model)
                if job is None:
                    await lane.wake.wait()
                else:
                    await self._run(lane, job)
            except EdgeRuntimeError as err:  # a full disk or a locked store may pass
                _LOGGER.warning("jobs (%s): %s", lane.resource, err)
                with suppress(TimeoutError):
                    await asyncio.wait_for(lane.wake.wait(), _RETRY_S)

    async def _run(self, lane: _Lane, job: Job) -> None:
        kind = self._kinds.get(job.kind)
        if kind is None:  # left by a later version
            error = {"code": "job_kind_unknown", "message": f"no job '{job.kind}' here"}
            await self._finish(job, JobState.FAILED, error=error)
            return
        lane.context = context = JobContext(job, self._store.jobs, self._announcer)
        lane.cancelled = False
        lane.work = asyncio.ensure_future(kind.run(context))
        try:
            await self._announcer.emit("job.started", job_data(job))
            await asyncio.wait({lane.work})
            await self._conclude(lane, context, lane.work)
        except asyncio.CancelledError:
            lane.work.cancel()
            raise
        finally:
            lane.context = lane.work = None

    async def _conclude(
        self, lane: _Lane, context: JobContext, work: asyncio.Task[Mapping[str, Any]]
    ) -> None:
        """Write down how a run ended."""
        job = context.job
        if work.cancelled():
            if self._stopping and not lane.cancelled:
                await self._park(context)
            else:
                await self._finish(job, JobState.CANCELLED, error=_CANCELLED)
            return
        match work.exception():
            case None:
                await self._finish(job, JobState.DONE, result=work.result())
            case JobYieldError():
                await self._park(context)
            case EdgeRuntimeError() as err:
                if self._stopping:  # most likely because everything around it stops
                    await self._park(context)
                else:
                    await self._finish(job, JobState.FAILED, error=err.to_dict())
            case err:
                _LOGGER.error("job %s (%s) failed", job.id, job.kind, exc_info=err)
                message = f"the job failed: {type(err).__name__}"
                error = {"code": "internal_error", "message": message}
                await self._finish(job, JobState.FAILED, error=error)

    async def _park(self, context: JobContext) -> None:
        job = await self._store.jobs.park(context.job.id, context.resume)
        await self._announcer.emit("job.parked", job_data(job))

    async def _finish(
        self,
        job: Job,
        state: JobState,
        *,
        result: Mapping[str, Any] | None = None,
        error: Mapping[str, Any] | None = None,
    ) -> None:
        for wait_s in _FINISH_RETRIES_S:
            try:
                ended = await self._store.jobs.finish(job.id, state, result, error)
                break
            except (StoreError, DiskFullError) as err:  # it may pass
                _LOGGER.warning("job %s has ended and can't say so: %s", job.id, err)
                await asyncio.sleep(wait_s)
        else:
            ended = await self._store.jobs.finish(job.id, state, result, error)
        await self._ended(ended)

    async def _ended(self, job: Job) -> None:
        for waiter in self._waiters.get(job.id, ()):
            if not waiter.done():
                waiter.set_result(job)
        kind = self._kinds.get(job.kind)
        if kind is not None and kind.clean_up is not None:
            await asyncio.to_thread(kind.clean_up, job)
        await self._announcer.emit(f"job.{job.state.value}", job_data(job))
        self._finished += 1
        if self._finished % _PRUNE_EVERY == 0:
            await self._store.jobs.prune()
