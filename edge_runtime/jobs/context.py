"""What a running job sees of the queue."""

from collections.abc import Mapping
from dataclasses import replace
import time
from typing import Any, Final, Protocol

from ..store import Job
from .kinds import Announcer, job_data

_TELL_EVERY_S: Final = 0.25
_STORE_EVERY_S: Final = 5.0
"""Progress is not worth many writes to an SD card."""


class JobYieldError(Exception):
    """The job steps back between two photos; it goes on later from what it saved."""


class ProgressStore(Protocol):
    """Keeps a job's progress."""

    async def progress(
        self,
        job_id: str,
        progress: float,
        total: float | None = None,
        stage: str | None = None,
    ) -> Any:
        """Write down how far a job is."""


class JobContext:
    """One run of a job: its parameters, its progress and whether to step back."""

    def __init__(self, job: Job, store: ProgressStore, announcer: Announcer) -> None:
        self.job = job
        self.resume: dict[str, Any] = dict(job.resume or {})
        """Where to go on; whatever the job writes here outlives a clean stop."""
        self.should_yield = False
        self._store = store
        self._announcer = announcer
        self._told_at = 0.0
        self._stored_at = time.monotonic()

    @property
    def params(self) -> Mapping[str, Any]:
        """Return what the job was started with."""
        return self.job.params

    def step_back(self) -> None:
        """Raise JobYieldError if something more urgent waits; for between photos."""
        if self.should_yield:
            raise JobYieldError

    def waits(self, reason: str) -> None:
        """Tell why nothing is done now; an empty reason: it goes on."""
        self.job = replace(self.job, waits_for=reason)
        self._announcer.tell("job.progress", job_data(self.job))

    async def progress(
        self, done: float, total: float | None = None, stage: str | None = None
    ) -> None:
        """Tell how far the job is: clients at once, the store now and then."""
        new_stage = stage is not None and stage != self.job.stage
        self.tell(done, total, stage)
        now = time.monotonic()
        if new_stage or now - self._stored_at >= _STORE_EVERY_S:
            self._stored_at = now
            job = self.job
            await self._store.progress(job.id, job.progress, job.total, job.stage)

    def tell(
        self, done: float, total: float | None = None, stage: str | None = None
    ) -> None:
        """Tell clients alone how far the job is; for callbacks that can't wait."""
        new_stage = stage is not None and stage != self.job.stage
        self.job = replace(
            self.job,
            progress=done,
            total=self.job.total if total is None else total,
            stage=self.job.stage if stage is None else stage,
        )
        now = time.monotonic()
        if new_stage or now - self._told_at >= _TELL_EVERY_S:
            self._told_at = now
            self._announcer.tell("job.progress", job_data(self.job))
