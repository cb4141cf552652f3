"""Choose models for a machine, with a reason for every one that is not chosen."""

from .explain import better_here, explain, machine_line, to_dict
from .marks import marks_to_dict
from .memory import MemoryNeed, fits, memory_need
from .model import (
    Choice,
    Pace,
    PaceSource,
    Reason,
    ReasonCode,
    Rejection,
    Selection,
    SelectionContext,
    TaskSelection,
)
from .select import select

__all__ = [
    "Choice",
    "MemoryNeed",
    "Pace",
    "PaceSource",
    "Reason",
    "ReasonCode",
    "Rejection",
    "Selection",
    "SelectionContext",
    "TaskSelection",
    "better_here",
    "explain",
    "fits",
    "machine_line",
    "marks_to_dict",
    "memory_need",
    "select",
    "to_dict",
]
