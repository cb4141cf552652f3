"""Models as jobs: fetch and prove, check, remove, load."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from ..downloads import FileAction, Progress
from ..inference.registry import FAMILIES
from ..jobs import JobContext, JobKind, Priority, Resource
from ..manifest import ModelSpec
from ..selftest import can_test
from .errors import ModelBusyError
from .models import DOWNLOAD_JOB, LOAD_JOB, REMOVE_JOB, VERIFY_JOB
from .parts import Parts

_SELF_TEST: Final = "self-test"


class ModelJobs:
    """The kinds of jobs that concern models."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def kinds(self) -> Sequence[JobKind]:
        """Return the kinds for the queue."""
        return (
            JobKind(DOWNLOAD_JOB, Resource.NETWORK, self._download),
            JobKind(VERIFY_JOB, Resource.IMAGING, self._verify),
            JobKind(REMOVE_JOB, Resource.IMAGING, self._remove),
            JobKind(LOAD_JOB, Resource.MODEL, self._load),
        )

    async def _download(self, context: JobContext) -> Mapping[str, Any]:
        """Bring a model's files, then let the model prove itself here."""
        spec = self._spec(context)
        runtime, counters = self._parts.runtime, self._parts.counters
        plan = await asyncio.to_thread(runtime.store.plan, spec)
        meter = _Meter(
            {f.path: f.have_bytes for f in plan.files if f.action is FileAction.FETCH}
        )
        total = plan.fetch_bytes if plan.sizes_known else None
        await context.progress(0, total, "download")
        loop = asyncio.get_running_loop()

        def show(progress: Progress) -> None:
            # comes from whichever thread writes the file
            if (done := meter.update(progress)) is not None:
                loop.call_soon_threadsafe(partial(context.tell, done, total))

        try:
            await runtime.store.ensure(spec, show, force=True)
        finally:
            counters.bytes_outside += meter.total
        self._parts.selector.refresh()
        await self._parts.events.emit("model.installed", {"id": spec.id})
        proven = await self._prove(context, spec)
        return {"model": spec.id, "received_bytes": meter.total, "self_test": proven}

    async def _prove(self, context: JobContext, spec: ModelSpec) -> str:
        """Run the self-test of a model that needs one; return how it ended."""
        runtime, pool = self._parts.runtime, self._parts.pool
        if spec.family not in FAMILIES or not can_test(spec):
            return "not_run"
        known = await asyncio.to_thread(runtime.self_tests.get, spec)
        if spec.is_bundled or (known is not None and known.passed):
            return "passed"
        await context.progress(context.job.progress, stage=_SELF_TEST)
        async with pool.gate.hold(Priority.INTERACTIVE, spec.id):
            await pool.prepare(spec, await self._need(spec))
            result = await runtime.self_test(spec)
        self._parts.selector.refresh()
        return "passed" if result.passed else f"failed: {result.reason}"

    async def _verify(self, context: JobContext) -> Mapping[str, Any]:
        spec = self._spec(context)
        await context.progress(0, stage="hashing")
        problems = await asyncio.to_thread(self._parts.runtime.store.verify, spec)
        if problems:
            self._parts.selector.refresh()
        return {
            "model": spec.id,
            "problems": [
                {"path": p.path, "code": p.code, "message": p.message} for p in problems
            ],
        }

    async def _remove(self, context: JobContext) -> Mapping[str, Any]:
        spec = self._spec(context)
        pool = self._parts.pool
        if pool.gate.group == spec.id:
            raise ModelBusyError(f"{spec.id} is in use: try again in a moment")
        await pool.unload(spec.id)
        freed = await asyncio.to_thread(self._parts.runtime.store.remove, spec)
        self._parts.selector.refresh()
        await self._parts.events.emit("model.removed", {"id": spec.id})
        return {"model": spec.id, "freed_bytes": freed}

    async def _load(self, context: JobContext) -> Mapping[str, Any]:
        spec = self._spec(context)
        pool = self._parts.pool
        await context.progress(0, 1, "loading")
        async with pool.gate.hold(context.job.priority, spec.id):
            runner = await pool.prepare(spec, await self._need(spec))
            await runner.ensure_ready()
        self._parts.jobs.loaded_model = spec.id
        return {"model": spec.id, "rss_bytes": runner.rss_bytes()}

    async def _need(self, spec: ModelSpec) -> int | None:
        choice = await self._parts.selector.choice(spec)
        return (
            None
            if choice is None or choice.need is None
            else (choice.need.load_peak_bytes)
        )

    def _spec(self, context: JobContext) -> ModelSpec:
        return self._parts.runtime.model(str(context.params["model"]))


class _Meter:
    """Adds up what came of several files."""

    def __init__(self, had: Mapping[str, int]) -> None:
        self._had = dict(had)
        self._done: dict[str, int] = {}

    @property
    def total(self) -> int:
        """Return the bytes that came so far."""
        return sum(self._done.values())

    def update(self, progress: Progress) -> int | None:
        """Return the bytes of all files, or None for one that isn't fetched."""
        if progress.file not in self._had:
            return None
        had = self._had[progress.file]
        self._done[progress.file] = max(0, progress.done_bytes - had)
        return self.total
