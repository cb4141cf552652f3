"""`/api/v1/captions`: describe a photo now, or as a job."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from ..const import MAX_PATTERN
from ..errors import (
    DiskFullError,
    EdgeRuntimeError,
    FactError,
    ModelError,
    PhotoError,
    PhotoFormatError,
    PhotoNotFoundError,
    PhotoTooLargeError,
    TemplateError,
    WorkerError,
    WorkerStoppedError,
    WorkerTimeoutError,
)
from ..schemas import ReadText, Style
from ..selection import Choice as ModelChoice
from ..service import (
    AnswerNotFoundError,
    CaptionOptions,
    PathNotAllowedError,
    Question,
    QueueFullError,
    check_options,
)
from .errors import RequestError
from .fields import (
    Boolean,
    Choice,
    Field,
    Integer,
    JsonMap,
    ListOf,
    Text,
    answer,
    language,
    obj,
    ulid,
)
from .routing import API, Call, Reply, RouteTable, json_answer
from .shapes import CAPTION, JOB, caption_dict, job_dict

ROUTES: Final = RouteTable("captions")
_MAX_FACTS: Final = 20
_MAX_THINGS: Final = 10
_FACT: Final = Text(max_length=500)


@dataclass(frozen=True, kw_only=True)
class Facts(JsonMap):
    """Facts about a photo."""

    item: Field = _FACT

    def _read(self, value: Any, where: str) -> Any:
        facts = super()._read(value, where)
        if len(facts) > _MAX_FACTS:
            raise RequestError(f"{where}: must have at most {_MAX_FACTS} facts")
        return facts


OPTIONS: Final[dict[str, Field]] = {
    "language": language(required=False, description="by default the settings' own"),
    "model": Text(
        required=False,
        min_length=1,
        max_length=200,
        description="the captioner to use; by default the best that is here",
    ),
    "style": Choice.of(
        *Style,
        required=False,
        description="by default as the settings say, and short for a camera",
    ),
    "template": Text(
        required=False,
        max_length=MAX_PATTERN,
        description="your own, such as {caption}[ ({place})], for the style custom",
    ),
    "detail": Choice.of("short", "normal", "rich", required=False, default="normal"),
    "context": Facts(
        required=False,
        description="what you know of the photo: place, people, date (2023-12-24), "
        "album, camera, keywords, text",
    ),
    "rewrite": Boolean(
        required=False,
        description="let a language model join caption and facts; by default as the "
        "settings say",
    ),
    "read_text": Choice.of(
        *ReadText,
        required=False,
        description="which text in the photo is read; by default as the settings say",
    ),
    "verify": Boolean(
        required=False, default=True, description="check the caption against the photo"
    ),
    "refresh": Boolean(
        required=False, default=False, description="whatever is known already"
    ),
}
PHOTO_ID: Final = ulid(required=False)
PATH: Final = Text(required=False, min_length=1, max_length=4096)
RECOMMENDED: Final = answer(
    model=Text(), why=Text(), download_bytes=Integer(nullable=True)
)
ANSWER: Final = answer(
    **CAPTION.fields,
    recommended=replace(RECOMMENDED, nullable=True),
    bytes_outside=Integer(minimum=0, description="bytes sent out of this house"),
)
PHOTO_ERRORS: Final[tuple[type[EdgeRuntimeError], ...]] = (
    PhotoNotFoundError,
    PathNotAllowedError,
    PhotoFormatError,
    PhotoTooLargeError,
    PhotoError,
    ModelError,
    QueueFullError,
    WorkerError,
    WorkerStoppedError,
    WorkerTimeoutError,
    DiskFullError,
)
"""What may go wrong when a model looks at a photo."""
ERRORS: Final = (FactError, TemplateError, *PHOTO_ERRORS)


@ROUTES.post(
    f"{API}/captions",
    summary="Describe a photo: an upload, a photo's id or a path in an allowed folder",
    upload=True,
    body=obj(
        photo_id=PHOTO_ID,
        path=PATH,
        source=Text(
            required=False,
            min_length=1,
            max_length=100,
            description="the camera it comes from: frames are kept in its ring, and "
            "one that shows the same as before gets the same caption",
        ),
        store=Boolean(required=False, default=False, description="keep it, for review"),
        two_phase=Boolean(
            required=False,
            default=False,
            description="answer quickly, and better under the same id later",
        ),
        look_for=ListOf(
            required=False,
            item=Text(min_length=1, max_length=60),
            max_items=_MAX_THINGS,
            description="things in English, such as dog or red car: looked_for says "
            "whether each is in the photo",
        ),
        **OPTIONS,
    ),
    answer=ANSWER,
    more_answers={202: JOB},
    errors=ERRORS,
)
async def create_caption(call: Call) -> Reply:
    """Answer with a caption, or with a job where the client would rather not wait."""
    question = _question(call)
    if call.prefers_async:
        job = await call.service.captions.enqueue(question)
        headers = {
            "Location": f"{API}/jobs/{job.id}",
            "Preference-Applied": "respond-async",
        }
        return json_answer(job_dict(job), 202, headers)
    found = await call.service.captions.ask(question)
    better = await call.service.captions.recommended()
    return {
        **caption_dict(found),
        "recommended": None if better is None else _recommended(better),
        # describing a photo has no way out of this machine
        "bytes_outside": 0,
    }


@ROUTES.get(
    f"{API}/captions/{{caption_id}}",
    summary="Return a caption; one that was not stored is known for a while",
    path_fields={"caption_id": ulid()},
    answer=CAPTION,
    errors=(AnswerNotFoundError,),
)
async def get_caption(call: Call) -> Reply:
    """Return a caption by its id."""
    return caption_dict(await call.service.captions.get(call.path["caption_id"]))


def options_of(call: Call) -> CaptionOptions:
    """Return how the photos of a call should be described."""
    body = call.body
    options = CaptionOptions(
        language=body["language"] or call.service.settings.language,
        model=body["model"],
        style=body["style"] or "",
        template=body["template"] or "",
        detail=body["detail"],
        context=body["context"] or {},
        rewrite=body["rewrite"],
        read_text=body["read_text"] or "",
        verify=body["verify"],
        refresh=body["refresh"],
    )
    check_options(options)
    return options


def with_photo(call: Call, question: Question) -> Question:
    """Return a question with the one photo that a call names."""
    body, upload = call.body, call.upload
    given = [upload, body["photo_id"], body["path"]]
    if sum(one is not None for one in given) != 1:
        raise RequestError(
            "name one photo: upload it, or give its photo_id or its path"
        )
    if upload is not None:
        return replace(
            question,
            path=upload.path,
            name=upload.name or "the photo",
            is_upload=True,
            take=upload.take,
        )
    if body["path"] is not None:
        return replace(question, path=Path(body["path"]), name=body["path"])
    return replace(question, photo_id=body["photo_id"])


def _question(call: Call) -> Question:
    body = call.body
    question = Question(
        options=replace(options_of(call), look_for=tuple(body["look_for"] or ())),
        source=body["source"],
        store=body["store"],
        two_phase=body["two_phase"],
        started_by=call.caller.name,
    )
    question = with_photo(call, question)
    if question.source is not None and question.photo_id is not None:
        raise RequestError("body.source: goes with an upload or a path, no photo_id")
    return question


def _recommended(choice: ModelChoice) -> dict[str, Any]:
    return {
        "model": choice.model.id,
        "why": choice.why,
        "download_bytes": choice.download_bytes,
    }
