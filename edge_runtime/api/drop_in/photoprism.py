"""PhotoPrism's vision service: `/api/v1/vision/caption`, in its own request form."""

import secrets
from typing import Any, Final

from ...errors import ModelCannotAnswerError
from ..fields import Field, Integer, ListOf, MapOf, Object, Text, answer as answer_of
from ..routing import API, Call, Reply, RouteTable
from .answering import MAX_PROMPT, Asked, answer
from .errors import (
    VISION_PROBLEM,
    DropInModelUnknownError,
    ImageMissingError,
    ImageUrlRefusedError,
    TooManyImagesError,
)
from .names import BEST

ROUTES: Final = RouteTable("photoprism")
_WORDS: Final = Text(required=False, default="", nullable=True, max_length=MAX_PROMPT)


@ROUTES.post(
    f"{API}/vision/caption",
    summary="Describe a photo (the form of PhotoPrism's vision service)",
    holds_pictures=True,
    body=Object(
        is_open=True,
        fields={
            "id": Text(required=False, nullable=True, max_length=200),
            "model": Text(required=False, nullable=True, max_length=200),
            "version": Field(required=False),
            "system": _WORDS,
            "prompt": _WORDS,
            "url": Text(required=False, nullable=True, max_length=2**31),
            "images": ListOf(
                required=False,
                nullable=True,
                max_items=100,
                item=Text(max_length=2**31),
            ),
        },
    ),
    answer=answer_of(id=Text(), code=Integer(), model=MapOf(), result=MapOf()),
    problem=VISION_PROBLEM,
    errors=(
        DropInModelUnknownError,
        ImageMissingError,
        ImageUrlRefusedError,
        ModelCannotAnswerError,
        TooManyImagesError,
    ),
)
async def photoprism_caption(call: Call) -> Reply:
    """Answer with the caption of the image, or of that at the address."""
    body = call.body
    images = list(body["images"] or [])
    if body["url"]:
        images.append(body["url"])
    asked = Asked(
        model=body["model"] or BEST,
        prompt=body["prompt"] or "",
        images=images,
        system=body["system"] or "",
    )
    found = await answer(call, asked)
    caption: dict[str, Any] = {"text": found.text, "source": "image"}
    return {
        "id": body["id"] or secrets.token_hex(8),
        "code": 200,
        "model": {"type": "caption", "name": found.model, "version": "latest"},
        "result": {"caption": caption},
    }
