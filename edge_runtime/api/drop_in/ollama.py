"""Ollama's protocol: enough to list the captioners and to have a photo described."""

from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import replace
import re
from typing import Any, Final

from ... import __version__
from ...errors import ModelCannotAnswerError, ModelError
from ...store import now_ms, to_rfc3339
from ..errors import RequestError
from ..fields import (
    Boolean,
    Field,
    Integer,
    ListOf,
    MapOf,
    Object,
    Text,
    answer as answer_of,
)
from ..routing import Call, Reply, RouteTable, to_json
from ..scopes import Scope
from .answering import MAX_PROMPT, Answered, Asked, answer
from .errors import (
    PLAIN_PROBLEM,
    DropInModelUnknownError,
    ImageMissingError,
    ImageUrlRefusedError,
    TooManyImagesError,
)
from .names import LATEST, Named, captioners, find
from .streams import send_stream

ROUTES: Final = RouteTable("ollama")
PROTOCOL: Final = "0.9.0"
"""The version of Ollama whose answers these are like."""
_NDJSON: Final = "application/x-ndjson"
_NOTHING_KEPT: Final = re.compile(r"0(?:\.0*)?(?:ms|s|m|h)?")
_PROMPT: Final = Text(required=False, default="", nullable=True, max_length=MAX_PROMPT)
_STREAM: Final = Boolean(required=False, default=True, nullable=True)
_IMAGES: Final = ListOf(
    item=Text(max_length=2**31), required=False, nullable=True, max_items=100
)
_MODEL_NAME: Final = Text(min_length=1, max_length=200)
_WORK: Final = {
    "format": Field(required=False),
    "options": MapOf(required=False, nullable=True),
    "keep_alive": Field(required=False),
    "stream": _STREAM,
}
_ANSWER: Final = answer_of(model=Text(), created_at=Text(), done=Boolean())
_ERRORS: Final = (
    DropInModelUnknownError,
    ImageMissingError,
    ImageUrlRefusedError,
    ModelCannotAnswerError,
    TooManyImagesError,
)


def _body(**fields: Field) -> Object:
    """Return a body whose other keys are passed over, as Ollama does."""
    return Object(fields=fields, is_open=True)


@ROUTES.get(
    "/api/version",
    summary="Return which version of Ollama's protocol is spoken",
    answer=answer_of(version=Text()),
    problem=PLAIN_PROBLEM,
)
async def get_ollama_version(call: Call) -> Reply:
    """Return the protocol's version, and this program's."""
    del call
    return {"version": PROTOCOL, "edge_captions": __version__}


@ROUTES.get(
    "/api/tags",
    summary="List the captioners that are here, the best one first (Ollama's form)",
    answer=answer_of(models=ListOf(item=MapOf())),
    problem=PLAIN_PROBLEM,
)
async def list_ollama_models(call: Call) -> Reply:
    """Return the names that requests may use."""
    found = await captioners(call.service)
    return {"models": [_listed(call, named) for named in found]}


@ROUTES.post(
    "/api/show",
    summary="Return one captioner (Ollama's form)",
    scope=Scope.WRITE,
    body=_body(
        model=replace(_MODEL_NAME, required=False),
        name=replace(_MODEL_NAME, required=False),
    ),
    answer=answer_of(
        details=MapOf(), model_info=MapOf(), capabilities=ListOf(item=Text())
    ),
    problem=PLAIN_PROBLEM,
    errors=(DropInModelUnknownError,),
)
async def show_ollama_model(call: Call) -> Reply:
    """Return what is known of a captioner; clients of 2024 say `name`."""
    name = call.body["model"] or call.body["name"]
    if name is None:
        raise RequestError("model is required")
    named = await find(call.service, name)
    return {
        "modelfile": f"# {named.spec.title or named.spec.id}, served by edge-captions",
        "parameters": "",
        "template": "{{ .Prompt }}",
        "license": named.spec.license,
        "modified_at": to_rfc3339(call.service.started_at),
        "details": _details(named),
        "model_info": {
            "general.architecture": named.spec.family,
            "general.name": named.spec.id,
            "general.languages": list(named.spec.languages),
        },
        "capabilities": ["completion", "vision"],
    }


@ROUTES.post(
    "/api/pull",
    summary="Say that a captioner is here already (Ollama's form); nothing is fetched",
    body=_body(
        model=replace(_MODEL_NAME, required=False),
        name=replace(_MODEL_NAME, required=False),
        stream=_STREAM,
    ),
    answer=answer_of(status=Text()),
    problem=PLAIN_PROBLEM,
    errors=(DropInModelUnknownError,),
)
async def pull_ollama_model(call: Call) -> Reply:
    """Answer for what is here; other models come by `edge-captions download`."""
    await find(call.service, call.body["model"] or call.body["name"] or "")
    return await _reply(call, [{"status": "success"}])


