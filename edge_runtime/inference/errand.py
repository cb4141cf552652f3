"""A worker for one question, without a model: started, asked, ended."""

import asyncio
from typing import Any

from ..errors import WorkerCrashedError, WorkerTimeoutError
from .child import Child, WorkerLaunch, describe_exit
from .messages import result_of


async def ask_once(
    launch: WorkerLaunch, header: dict[str, Any], timeout_s: float
) -> dict[str, Any]:
    """Return what a fresh worker answers; raise what prevents it."""
    child = await Child.start(launch)
    try:
        async with asyncio.timeout(timeout_s):
            answer = await child.ask(header)
        if answer is None:
            reason = describe_exit(await child.wait(), child.last_words)
            raise WorkerCrashedError(reason)
    except TimeoutError:
        raise WorkerTimeoutError(f"no answer in {timeout_s:g} s") from None
    finally:
        await child.end()
    return result_of(answer)
