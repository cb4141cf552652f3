"""Measure in a quiet moment how fast this machine is, for better estimates."""

import asyncio
import logging
from typing import Final

from ..errors import EdgeRuntimeError
from ..jobs import Priority
from .parts import Parts

_LOGGER = logging.getLogger(__name__)
DELAY_S: Final = 300.0
"""A machine that starts up has other things to do."""
AGAIN_S: Final = 3600.0
"""A neighbour that was busy is not an hour later, most often."""
_GROUP: Final = "benchmark"


class SpeedMeter:
    """Runs the self-benchmark until its result can be trusted; then never again."""

    def __init__(
        self, parts: Parts, delay_s: float = DELAY_S, again_s: float = AGAIN_S
    ) -> None:
        self._parts = parts
        self._delay_s, self._again_s = delay_s, again_s
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Wait for a quiet moment."""
        self._task = asyncio.create_task(self._run())

    def stop(self) -> None:
        """Measure no more."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self) -> None:
        await asyncio.sleep(self._delay_s)
        while not await asyncio.to_thread(self._is_settled):
            if self._is_quiet:
                await self._measure()
            await asyncio.sleep(self._again_s)

    @property
    def _is_quiet(self) -> bool:
        return self._parts.pool.is_memory_free and not self._parts.jobs.running

    def _is_settled(self) -> bool:
        runtime = self._parts.runtime
        return runtime.benchmark.is_settled(runtime.hardware)

    async def _measure(self) -> None:
        runtime = self._parts.runtime
        try:
            # held, so that no photo is described beside it, two seconds long
            async with self._parts.pool.gate.hold(Priority.BATCH, _GROUP):
                await runtime.benchmark.run(runtime.hardware)
        except EdgeRuntimeError as err:
            _LOGGER.info("the speed of this machine could not be measured: %s", err)
        else:
            self._parts.selector.refresh()