@ROUTES.post(
    "/api/generate",
    summary="Describe a photo (Ollama's form)",
    holds_pictures=True,
    body=_body(
        model=_MODEL_NAME, prompt=_PROMPT, system=_PROMPT, images=_IMAGES, **_WORK
    ),
    answer=_ANSWER,
    problem=PLAIN_PROBLEM,
    errors=_ERRORS,
)
async def ollama_generate(call: Call) -> Reply:
    """Answer with the caption; without prompt and photo load or unload the model."""
    body = call.body
    if not body["prompt"] and not body["images"]:
        reason = await _load_or_unload(call)
        return await _reply(call, [_end(body["model"], {"response": ""}, reason)])
    asked = _asked(body, body["prompt"] or "", body["images"] or [])
    found = await answer(call, replace(asked, system=body["system"] or ""))
    return await _answered(call, found, lambda text: {"response": text})


@ROUTES.post(
    "/api/chat",
    summary="Describe the photo of the last message (Ollama's form)",
    holds_pictures=True,
    body=_body(
        model=_MODEL_NAME,
        messages=ListOf(
            required=False,
            nullable=True,
            max_items=500,
            item=_body(role=Text(max_length=20), content=_PROMPT, images=_IMAGES),
        ),
        **_WORK,
    ),
    answer=_ANSWER,
    problem=PLAIN_PROBLEM,
    errors=_ERRORS,
)
async def ollama_chat(call: Call) -> Reply:
    """Answer with the caption; without messages load or unload the model."""
    body = call.body
    messages = body["messages"] or []
    if not messages:
        reason = await _load_or_unload(call)
        return await _reply(call, [_end(body["model"], _message(""), reason)])
    asked = [m for m in messages if m["role"] == "user"]
    images = [image for m in asked for image in m["images"] or []]
    system = "\n".join(m["content"] or "" for m in messages if m["role"] == "system")
    prompt = (asked[-1]["content"] or "") if asked else ""
    found = await answer(call, replace(_asked(body, prompt, images), system=system))
    return await _answered(call, found, _message)


def _message(text: str) -> dict[str, Any]:
    return {"message": {"role": "assistant", "content": text}}


def _asked(body: Mapping[str, Any], prompt: str, images: list[str]) -> Asked:
    wanted = body["format"]
    if wanted not in (None, "", "json") and not isinstance(wanted, dict):
        raise RequestError('invalid format: expected "json" or a JSON schema')
    most = Integer(required=False, nullable=True).read(
        (body["options"] or {}).get("num_predict"), "options.num_predict"
    )
    return Asked(
        model=body["model"],
        prompt=prompt,
        images=images,
        wants_json=wanted == "json",
        schema=wanted if isinstance(wanted, dict) else None,
        max_words=most if most is not None and most > 0 else None,
    )


async def _answered(call: Call, found: Answered, form: Any) -> Reply:
    name = f"{found.model}{LATEST}"
    reason = "length" if found.is_cut else "stop"
    counts = _counts(found)
    if _keeps_nothing(call.body["keep_alive"]):
        with suppress(ModelError):  # somebody else's photo is being described
            await call.service.models.unload(found.model)
    if call.body["stream"] is False:
        return {**_end(name, form(found.text), reason), **counts}
    parts = [_part(name, form(piece)) for piece in found.pieces]
    return await _reply(call, [*parts, {**_end(name, form(""), reason), **counts}])


async def _reply(call: Call, parts: list[dict[str, Any]]) -> Reply:
    """Return the parts as a stream, or the last one where none is wanted."""
    if call.body["stream"] is False:
        return parts[-1]

    async def lines() -> AsyncIterator[bytes]:
        for part in parts:
            yield to_json(part) + b"\n"

    return await send_stream(call.request, _NDJSON, lines())


async def _load_or_unload(call: Call) -> str:
    named = await find(call.service, call.body["model"])
    if _keeps_nothing(call.body["keep_alive"]):
        await call.service.models.unload(named.spec.id)
        return "unload"
    await call.service.models.load(named.spec.id, started_by=call.caller.name)
    return "load"


def _keeps_nothing(keep_alive: Any) -> bool:
    """Return whether the model is to leave the memory at once."""
    return _NOTHING_KEPT.fullmatch(str(keep_alive)) is not None


def _part(model: str, content: Mapping[str, Any]) -> dict[str, Any]:
    now = to_rfc3339(now_ms())
    return {"model": model, "created_at": now, **content, "done": False}


def _end(model: str, content: Mapping[str, Any], reason: str) -> dict[str, Any]:
    return {**_part(model, content), "done": True, "done_reason": reason}


def _counts(found: Answered) -> dict[str, Any]:
    """Return times in nanoseconds, and words for tokens."""
    stages = found.answer.stages
    whole = round(found.answer.seconds * 1e9)
    return {
        "total_duration": whole,
        "load_duration": round(stages.get("load", 0.0) * 1e9),
        "prompt_eval_count": found.prompt_words,
        "prompt_eval_duration": 0,
        "eval_count": found.words,
        "eval_duration": whole,
        "edge_captions": found.details,
    }


def _listed(call: Call, named: Named) -> dict[str, Any]:
    name = f"{named.name}{LATEST}"
    return {
        "name": name,
        "model": name,
        "modified_at": to_rfc3339(call.service.started_at),
        "size": named.spec.total_bytes or 0,
        "digest": named.digest,
        "details": _details(named),
    }


def _details(named: Named) -> dict[str, Any]:
    spec = named.spec
    return {
        "parent_model": "",
        "format": spec.format.value,
        "family": spec.family,
        "families": [spec.family],
        "parameter_size": "",
        "quantization_level": spec.quantization or "",
    }
