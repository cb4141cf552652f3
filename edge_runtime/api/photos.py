"""`/api/v1/photos`: what the store knows of photos, and what a person says of them."""

from typing import Any, Final

from aiohttp import web

from ..errors import PhotoError, PhotoNotFoundError
from ..service import ANY, CaptionChangedError, PhotoFileMissingError
from ..store import (
    SIZES,
    ConflictError,
    InvalidValueError,
    NothingToUndoError,
    TagNotFoundError,
    to_rfc3339,
)
from .captions import ERRORS, OPTIONS, options_of
from .fields import (
    Choice,
    Field,
    Integer,
    ListOf,
    Object,
    Text,
    Timestamp,
    answer,
    language,
    obj,
    ulid,
)
from .routing import API, Call, Reply, RouteTable, json_answer
from .shapes import (
    DETAILS,
    JOB,
    RATING,
    TAG,
    WORDS,
    WRITTEN,
    details_dict,
    job_dict,
    rating_dict,
    tag_dict,
    written_dict,
)

ROUTES: Final = RouteTable("photos")
_ID: Final[dict[str, Field]] = {"photo_id": ulid()}
_LANGUAGE: Final = language(required=False, description="by default the settings' own")
_CHANGE: Final = answer(
    caption=Object(fields=WRITTEN.fields, is_open=True, nullable=True),
    replaced_at=Timestamp(),
)


class _Seen(Timestamp):
    """A time, null, or nothing said at all: three different things."""

    def schema(self) -> dict[str, Any]:
        return {k: v for k, v in super().schema().items() if k != "default"}


_SIZE: Final = Choice.of(*map(str, SIZES), required=False, default=str(SIZES[0]))
_A_DAY: Final = "private, max-age=86400"


@ROUTES.get(
    f"{API}/photos/{{photo_id}}",
    summary="Return everything that is known of a photo",
    path_fields=_ID,
    answer=DETAILS,
    errors=(PhotoNotFoundError,),
)
async def get_photo(call: Call) -> Reply:
    """Return a photo with its captions, suggestions, tags and files."""
    return details_dict(await call.service.store.photos.details(call.path["photo_id"]))


@ROUTES.delete(
    f"{API}/photos/{{photo_id}}",
    summary="Forget a photo and every word about it; its file is left alone",
    path_fields=_ID,
    status=204,
    errors=(PhotoNotFoundError,),
)
async def forget_photo(call: Call) -> Reply:
    """Remove a photo from the store."""
    await call.service.review.forget(call.path["photo_id"])
    return None


@ROUTES.get(
    f"{API}/photos/{{photo_id}}/thumbnail",
    summary="Return a small WebP of a photo",
    path_fields=_ID,
    query={"size": _SIZE},
    media_type="image/webp",
    errors=(PhotoNotFoundError, PhotoError, PhotoFileMissingError),
)
async def get_thumbnail(call: Call) -> Reply:
    """Return a thumbnail; a client that has it gets 304."""
    size = int(call.query["size"])
    path = await call.service.thumbnails.get(call.path["photo_id"], size)
    return picture_answer(path)


@ROUTES.post(
    f"{API}/photos/captions",
    summary="Describe many photos of the store as one job, behind everything else",
    body=obj(photo_ids=ListOf(item=ulid(), max_items=10_000), **OPTIONS),
    answer=JOB,
    status=202,
    errors=ERRORS,
)
async def caption_photos(call: Call) -> Reply:
    """Queue a batch."""
    job = await call.service.caption_jobs.enqueue_photos(
        call.body["photo_ids"], options_of(call), call.caller.name
    )
    headers = {"Location": f"{API}/jobs/{job.id}"}
    return json_answer(job_dict(job), 202, headers)


@ROUTES.put(
    f"{API}/photos/{{photo_id}}/caption",
    summary="Write the photo's caption in your own words",
    path_fields=_ID,
    body=obj(
        text=Text(min_length=1, max_length=WORDS),
        language=_LANGUAGE,
        replaces=_Seen(
            required=False,
            default=ANY,
            nullable=True,
            description="created_at of the caption that you saw, null if there was "
            "none: another one is not replaced",
        ),
    ),
    answer=WRITTEN,
    errors=(PhotoNotFoundError, InvalidValueError, CaptionChangedError),
)
async def write_caption(call: Call) -> Reply:
    """Make a person's words the caption; its hashtags become tags."""
    caption = await call.service.review.write_caption(
        call.path["photo_id"],
        _language(call),
        call.body["text"],
        seen=call.body["replaces"],
    )
    return written_dict(caption)


