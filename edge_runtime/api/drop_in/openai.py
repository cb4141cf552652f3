"""OpenAI's protocol: `/v1/models` and `/v1/chat/completions`, one photo a request."""

from collections.abc import AsyncIterator, Mapping
import re
import secrets
from typing import Any, Final

from ...errors import ModelCannotAnswerError
from ...store import now_ms
from ..errors import RequestError
from ..fields import (
    Boolean,
    Field,
    Integer,
    ListOf,
    MapOf,
    Number,
    Text,
    answer as answer_of,
    obj,
)
from ..routing import EVENT_STREAM, Call, Reply, RouteTable, to_json
from .answering import MAX_PROMPT, Answered, Asked, answer
from .errors import (
    OPENAI_PROBLEM,
    DropInModelUnknownError,
    ImageMissingError,
    ImageUrlRefusedError,
    TooManyImagesError,
)
from .names import captioners, find
from .streams import send_stream

ROUTES: Final = RouteTable("openai")
_OWNER: Final = "edge-captions"
_LABEL: Final = re.compile(r"[^\n?!:]{1,100}:")
_IGNORED: Final = (
    "audio", "cache_prompt", "chat_template_kwargs", "enable_thinking",
    "frequency_penalty", "function_call", "functions", "keep_alive", "logit_bias",
    "logprobs", "metadata", "min_p", "modalities", "options", "parallel_tool_calls",
    "prediction", "presence_penalty", "prompt_cache_key", "reasoning",
    "reasoning_effort", "repeat_penalty", "repetition_penalty", "safety_identifier",
    "seed", "service_tier", "stop", "store", "think", "tool_choice", "tools", "top_k",
    "top_logprobs", "top_p", "user", "verbosity", "web_search_options",
)  # fmt: skip
"""What clients send and a captioner has no use for: there is nothing to sample."""
_MODEL: Final = answer_of(id=Text(), object=Text(), created=Integer(), owned_by=Text())
_ERRORS: Final = (
    DropInModelUnknownError,
    ImageMissingError,
    ImageUrlRefusedError,
    ModelCannotAnswerError,
    TooManyImagesError,
)


@ROUTES.get(
    "/v1/models",
    summary="List the captioners that are here, the best one first (OpenAI's form)",
    answer=answer_of(object=Text(), data=ListOf(item=_MODEL)),
    problem=OPENAI_PROBLEM,
)
async def list_openai_models(call: Call) -> Reply:
    """Return the names that requests may use."""
    found = await captioners(call.service)
    return {"object": "list", "data": [_model(call, named.name) for named in found]}


@ROUTES.get(
    "/v1/models/{model}",
    summary="Return one captioner (OpenAI's form)",
    answer=_MODEL,
    problem=OPENAI_PROBLEM,
    errors=(DropInModelUnknownError,),
)
async def get_openai_model(call: Call) -> Reply:
    """Return a captioner by its name."""
    named = await find(call.service, call.path["model"])
    return _model(call, named.name)


@ROUTES.post(
    "/v1/chat/completions",
    summary="Describe the photo of the last message (OpenAI's form)",
    holds_pictures=True,
    body=obj(
        model=Text(min_length=1, max_length=200),
        messages=ListOf(item=MapOf(), max_items=500),
        stream=Boolean(required=False, default=False, nullable=True),
        stream_options=MapOf(required=False, nullable=True),
        max_tokens=Integer(required=False, nullable=True, minimum=1),
        max_completion_tokens=Integer(required=False, nullable=True, minimum=1),
        temperature=Number(required=False, nullable=True, minimum=0, maximum=2),
        n=Integer(required=False, nullable=True, minimum=1, maximum=1),
        response_format=MapOf(required=False, nullable=True),
        **{name: Field(required=False) for name in _IGNORED},
    ),
    answer=answer_of(
        id=Text(),
        object=Text(),
        created=Integer(),
        model=Text(),
        system_fingerprint=Text(),
        choices=ListOf(item=MapOf()),
        usage=MapOf(),
    ),
    problem=OPENAI_PROBLEM,
    errors=_ERRORS,
)
async def create_chat_completion(call: Call) -> Reply:
    """Answer with the caption, whole or as a stream."""
    found = await answer(call, _asked(call.body))
    head = {
        "id": f"chatcmpl-{secrets.token_hex(12)}",
        "created": now_ms() // 1000,
        "model": found.model,
        "system_fingerprint": found.fingerprint,
    }
    if call.body["stream"]:
        with_usage = bool((call.body["stream_options"] or {}).get("include_usage"))
        events = _chunks(head, found, with_usage=with_usage)
        return await send_stream(call.request, EVENT_STREAM, events)
    message = {"role": "assistant", "content": found.text, "refusal": None}
    choice = {
        "index": 0,
        "message": message,
        "logprobs": None,
        "finish_reason": _reason(found),
    }
    return {
        **head,
        "object": "chat.completion",
        "choices": [choice],
        "usage": _usage(found),
        "edge_captions": found.details,
    }


