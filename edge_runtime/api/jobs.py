"""`/api/v1/jobs`: work that takes longer than a request."""

from typing import Any, Final

from ..errors import EdgeRuntimeError
from ..store import ConflictError, Job, JobFinishedError, JobNotFoundError, JobState
from .fields import Choice, Object, Text, answer, ulid
from .pagination import PAGE_QUERY
from .routing import API, Call, Reply, RouteTable
from .shapes import CAPTION, JOB, caption_dict, job_dict, page_shape

ROUTES: Final = RouteTable("jobs")
_ONE: Final = f"{API}/jobs/{{job_id}}"
_ID: Final = {"job_id": ulid()}
_DETAILS: Final = answer(
    **JOB.fields,
    caption=Object(fields=CAPTION.fields, is_open=True, nullable=True),
)


@ROUTES.get(
    f"{API}/jobs",
    summary="List jobs, the newest first",
    query={
        **PAGE_QUERY,
        "state": Choice.of(*JobState, required=False),
        "kind": Text(required=False, min_length=1, max_length=50),
    },
    answer=page_shape(JOB),
)
async def list_jobs(call: Call) -> Reply:
    """Return a page of jobs."""
    query = call.query
    state = None if query["state"] is None else JobState(query["state"])
    page = await call.service.store.jobs.page(
        state, query["kind"], limit=query["limit"], cursor=query["cursor"]
    )
    running = _running(call)
    items = [job_dict(running.get(job.id, job)) for job in page.items]
    return {"items": items, "next_cursor": page.next_cursor}


@ROUTES.get(
    _ONE,
    summary="Return one job, and the caption that it made",
    path_fields=_ID,
    answer=_DETAILS,
    errors=(JobNotFoundError,),
)
async def get_job(call: Call) -> Reply:
    """Return a job with its latest progress."""
    job_id = call.path["job_id"]
    job = _running(call).get(job_id) or await call.service.store.jobs.get(job_id)
    return {**job_dict(job), "caption": await _caption(call, job)}


@ROUTES.post(
    f"{_ONE}/cancel",
    summary="Cancel a job that waits or runs",
    path_fields=_ID,
    answer=JOB,
    errors=(JobNotFoundError, JobFinishedError),
)
async def cancel_job(call: Call) -> Reply:
    """Cancel it, and return it when it has ended."""
    return job_dict(await call.service.jobs.cancel(call.path["job_id"]))


@ROUTES.delete(
    _ONE,
    summary="Take a job that has ended off the list",
    path_fields=_ID,
    status=204,
    errors=(JobNotFoundError, ConflictError),
)
async def remove_job(call: Call) -> Reply:
    """Forget it; what it made stays."""
    job_id = call.path["job_id"]
    await call.service.store.jobs.remove(job_id)
    await call.service.events.emit("job.removed", {"id": job_id})
    return None


def _running(call: Call) -> dict[str, Job]:
    """Return the jobs that run, with what is not stored of them."""
    return {job.id: job for job in call.service.jobs.running}


async def _caption(call: Call, job: Job) -> dict[str, Any] | None:
    result = job.result or {}
    if "caption_id" not in result:
        return None
    try:
        return caption_dict(await call.service.captions.get(result["caption_id"]))
    except EdgeRuntimeError:  # forgotten since
        return None
