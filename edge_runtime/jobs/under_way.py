"""Several photos under way at once: one is with the model, the others get ready."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class UnderWay(Generic[T]):
    """Runs so many pieces of work at once; results come in the order of the start."""

    def __init__(
        self, at_once: int, on_result: Callable[[T], None] | None = None
    ) -> None:
        self._at_once = at_once
        self._on_result = on_result
        self._tasks: deque[asyncio.Task[T]] = deque()

    def __len__(self) -> int:
        """Return how many were started and not yet waited for."""
        return len(self._tasks)

    async def start(self, work: Coroutine[Any, Any, T]) -> None:
        """Start one, and wait until there is room for the next."""
        self._tasks.append(asyncio.create_task(work))
        await self.drain(self._at_once - 1)

    async def drain(self, keep: int = 0) -> None:
        """Wait until only so many are left; raise what one of them raised."""
        while len(self._tasks) > keep:
            result = await self._tasks[0]
            self._tasks.popleft()
            if self._on_result is not None:
                self._on_result(result)

    async def end(self) -> None:
        """Cancel what is left."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
