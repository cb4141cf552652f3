"""Work that takes longer than a request: queued, run in order, parked, resumed."""

from .context import JobContext, JobYieldError
from .gate import PriorityGate
from .kinds import Announcer, JobKind, Priority, Resource, job_data
from .queue import JobQueue
from .under_way import UnderWay

__all__ = [
    "Announcer",
    "JobContext",
    "JobKind",
    "JobQueue",
    "JobYieldError",
    "Priority",
    "PriorityGate",
    "Resource",
    "UnderWay",
    "job_data",
]
