"""`/api/v1/answers`: what a vision-language model says of a photo when it is asked."""

from dataclasses import dataclass
import json
from typing import Any, Final

from .. import pipeline
from ..answering import MAX_QUESTION, MAX_TOKENS, answering_model, data_of
from ..errors import ModelCannotAnswerError, ModelUnknownError, PromptTooLongError
from ..service import Answer, CaptionOptions, Origin, Question
from ..store import to_rfc3339
from .captions import PATH, PHOTO_ERRORS, PHOTO_ID, with_photo
from .errors import RequestError
from .fields import (
    Boolean,
    Choice,
    Field,
    Integer,
    JsonMap,
    ListOf,
    MapOf,
    Number,
    Text,
    Timestamp,
    answer,
    language,
    obj,
    ulid,
)
from .routing import API, Call, Reply, RouteTable
from .shapes import VERDICT, WORDS

ROUTES: Final = RouteTable("answers")
_MAX_SCHEMA: Final = 16_000


@dataclass(frozen=True, kw_only=True)
class Schema(JsonMap):
    """A JSON schema of bounded size."""

    def _read(self, value: Any, where: str) -> Any:
        schema = super()._read(value, where)
        if len(json.dumps(schema)) > _MAX_SCHEMA:
            raise RequestError(
                f"{where}: must have at most {_MAX_SCHEMA} characters as JSON"
            )
        return schema


ANSWER: Final = answer(
    id=ulid(),
    answer=Text(max_length=WORDS),
    data=Field(description="the answer as JSON, where a schema was given; else null"),
    language=language(),
    model=Text(),
    verdict=VERDICT,
    seconds=Number(minimum=0),
    stages=MapOf(item=Number()),
    notes=ListOf(item=Text()),
    origin=Choice.of(*Origin),
    photo_id=ulid(nullable=True),
    picture_hash=Text(),
    created_at=Timestamp(),
    bytes_outside=Integer(minimum=0, description="bytes sent out of this house"),
)


@ROUTES.post(
    f"{API}/answers",
    summary="Ask a vision-language model about a photo; nothing of it is stored",
    upload=True,
    body=obj(
        question=Text(min_length=1, max_length=MAX_QUESTION),
        photo_id=PHOTO_ID,
        path=PATH,
        schema=Schema(
            required=False,
            description="a JSON schema that the answer follows; in a form as JSON",
        ),
        language=language(
            required=False, description="to answer in; by default the question's own"
        ),
        model=Text(
            required=False,
            min_length=1,
            max_length=200,
            description="by default the best that is here and answers questions",
        ),
        max_tokens=Integer(
            required=False,
            minimum=1,
            maximum=MAX_TOKENS,
            description="room for the answer; by default 128, with a schema 400",
        ),
        refresh=Boolean(
            required=False, default=False, description="whatever is known already"
        ),
    ),
    answer=ANSWER,
    errors=(
        ModelCannotAnswerError,
        ModelUnknownError,
        PromptTooLongError,
        *PHOTO_ERRORS,
    ),
)
async def create_answer(call: Call) -> Reply:
    """Answer with the model's own words; nobody checked them against the photo."""
    service, body = call.service, call.body
    if not body["question"].strip():
        raise RequestError("body.question: must not be empty")
    spec = answering_model(
        service.runtime.manifest, await service.selection(), body["model"]
    )
    options = CaptionOptions.asking(
        spec.id,
        pipeline.question_with(
            body["question"].strip(), body["language"], body["schema"]
        ),
        language=body["language"] or service.settings.language,
        schema=body["schema"],
        max_tokens=body["max_tokens"],
        refresh=body["refresh"],
    )
    question = Question(options, started_by=call.caller.name)
    found = await service.captions.ask(with_photo(call, question))
    return _answer_dict(found, is_json=body["schema"] is not None)


def _answer_dict(found: Answer, *, is_json: bool) -> dict[str, Any]:
    return {
        "id": found.id,
        "answer": found.caption,
        # what a schema binds is complete: an answer that was cut off is an error
        "data": data_of(found.caption) if is_json else None,
        "language": found.language,
        "model": found.model,
        "verdict": found.verdict.value,
        "seconds": found.seconds,
        "stages": dict(found.stages),
        "notes": list(found.notes),
        "origin": found.origin.value,
        "photo_id": found.photo_id,
        "picture_hash": found.picture_hash,
        "created_at": to_rfc3339(found.created_at),
        # asking a model of this machine has no way out of it
        "bytes_outside": 0,
    }
