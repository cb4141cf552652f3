"""What there is to say of a folder, as a record."""

from dataclasses import dataclass

from ...folder_settings import FolderSettings
from ...store import Job, JobState, Source, SourceCounts, now_ms
from .watching import FolderStatus


@dataclass(frozen=True, slots=True)
class FolderFacts:
    """Everything there is to say of a source now."""

    source: Source
    settings: FolderSettings | None
    status: FolderStatus | None
    """None: it is no folder."""
    counts: SourceCounts
    jobs: tuple[Job, ...] = ()
    """What works on it now, or is about to."""
    in_config: bool = False

    def pace(self, job: Job, now: int | None = None) -> dict[str, float | None]:
        """Return how fast a job goes, and the seconds that it still takes."""
        at = now_ms() if now is None else now
        began, before = job.started_at, 0.0
        if self.status is not None and job.id in self.status.began:
            began, before = self.status.began[job.id]
        done = job.progress - before
        if began is None or done <= 0 or job.state is not JobState.RUNNING:
            return {"per_second": None, "seconds_left": None}
        rate = done / max((at - began) / 1000, 0.001)
        left = None if job.total is None else max(0.0, job.total - job.progress) / rate
        return {
            "per_second": round(rate, 3),
            "seconds_left": None if left is None else round(left, 1),
        }
