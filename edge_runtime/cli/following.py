"""Follow a job of the service until it ends, with a progress bar."""

import asyncio
from typing import TYPE_CHECKING, Any, Final

from ..errors import error_from_code
from ..units import printable
from .output import Console

if TYPE_CHECKING:
    from .client import HomeClient

_EVERY_S: Final = 0.25


async def follow(
    client: "HomeClient", job: dict[str, Any], console: Console, label: str
) -> dict[str, Any]:
    """Return a job's result; raise the error that it ended with."""
    bar = console.progress(printable(label), 0, "photos")
    try:
        while job["state"] in {"queued", "running"}:
            if job["total"]:
                now = job.get("waits_for") or job["stage"]
                text = f"{printable(label)}: {now}"
                bar.update(int(job["progress"]), int(job["total"]), text)
            await asyncio.sleep(_EVERY_S)
            job = await client.get(f"jobs/{job['id']}")
    except asyncio.CancelledError:
        bar.close()
        if client.is_serving:
            console.tell(f"the service goes on with it (job {job['id']})")
        else:
            console.tell("the same command goes on from here")
        raise
    finally:
        bar.close()
    if job["error"] is not None:
        raise error_from_code(str(job["error"]["code"]), str(job["error"]["message"]))
    return dict(job["result"] or {})
