"""Give back what work took, a moment after it has ended."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from ..errors import EdgeRuntimeError
from ..store import Store
from .process import give_back_memory
from .records import share_methods

DELAY_S: Final = 1.5
"""What comes right after (an event, a look at the models) is over by then."""


class Rest:
    """Waits for a quiet moment; work that begins meanwhile puts it off."""

    def __init__(self, store: Store, is_quiet: Callable[[], bool]) -> None:
        self._store = store
        self._is_quiet = is_quiet
        self._task: asyncio.Task[None] | None = None

    def later(self) -> None:
        """Rest in a moment."""
        self.stop()
        self._task = asyncio.create_task(self._rest())

    def stop(self) -> None:
        """Rest no more."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _rest(self) -> None:
        await asyncio.sleep(DELAY_S)
        if self._is_quiet():
            with suppress(EdgeRuntimeError):
                await self._store.rest()
            share_methods()
            give_back_memory()
