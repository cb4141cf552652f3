"""Who answers for a captioner that failed: the next smaller one that is here."""

import signal
import time
from typing import Final

from ..const import EMBEDDED_MODEL
from ..errors import EdgeRuntimeError, WorkerMemoryError
from ..manifest import ModelSpec
from ..runtime import EdgeRuntime
from ..schemas import Task
from ..selection import Choice, memory_need
from ..selection.memory import MemoryNeed
from .selector import Selector

REST_S: Final = 600.0
"""How long a captioner that ran out of memory is left alone."""


class StandIns:
    """Finds smaller captioners, and spares every photo the same failure."""

    def __init__(self, runtime: EdgeRuntime, selector: Selector) -> None:
        self._runtime = runtime
        self._selector = selector
        self._resting: dict[str, float] = {}
        """Captioners that ran out of memory, and when they may try again."""

    def is_resting(self, spec: ModelSpec) -> bool:
        """Return whether a captioner ran out of memory a short while ago."""
        return self._resting.get(spec.id, 0.0) > time.monotonic()

    def failed(self, spec: ModelSpec, error: EdgeRuntimeError) -> None:
        """Leave a captioner alone for a while if memory was what it lacked."""
        if ran_out_of_memory(error):
            self._resting[spec.id] = time.monotonic() + REST_S

    async def after(self, spec: ModelSpec, language: str | None) -> ModelSpec:
        """Return the best captioner here that needs less, at last the embedded one."""
        need = memory_need(spec)
        entry = (await self._selector.select(language)).get(Task.IMAGE_TO_TEXT)
        for choice in (entry.running, *entry.others):
            if choice is not None and self._is_smaller(choice, spec, need):
                return choice.model
        return self._runtime.model(EMBEDDED_MODEL)

    def _is_smaller(
        self, choice: Choice, spec: ModelSpec, need: MemoryNeed | None
    ) -> bool:
        less = choice.need
        if need is None or less is None or less.load_peak_bytes >= need.load_peak_bytes:
            return False
        other = choice.model
        return choice.installed and other.id != spec.id and not self.is_resting(other)


def ran_out_of_memory(error: EdgeRuntimeError) -> bool:
    """Return whether a worker passed its limit, or the kernel took it for memory."""
    if isinstance(error, WorkerMemoryError):
        return True
    return signal.SIGKILL.name in error.message
