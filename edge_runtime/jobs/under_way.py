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
            await asyncio.wait((self._tasks[0],))
            self._take_first()

    async def end(self) -> None:
        """Cancel what is left; results that are there by then still count."""
        try:
            while self._tasks and _has_result(self._tasks[0]):
                self._take_first()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self._tasks.clear()

    def _take_first(self) -> None:
        task = self._tasks[0]
        result = task.result()
        self._tasks.popleft()
        if self._on_result is not None:
            self._on_result(result)


def _has_result(task: "asyncio.Task[Any]") -> bool:
    return task.done() and not task.cancelled() and task.exception() is None
