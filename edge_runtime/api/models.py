"""`/api/v1/models`: which models there are, and how they come, go and are loaded."""

from collections.abc import Mapping
from typing import Final

from ..errors import (
    LicenseNotAcceptedError,
    ModelNotInstalledError,
    ModelUnknownError,
)
from ..manifest.blocks import Basis
from ..selection import PaceSource
from ..service import (
    ModelBuiltInError,
    ModelBusyError,
    ModelDoesNotFitError,
    facts_to_dict,
)
from ..store import Job
from .fields import (
    Boolean,
    Choice,
    Field,
    Integer,
    ListOf,
    MapOf,
    Number,
    Object,
    Text,
    answer,
    obj,
)
from .routing import API, Call, Reply, RouteTable, json_answer
from .shapes import JOB, job_dict

ROUTES: Final = RouteTable("models")
_ONE: Final = f"{API}/models/{{model_id}}"
_CONFIRM: Final = Boolean(
    required=False, default=False, description="take a model that does not fit"
)
_PACE: Final = Choice.of(*PaceSource, nullable=True)
_QUALITY: Final[Mapping[str, Field]] = {
    "dots": Integer(),
    "score": Number(description="0 to 100, comparable within a task"),
    "basis": Choice.of(*Basis, nullable=True),
    "source": Text(nullable=True),
}
_SPEED: Final[Mapping[str, Field]] = {
    "dots": Integer(),
    "seconds": Number(),
    "source": _PACE,
}
_MARKS: Final = answer(
    of=Integer(description="how many dots there are at most"),
    quality=Object(fields=_QUALITY, is_open=True, nullable=True),
    speed=Object(fields=_SPEED, is_open=True, nullable=True),
)
MODEL: Final = answer(
    id=Text(),
    title=Text(),
    task=Text(),
    family=Text(),
    library=Text(),
    answers_questions=Boolean(description="it answers /api/v1/answers"),
    format=Text(),
    quantization=Text(nullable=True),
    languages=ListOf(item=Text()),
    license=Text(),
    license_note=Text(nullable=True),
    license_pending=Boolean(),
    verified=Boolean(),
    quality=MapOf(),
    total_bytes=Integer(nullable=True),
    download_bytes=Integer(nullable=True),
    state=Text(),
    runner=Text(),
    pinned=Boolean(),
    fit=Text(),
    why=Text(nullable=True),
    seconds=Number(nullable=True, description="of a photo, on this machine"),
    seconds_source=_PACE,
    marks=_MARKS,
    memory_bytes=Integer(nullable=True),
    reasons=ListOf(item=answer(code=Text(), problem=Text(), cure=Text())),
    self_test=MapOf(nullable=True),
)


@ROUTES.get(
    f"{API}/models",
    summary="List every model with whether it fits this machine, and why not",
    answer=answer(items=ListOf(item=MODEL)),
)
async def list_models(call: Call) -> Reply:
    """Return all models of the manifest."""
    found = await call.service.models.all()
    return {"items": [facts_to_dict(facts) for facts in found]}


@ROUTES.get(_ONE, summary="Return one model", answer=MODEL, errors=(ModelUnknownError,))
async def get_model(call: Call) -> Reply:
    """Return a model by its id."""
    return facts_to_dict(await call.service.models.get(call.path["model_id"]))


@ROUTES.post(
    f"{_ONE}/download",
    summary="Download a model, then let it prove itself on this machine",
    body=obj(
        accept_license=Boolean(
            required=False,
            default=False,
            description="a person read and accepts the licence",
        ),
        confirm=_CONFIRM,
    ),
    answer=JOB,
    status=202,
    errors=(ModelUnknownError, LicenseNotAcceptedError, ModelDoesNotFitError),
)
async def download_model(call: Call) -> Reply:
    """Queue the download."""
    job = await call.service.models.download(
        call.path["model_id"],
        accept_license=call.body["accept_license"],
        confirm=call.body["confirm"],
        started_by=call.caller.name,
    )
    return _accepted(job)


@ROUTES.post(
    f"{_ONE}/verify",
    summary="Check every file of a model against its hash",
    answer=JOB,
    status=202,
    errors=(ModelUnknownError,),
)
async def verify_model(call: Call) -> Reply:
    """Queue the check; the job's result names what is wrong."""
    job = await call.service.models.verify(call.path["model_id"], call.caller.name)
    return _accepted(job)


@ROUTES.delete(
    _ONE,
    summary="Remove a model's files",
    answer=JOB,
    status=202,
    errors=(ModelUnknownError, ModelBusyError, ModelBuiltInError),
)
async def remove_model(call: Call) -> Reply:
    """Queue the removal."""
    job = await call.service.models.remove(call.path["model_id"], call.caller.name)
    return _accepted(job)


@ROUTES.post(
    f"{_ONE}/load",
    summary="Load a captioner into memory now, before the first photo asks for it",
    body=obj(confirm=_CONFIRM),
    answer=JOB,
    status=202,
    errors=(ModelUnknownError, ModelNotInstalledError, ModelDoesNotFitError),
)
async def load_model(call: Call) -> Reply:
    """Queue the loading."""
    job = await call.service.models.load(
        call.path["model_id"],
        confirm=call.body["confirm"],
        started_by=call.caller.name,
    )
    return _accepted(job)


@ROUTES.post(
    f"{_ONE}/unload",
    summary="Give the memory of a model back now",
    status=204,
    errors=(ModelUnknownError, ModelBusyError),
)
async def unload_model(call: Call) -> Reply:
    """End the model's worker, unless it answers somebody."""
    await call.service.models.unload(call.path["model_id"])
    return None


def _accepted(job: Job) -> Reply:
    return json_answer(job_dict(job), 202, {"Location": f"{API}/jobs/{job.id}"})