@ROUTES.get(
    f"{API}/photos/{{photo_id}}/caption/history",
    summary="List what a photo's caption was before, the newest first",
    path_fields=_ID,
    query={"language": _LANGUAGE},
    answer=answer(items=ListOf(item=_CHANGE)),
    errors=(PhotoNotFoundError,),
)
async def list_caption_history(call: Call) -> Reply:
    """Return every caption that was replaced; null where there was none."""
    wanted = call.query["language"] or call.service.settings.language
    store = call.service.store
    await store.photos.get(call.path["photo_id"])
    changes = await store.captions.history(call.path["photo_id"], wanted)
    return {
        "items": [
            {
                "caption": None if c.caption is None else written_dict(c.caption),
                "replaced_at": to_rfc3339(c.replaced_at),
            }
            for c in changes
        ]
    }


@ROUTES.delete(
    f"{API}/photos/{{photo_id}}/caption",
    summary="Remove a photo's caption; undo brings it back",
    path_fields=_ID,
    query={"language": _LANGUAGE},
    status=204,
    errors=(PhotoNotFoundError,),
)
async def remove_caption(call: Call) -> Reply:
    """Remove the caption in one language."""
    wanted = call.query["language"] or call.service.settings.language
    await call.service.review.remove_caption(call.path["photo_id"], wanted)
    return None


@ROUTES.post(
    f"{API}/photos/{{photo_id}}/caption/undo",
    summary="Take the last change of a photo's caption back",
    path_fields=_ID,
    body=obj(language=_LANGUAGE),
    answer=answer(caption=Object(fields=WRITTEN.fields, is_open=True, nullable=True)),
    errors=(PhotoNotFoundError, NothingToUndoError),
)
async def undo_caption(call: Call) -> Reply:
    """Return the caption that is there now."""
    caption = await call.service.review.undo_caption(
        call.path["photo_id"], _language(call)
    )
    return {"caption": None if caption is None else written_dict(caption)}


@ROUTES.post(
    f"{API}/photos/{{photo_id}}/rating",
    summary="Say how good a photo's caption is, with 1 to 5 stars",
    path_fields=_ID,
    body=obj(
        stars=Integer(minimum=1, maximum=5),
        suggestion_id=ulid(required=False),
        rater=Text(required=False, default="", max_length=100),
    ),
    answer=RATING,
    errors=(PhotoNotFoundError, InvalidValueError, ConflictError),
)
async def rate_photo(call: Call) -> Reply:
    """Keep a rating."""
    rating = await call.service.review.rate(
        call.path["photo_id"],
        call.body["stars"],
        call.body["rater"],
        call.body["suggestion_id"],
    )
    return rating_dict(rating)


@ROUTES.get(
    f"{API}/photos/{{photo_id}}/ratings",
    summary="List the ratings of a photo's captions",
    path_fields=_ID,
    answer=answer(items=ListOf(item=RATING)),
    errors=(PhotoNotFoundError,),
)
async def list_ratings(call: Call) -> Reply:
    """Return the ratings, the newest first."""
    ratings = await call.service.store.ratings.of_photo(call.path["photo_id"])
    return {"items": [rating_dict(rating) for rating in ratings]}


@ROUTES.put(
    f"{API}/photos/{{photo_id}}/tags/{{name}}",
    summary="Give a photo a tag",
    path_fields={**_ID, "name": Text(min_length=1, max_length=200)},
    answer=TAG,
    errors=(PhotoNotFoundError, InvalidValueError),
)
async def add_tag(call: Call) -> Reply:
    """Add a tag by its name."""
    tag = await call.service.review.add_tag(call.path["photo_id"], call.path["name"])
    return tag_dict(tag)


@ROUTES.delete(
    f"{API}/photos/{{photo_id}}/tags/{{name}}",
    summary="Take a tag off a photo; a hashtag of its caption stays",
    path_fields={**_ID, "name": Text(min_length=1, max_length=200)},
    status=204,
    errors=(PhotoNotFoundError, TagNotFoundError, InvalidValueError),
)
async def remove_tag(call: Call) -> Reply:
    """Remove a tag by its name."""
    await call.service.review.remove_tag(call.path["photo_id"], call.path["name"])
    return None


def picture_answer(path: Any) -> web.StreamResponse:
    """Return a WebP file; aiohttp makes its ETag and answers a client that has it."""
    headers = {"Content-Type": "image/webp", "Cache-Control": _A_DAY}
    return web.FileResponse(path, headers=headers)


def _language(call: Call) -> str:
    return str(call.body["language"] or call.service.settings.language)
