"""`/r/{secret}`: what somebody who rates sees; the link opens this and nothing else."""

from typing import Any, Final

from aiohttp import web

from ..errors import PhotoNotFoundError
from ..service import PhotoFileMissingError
from ..store import (
    SIZES,
    ConflictError,
    InvalidValueError,
    RespondentNotFoundError,
    StudyState,
)
from .fields import Choice, Field, Integer, ListOf, Text, answer, language, obj, ulid
from .photos import picture_answer
from .routing import Call, Reply, RouteTable
from .scopes import Scope
from .shapes import WORDS
from .studies import MAX_VARIANTS

ROUTES: Final = RouteTable("studies")
_SECRET: Final[dict[str, Field]] = {"secret": Text(min_length=1, max_length=200)}
_PHOTO: Final[dict[str, Field]] = {**_SECRET, "photo_id": ulid()}
_STARS: Final = Integer(minimum=1, maximum=5, nullable=True)
_SHEET: Final = answer(
    id=ulid(),
    texts=ListOf(item=Text(max_length=WORDS)),
    stars=ListOf(item=_STARS),
    thumbnail=Text(description="relative to this address"),
)


@ROUTES.get(
    "/r/{secret}",
    summary="Return what a respondent is to rate, and what they said so far",
    scope=Scope.PUBLIC,
    path_fields=_SECRET,
    answer=answer(
        name=Text(),
        language=language(),
        state=Choice.of(*StudyState),
        items=ListOf(item=_SHEET),
    ),
    errors=(RespondentNotFoundError,),
)
async def open_study(call: Call) -> Reply:
    """Return photos and texts in the respondent's own order; no variant is named."""
    secret, studies = call.path["secret"], call.service.studies
    respondent, study = await studies.open(secret)
    if "text/html" in call.request.headers.get("Accept", ""):
        raise web.HTTPSeeOther(f"../#/rate/{secret}")  # the page shows it to people
    is_open = study.state is StudyState.OPEN
    sheets = await studies.sheets(respondent) if is_open else []
    items: list[dict[str, Any]] = [
        {
            "id": sheet.photo_id,
            "texts": list(sheet.texts),
            "stars": list(sheet.stars),
            "thumbnail": f"{secret}/photos/{sheet.photo_id}/thumbnail",
        }
        for sheet in sheets
    ]
    return {
        "name": study.name,
        "language": study.language,
        "state": study.state.value,
        "items": items,
    }


@ROUTES.put(
    "/r/{secret}/photos/{photo_id}",
    summary="Give the texts of a photo stars, in the order in which they were shown",
    scope=Scope.PUBLIC,
    path_fields=_PHOTO,
    body=obj(stars=ListOf(item=_STARS, max_items=MAX_VARIANTS)),
    status=204,
    errors=(
        RespondentNotFoundError,
        PhotoNotFoundError,
        InvalidValueError,
        ConflictError,
    ),
)
async def rate_captions(call: Call) -> Reply:
    """Keep the stars; null is what has none yet."""
    respondent, study = await call.service.studies.open(call.path["secret"])
    await call.service.studies.rate(
        respondent, study, call.path["photo_id"], call.body["stars"]
    )
    return None


@ROUTES.get(
    "/r/{secret}/photos/{photo_id}/thumbnail",
    summary="Return a small WebP of a photo that is to be rated",
    scope=Scope.PUBLIC,
    path_fields=_PHOTO,
    query={"size": Choice.of(*map(str, SIZES), required=False, default=str(SIZES[0]))},
    media_type="image/webp",
    errors=(RespondentNotFoundError, PhotoNotFoundError, PhotoFileMissingError),
)
async def get_study_thumbnail(call: Call) -> Reply:
    """Return a thumbnail, if the study shows this photo."""
    studies = call.service.studies
    respondent, _ = await studies.open(call.path["secret"])
    size = int(call.query["size"])
    path = await studies.thumbnail(respondent, call.path["photo_id"], size)
    return picture_answer(path)
