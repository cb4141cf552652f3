"""`/api/v1/connectors`: how the other programs stand that are told of captions."""

from typing import Final

from .fields import Integer, ListOf, Text, answer
from .routing import API, Call, Reply, RouteTable

ROUTES: Final = RouteTable("connectors")
CONNECTOR: Final = answer(
    name=Text(),
    waiting=Integer(minimum=0, description="messages that were not delivered yet"),
    sent=Integer(minimum=0, description="messages delivered since the start"),
    problem=Text(nullable=True, max_length=10_000),
)


@ROUTES.get(
    f"{API}/connectors",
    summary="List the webhook and the broker that are told of captions",
    answer=answer(items=ListOf(item=CONNECTOR)),
)
async def list_connectors(call: Call) -> Reply:
    """Return each target of the settings with what waits for it."""
    return {"items": await call.service.deliveries.facts()}