async def _chunks(
    head: Mapping[str, Any], found: Answered, *, with_usage: bool
) -> AsyncIterator[bytes]:
    def chunk(delta: Mapping[str, Any], reason: str | None = None) -> bytes:
        choice = {
            "index": 0,
            "delta": delta,
            "logprobs": None,
            "finish_reason": reason,
        }
        return _event({**head, "object": "chat.completion.chunk", "choices": [choice]})

    yield chunk({"role": "assistant", "content": ""})
    for piece in found.pieces:
        yield chunk({"content": piece})
    yield chunk({}, _reason(found))
    if with_usage:
        usage = {"choices": [], "usage": _usage(found)}
        yield _event({**head, "object": "chat.completion.chunk", **usage})
    yield b"data: [DONE]\n\n"


def _asked(body: Mapping[str, Any]) -> Asked:
    prompt, system, images = "", [], []
    for number, message in enumerate(body["messages"]):
        where = f"body.messages[{number}]"
        texts, pictures = _content(message.get("content"), where)
        match message.get("role"):
            case "system" | "developer":
                system.append(texts)
            case "user":
                prompt = texts
                images += pictures
            case "assistant" | "tool" | "function":
                pass
            case _:
                raise RequestError(f"{where}.role: is no role")
    wants_json, schema = _format(body["response_format"])
    return Asked(
        model=body["model"],
        prompt=prompt,
        images=images,
        system="\n".join(system),
        wants_json=wants_json,
        schema=schema,
        max_words=body["max_completion_tokens"] or body["max_tokens"],
    )


def _content(content: Any, where: str) -> tuple[str, list[str]]:
    """Return the text of a message and its images."""
    if content is None:
        return "", []
    parts = (
        content if isinstance(content, list) else [{"type": "text", "text": content}]
    )
    texts, images = [], []
    for number, part in enumerate(parts):
        place = f"{where}.content[{number}]"
        kind = part.get("type") if isinstance(part, dict) else None
        value = part.get(kind) if kind is not None else None
        if kind == "text" and isinstance(value, str):
            texts.append(value)
        elif kind == "image_url" and (url := _url(value)) is not None:
            if texts and _LABEL.fullmatch(texts[-1].strip()):
                texts.pop()  # names the image that follows, and asks for nothing
            images.append(url)
        else:
            raise RequestError(f"{place}: must be a text or an image_url")
    text = "\n".join(texts)
    if len(text) > MAX_PROMPT:
        raise RequestError(f"{where}.content: more than {MAX_PROMPT} characters")
    return text, images


def _url(value: Any) -> str | None:
    url = value.get("url") if isinstance(value, dict) else value
    return url if isinstance(url, str) else None


def _format(wanted: Mapping[str, Any] | None) -> tuple[bool, Mapping[str, Any] | None]:
    where = "body.response_format"
    match (wanted or {}).get("type", "text"):
        case "text":
            return False, None
        case "json_object":
            return True, None
        case "json_schema":
            inner = (wanted or {}).get("json_schema")
            schema = inner.get("schema") if isinstance(inner, dict) else None
            if not isinstance(schema, dict):
                raise RequestError(f"{where}.json_schema.schema: must be an object")
            return True, schema
        case _:
            raise RequestError(f"{where}.type: is no format")


def _model(call: Call, name: str) -> dict[str, Any]:
    created = call.service.started_at // 1000
    return {"id": name, "object": "model", "created": created, "owned_by": _OWNER}


def _usage(found: Answered) -> dict[str, int]:
    """Return words for tokens: a captioner's own pieces are nobody's price."""
    return {
        "prompt_tokens": found.prompt_words,
        "completion_tokens": found.words,
        "total_tokens": found.prompt_words + found.words,
    }


def _reason(found: Answered) -> str:
    return "length" if found.is_cut else "stop"


def _event(data: Mapping[str, Any]) -> bytes:
    return b"data: " + to_json(data) + b"\n\n"
