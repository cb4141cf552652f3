"""Blocking work beside the event loop, ended cleanly when its task is cancelled."""

import asyncio
from collections.abc import Callable
import threading
from typing import TypeVar

ResultT = TypeVar("ResultT")


class Stop:
    """A flag that long blocking work looks at between two chunks."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def __call__(self) -> bool:
        """Return whether the work should end now."""
        return self._event.is_set()

    def set(self) -> None:
        """Ask the work to end."""
        self._event.set()


async def in_thread(work: Callable[[], ResultT], stop: Stop | None = None) -> ResultT:
    """Run blocking work; a cancelled caller asks it to stop and waits for its end."""
    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        # a thread can't be cancelled: closing its file under it would corrupt both
        if stop is not None:
            stop.set()
        await asyncio.wait({running})
        if not running.cancelled():
            running.exception()
        raise
