"""What kinds of work there are, what they occupy, and who goes first."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from ..store import Job

if TYPE_CHECKING:
    from .context import JobContext


class Resource(StrEnum):
    """What a job occupies; one runs at a time on each."""

    MODEL = "model"
    NETWORK = "network"
    IMAGING = "imaging"
    """Light work on files: decoding, hashing, removing."""


class Priority(IntEnum):
    """Who goes first."""

    BATCH = 0
    """Many photos that nobody looks at now."""
    INTERACTIVE = 10
    """Somebody started it and will come back."""
    WAITING = 20
    """A person stands before it."""


@dataclass(frozen=True, slots=True)
class JobKind:
    """One kind of work."""

    name: str
    resource: Resource
    run: "Callable[[JobContext], Awaitable[Mapping[str, Any]]]"
    """Does the work and returns its result; runs again from the start after a power
    cut, and from what it saved after a clean stop."""
    clean_up: Callable[[Job], None] | None = None
    """Called once when the job has ended, however that was."""


class Announcer(Protocol):
    """Tells clients what happens."""

    async def emit(self, kind: str, data: Mapping[str, Any]) -> Any:
        """Tell it, and keep it for those who come later."""

    def tell(self, kind: str, data: Mapping[str, Any]) -> None:
        """Tell it to those who listen now."""


def job_data(job: Job) -> dict[str, Any]:
    """Return what an event says of a job: no paths, no words of a caption."""
    return {
        "id": job.id,
        "kind": job.kind,
        "state": job.state.value,
        "progress": job.progress,
        "total": job.total,
        "stage": job.stage,
        "waits_for": job.waits_for,
        "error": None if job.error is None else dict(job.error),
    }
