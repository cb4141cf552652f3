"""LibrePhotos' caption service: photos by their path in a folder that both can see."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
import time
from typing import Final

from aiohttp import web

from ...errors import ModelCannotAnswerError, ModelError, PhotoError
from ...service import PathNotAllowedError, Question
from ..fields import Field, Object, Text, answer as answer_of
from ..keys import LIBREPHOTOS
from ..routing import Call, Reply, RouteTable
from ..scopes import Scope
from .answering import MAX_PROMPT, options_of
from .errors import PLAIN_PROBLEM
from .names import BEST, captioners, find

ROUTES: Final = RouteTable("librephotos")
_STALE_S: Final = 100.0
"""LibrePhotos ends a caption service that was idle for 120 s, to have its memory back.
This one unloads its model by itself, so it is never idle that long to it."""


@dataclass(slots=True)
class LibrePhotos:
    """When a caption was asked for last."""

    asked_at: float | None = None

    @property
    def last_request_time(self) -> float | None:
        """Return the time as LibrePhotos reads it; None: nothing was asked lately."""
        if self.asked_at is None or time.time() - self.asked_at > _STALE_S:
            return None
        return self.asked_at


@ROUTES.post(
    "/generate-caption",
    summary="Describe a photo in an allowed folder (LibrePhotos' form)",
    holds_pictures=True,
    body=Object(
        is_open=True,
        fields={
            "image_path": Text(min_length=1, max_length=4096),
            "prompt": Text(required=False, nullable=True, max_length=MAX_PROMPT),
            "onnx": Field(required=False, description="of 2024, passed over"),
            "blip": Field(required=False, description="of 2024, passed over"),
        },
    ),
    answer=answer_of(caption=Text()),
    status=201,
    problem=PLAIN_PROBLEM,
    errors=(PhotoError, PathNotAllowedError, ModelCannotAnswerError),
)
async def librephotos_caption(call: Call) -> Reply:
    """Answer with the caption of a file; which model answers is ours to choose."""
    call.request.app[LIBREPHOTOS].asked_at = time.time()
    service = call.service
    named = await find(service, BEST)
    options = await options_of(call, call.body["prompt"] or "", named)
    path = call.body["image_path"]
    question = Question(
        options=options,
        path=Path(path),
        name=path,
        started_by=call.caller.name,
    )
    found = await service.captions.ask(question)
    return {"caption": found.caption}


@ROUTES.get(
    "/unload-model",
    summary="Give the memory of the captioners back now (LibrePhotos' form)",
    scope=Scope.WRITE,
    media_type="text/plain",
    problem=PLAIN_PROBLEM,
)
async def librephotos_unload(call: Call) -> Reply:
    """Unload whatever is not describing a photo at this moment."""
    for named in await captioners(call.service):
        with suppress(ModelError):
            await call.service.models.unload(named.spec.id)
    return web.Response(text="")
