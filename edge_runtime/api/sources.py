"""`/api/v1/sources`: where the photos come from."""

from typing import Final

from ..store import SourceKind, to_rfc3339
from .fields import Choice, ListOf, Text, Timestamp, answer, ulid
from .routing import API, Call, Reply, RouteTable

ROUTES: Final = RouteTable("photos")
SOURCE: Final = answer(
    id=ulid(),
    kind=Choice.of(*SourceKind),
    name=Text(),
    created_at=Timestamp(),
)


@ROUTES.get(
    f"{API}/sources",
    summary="List where photos come from: folders, cameras and requests",
    answer=answer(items=ListOf(item=SOURCE)),
)
async def list_sources(call: Call) -> Reply:
    """Return all sources; `photos?source_id=` lists the photos of one."""
    return {
        "items": [
            {
                "id": source.id,
                "kind": source.kind.value,
                "name": source.name,
                "created_at": to_rfc3339(source.created_at),
            }
            for source in await call.service.store.sources.list()
        ]
    }
