"""`/api/v1/shares`, and `/s/{secret}`: read-only links with a secret of their own."""

from typing import Any, Final

from aiohttp import web

from ..errors import PhotoNotFoundError
from ..service import PhotoFileMissingError
from ..store import (
    SIZES,
    RecordNotFoundError,
    ShareNotFoundError,
    ShareTarget,
    now_ms,
    to_rfc3339,
)
from .errors import RequestError
from .fields import (
    Boolean,
    Choice,
    Field,
    Integer,
    ListOf,
    Text,
    Timestamp,
    answer,
    language,
    obj,
    ulid,
)
from .pagination import PAGE_QUERY
from .photos import picture_answer
from .routing import API, Call, Reply, RouteTable, json_answer
from .scopes import Scope
from .shapes import SHARE, WORDS, moment, page_shape, share_dict

ROUTES: Final = RouteTable("shares")
_SECRET: Final[dict[str, Field]] = {"secret": Text(min_length=1, max_length=200)}
_SHARED: Final = answer(
    id=ulid(),
    width=Integer(),
    height=Integer(),
    taken_at=Timestamp(nullable=True),
    captions=ListOf(item=answer(language=language(), text=Text(max_length=WORDS))),
    thumbnail=Text(description="relative to this address"),
)


@ROUTES.post(
    f"{API}/shares",
    summary="Make a read-only link to a photo or an album of any kind; shown this once",
    body=obj(
        target=Choice.of(*ShareTarget),
        target_id=Text(min_length=1, max_length=200),
        name=Text(required=False, default="", max_length=100),
        expires_at=Timestamp(required=False),
        captions=Boolean(
            required=False, default=True, description="show the captions, too"
        ),
    ),
    answer=answer(**SHARE.fields, secret=Text(), path=Text()),
    status=201,
    errors=(PhotoNotFoundError, RecordNotFoundError),
)
async def create_share(call: Call) -> Reply:
    """Make a link; its secret is not kept."""
    expires_at = call.body["expires_at"]
    if expires_at is not None and expires_at <= now_ms():
        raise RequestError("body.expires_at: lies in the past")
    share, secret = await call.service.shares.create(
        ShareTarget(call.body["target"]),
        call.body["target_id"],
        call.body["name"],
        expires_at,
        captions=call.body["captions"],
    )
    link = {"secret": secret, "path": f"s/{secret}"}
    return json_answer({**share_dict(share), **link}, 201)


@ROUTES.get(
    f"{API}/shares",
    summary="List the links, ended ones too",
    answer=answer(items=ListOf(item=SHARE)),
)
async def list_shares(call: Call) -> Reply:
    """Return all links, the newest first; the secrets are not kept."""
    found = await call.service.shares.all()
    return {"items": [share_dict(share) for share in found]}


@ROUTES.patch(
    f"{API}/shares/{{share_id}}",
    summary="Show the captions to whoever has the link, or hide them",
    path_fields={"share_id": ulid()},
    body=obj(captions=Boolean()),
    answer=SHARE,
    errors=(ShareNotFoundError,),
)
async def change_share(call: Call) -> Reply:
    """Change what a link shows."""
    share = await call.service.shares.show_captions(
        call.path["share_id"], captions=call.body["captions"]
    )
    return share_dict(share)


@ROUTES.delete(
    f"{API}/shares/{{share_id}}",
    summary="End a link now",
    path_fields={"share_id": ulid()},
    answer=SHARE,
    errors=(ShareNotFoundError,),
)
async def revoke_share(call: Call) -> Reply:
    """Revoke a link."""
    return share_dict(await call.service.shares.revoke(call.path["share_id"]))


@ROUTES.get(
    "/s/{secret}",
    summary="Return what a link shows; whoever has it may",
    scope=Scope.PUBLIC,
    path_fields=_SECRET,
    query=PAGE_QUERY,
    answer=answer(
        name=Text(),
        expires_at=Timestamp(nullable=True),
        **page_shape(_SHARED).fields,
    ),
    errors=(ShareNotFoundError,),
)
async def open_share(call: Call) -> Reply:
    """Return a page of shared photos: captions and thumbnails, and nothing else."""
    secret, shares = call.path["secret"], call.service.shares
    share = await shares.open(secret)
    if "text/html" in call.request.headers.get("Accept", ""):
        raise web.HTTPSeeOther(f"../#/shared/{secret}")  # the page shows it to people
    try:
        page = await shares.photos(share, call.query["limit"], call.query["cursor"])
    except PhotoNotFoundError:
        raise ShareNotFoundError("what this link showed is gone") from None
    items: list[dict[str, Any]] = [
        {
            "id": shared.photo.id,
            "width": shared.photo.width,
            "height": shared.photo.height,
            "taken_at": moment(shared.photo.taken_at),
            "captions": [
                {"language": c.language, "text": c.text} for c in shared.captions
            ],
            "thumbnail": f"{secret}/photos/{shared.photo.id}/thumbnail",
        }
        for shared in page.items
    ]
    until = None if share.expires_at is None else to_rfc3339(share.expires_at)
    facts = {"name": share.name, "expires_at": until}
    return {**facts, "items": items, "next_cursor": page.next_cursor}


@ROUTES.get(
    "/s/{secret}/photos/{photo_id}/thumbnail",
    summary="Return a small WebP of a shared photo",
    scope=Scope.PUBLIC,
    path_fields={**_SECRET, "photo_id": ulid()},
    query={"size": Choice.of(*map(str, SIZES), required=False, default=str(SIZES[0]))},
    media_type="image/webp",
    errors=(ShareNotFoundError, PhotoNotFoundError, PhotoFileMissingError),
)
async def get_shared_thumbnail(call: Call) -> Reply:
    """Return a thumbnail, if the link shows this photo."""
    shares = call.service.shares
    share = await shares.open(call.path["secret"])
    path = await shares.thumbnail(share, call.path["photo_id"], int(call.query["size"]))
    return picture_answer(path)
