"""One way from a request of any protocol to a caption with the prompt's wishes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
import json
import re
from typing import Any, Final

from ... import __version__, pipeline
from ...answering import how_to_get_answers
from ...errors import ModelCannotAnswerError
from ...service import Answer, CaptionOptions, Question
from ..routing import Call
from .names import Named, answering_captioner, find
from .pictures import one_picture

_PIECE: Final = re.compile(r"\s*\S+\s*$|\s*\S+")
MAX_PROMPT: Final = 20_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client wants, whatever protocol it speaks."""

    model: str
    prompt: str
    images: Sequence[str]
    system: str = ""
    """A language in it is followed; the rest is none of a captioner's business."""
    wants_json: bool = False
    schema: Mapping[str, Any] | None = None
    max_words: int | None = None
    """Words after which the answer is cut off; None: it may be as long as it is."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The text that answers, and what is to be said of it."""

    text: str
    model: str
    """The captioner that wrote it, or `person`."""
    is_cut: bool
    prompt_words: int
    answer: Answer

    @property
    def pieces(self) -> list[str]:
        """Return the text in the pieces that a stream sends."""
        return pieces(self.text)

    @property
    def words(self) -> int:
        """Return how many words answer."""
        return len(self.text.split())

    @property
    def fingerprint(self) -> str:
        """Return which program answers and where the words come from."""
        return f"edge-captions-{__version__}-{self.answer.origin.value}"

    @property
    def details(self) -> dict[str, Any]:
        """Return what no other protocol has a place for, and a person may want."""
        answer = self.answer
        return {
            "id": answer.id,
            "verdict": answer.verdict.value,
            "language": answer.language,
            "notes": list(answer.notes),
        }


async def answer(call: Call, asked: Asked) -> Answered:
    """Return the answer; raise the error that says why there is none."""
    named = await find(call.service, asked.model)
    try:
        wishes = await _wishes(call, asked, named)
        if asked.schema is not None:
            await _check_schema(call, asked.schema, named)
    except ModelCannotAnswerError:
        able = await answering_captioner(call.service, named)
        if able is None:
            raise
        found = await _look(call, asked, _question_options(call, asked, able))
        text = found.caption
    else:
        found = await _look(call, asked, _options(call, wishes, named))
        text = await _written(call, asked, wishes, found, named)
    text, is_cut = _cut(text, asked.max_words)
    return Answered(
        text=text,
        model=found.model or found.origin.value,
        is_cut=is_cut,
        prompt_words=len(f"{asked.system} {asked.prompt}".split()),
        answer=found,
    )


async def _look(call: Call, asked: Asked, options: CaptionOptions) -> Answer:
    async with one_picture(asked.images, call.service.settings) as upload:
        question = Question(
            options=options,
            path=upload.path,
            name="the image",
            is_upload=True,
            started_by=call.caller.name,
        )
        return await call.service.captions.ask(question)


def pieces(text: str) -> list[str]:
    """Return a text word by word, each with the space before it."""
    return _PIECE.findall(text)


async def options_of(call: Call, prompt: str, named: Named) -> CaptionOptions:
    """Return how a prompt is answered; raise ModelCannotAnswerError."""
    asked = Asked(named.name, prompt, ())
    try:
        wishes = await _wishes(call, asked, named)
    except ModelCannotAnswerError:
        able = await answering_captioner(call.service, named)
        if able is None:
            raise
        return _question_options(call, asked, able)
    return _options(call, wishes, named)


async def _wishes(call: Call, asked: Asked, named: Named) -> "pipeline.Wishes":
    is_json = asked.wants_json or asked.schema is not None
    wishes = pipeline.read_wishes(asked.prompt, wants_json=is_json)
    if wishes.unfollowable:
        words = " ".join(wishes.unfollowable)
        raise await _cannot(call, named, f"'{words}' asks for more than a description")
    if wishes.language is None and asked.system:
        wishes = replace(wishes, language=pipeline.language_of(asked.system))
    return wishes


async def _cannot(call: Call, named: Named, why: str) -> ModelCannotAnswerError:
    service = call.service
    cure = how_to_get_answers(await service.selection(), service.runtime.manifest)
    return ModelCannotAnswerError(
        f"{named.spec.id} describes photos and follows no other instructions: {why}. "
        f"Ask for a description ('Describe this image.'), or {cure}"
    )


async def _check_schema(call: Call, schema: Mapping[str, Any], named: Named) -> None:
    """Raise before the photo is looked at if its caption could not fill the schema."""
    try:
        pipeline.fill(schema, pipeline.Parts("A photo."))
    except pipeline.UnfillableError as err:
        why = f"a caption doesn't say '{err}'"
        raise await _cannot(call, named, why) from None


def _options(call: Call, wishes: "pipeline.Wishes", named: Named) -> CaptionOptions:
    return CaptionOptions(
        language=wishes.language or call.service.settings.language,
        model=None if named.is_best else named.spec.id,
        style=wishes.style,
        detail=wishes.detail,
    )


def _question_options(call: Call, asked: Asked, able: Named) -> CaptionOptions:
    """Return the question to a model that reads prompts, in the client's words."""
    schema = asked.schema or ({"type": "object"} if asked.wants_json else None)
    return CaptionOptions.asking(
        able.spec.id,
        f"{asked.system}\n\n{asked.prompt}".strip(),
        language=call.service.settings.language,
        schema=schema,
    )


async def _written(
    call: Call, asked: Asked, wishes: "pipeline.Wishes", found: Answer, named: Named
) -> str:
    parts = pipeline.Parts(found.caption, found.language)
    try:
        if asked.schema is not None:
            return _json(pipeline.fill(asked.schema, parts))
        if wishes.wants_json:
            return _json(pipeline.as_object(parts, wishes.fields))
    except pipeline.UnfillableError as err:
        raise await _cannot(call, named, f"a caption doesn't say '{err}'") from None
    return found.caption


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _cut(text: str, max_words: int | None) -> tuple[str, bool]:
    found = pieces(text)
    if max_words is None or len(found) <= max_words:
        return text, False
    return "".join(found[:max_words]), True
