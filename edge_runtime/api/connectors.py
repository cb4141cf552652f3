"""`/api/v1/connectors`: other programs that are told of captions, or given some."""

from typing import Final

from ..connectors.errors import ConnectorSetupError
from .fields import Boolean, Integer, ListOf, MapOf, Text, answer, obj, ulid
from .routing import API, Call, Reply, RouteTable, json_answer
from .shapes import JOB, job_dict

ROUTES: Final = RouteTable("connectors")
CONNECTOR: Final = answer(
    name=Text(),
    waiting=Integer(minimum=0, description="messages that were not delivered yet"),
    sent=Integer(minimum=0, description="messages delivered since the start"),
    problem=Text(nullable=True, max_length=10_000),
)
IMMICH: Final = answer(
    url=Text(nullable=True),
    is_set_up=Boolean(),
    tags=Boolean(),
    items=MapOf(item=Integer(minimum=0), description="photos by how they were left"),
    job_id=ulid(nullable=True, description="the run of today, or the last one"),
)


@ROUTES.get(
    f"{API}/connectors",
    summary="List the webhook and the broker that are told of captions",
    answer=answer(items=ListOf(item=CONNECTOR)),
)
async def list_connectors(call: Call) -> Reply:
    """Return each target of the settings with what waits for it."""
    return {"items": await call.service.deliveries.facts()}


@ROUTES.get(
    f"{API}/connectors/immich",
    summary="Return whether an Immich is set up, and how its photos stand",
    answer=IMMICH,
)
async def get_immich(call: Call) -> Reply:
    """Return the connector's facts; its key stays where it is."""
    return await call.service.immich.facts()


@ROUTES.post(
    f"{API}/connectors/immich/run",
    summary="Caption the photos of Immich that have no description, or one of ours",
    body=obj(
        refresh=Boolean(
            required=False, default=False, description="those of ours anew, too"
        ),
        limit=Integer(required=False, nullable=True, minimum=1),
    ),
    answer=JOB,
    status=202,
    errors=(ConnectorSetupError,),
)
async def run_immich(call: Call) -> Reply:
    """Queue a run, or return the one that is open."""
    job = await call.service.immich.enqueue(
        refresh=call.body["refresh"],
        limit=call.body["limit"],
        started_by=call.caller.name,
    )
    return json_answer(job_dict(job), 202, {"Location": f"{API}/jobs/{job.id}"})
