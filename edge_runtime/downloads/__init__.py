"""The model store: what is on this machine, and how the rest of it comes."""

from .records import (
    DownloadPlan,
    FileAction,
    ModelState,
    Patience,
    PlannedFile,
    Problem,
    Progress,
    PruneReport,
)
from .store import ModelStore

__all__ = [
    "DownloadPlan",
    "FileAction",
    "ModelState",
    "ModelStore",
    "Patience",
    "PlannedFile",
    "Problem",
    "Progress",
    "PruneReport",
]
