"""`/api/v1/tags`: the tags of photos; each is an album of its photos."""

from typing import Final

from ..store import TagNotFoundError
from .fields import Text
from .pagination import PAGE_QUERY
from .routing import API, Call, Reply, RouteTable
from .shapes import TAG, page_shape, tag_dict

ROUTES: Final = RouteTable("tags")


@ROUTES.get(
    f"{API}/tags",
    summary="List tags by their names; `photos?tag=` lists the photos of one",
    query={
        **PAGE_QUERY,
        "prefix": Text(required=False, default="", max_length=200),
    },
    answer=page_shape(TAG),
)
async def list_tags(call: Call) -> Reply:
    """Return a page of tags."""
    query = call.query
    page = await call.service.store.tags.page(
        query["prefix"], limit=query["limit"], cursor=query["cursor"]
    )
    items = [tag_dict(tag) for tag in page.items]
    return {"items": items, "next_cursor": page.next_cursor}


@ROUTES.get(
    f"{API}/tags/{{name}}",
    summary="Return one tag",
    path_fields={"name": Text(min_length=1, max_length=200)},
    answer=TAG,
    errors=(TagNotFoundError,),
)
async def get_tag(call: Call) -> Reply:
    """Return a tag by its name."""
    return tag_dict(await call.service.store.tags.get(call.path["name"]))
