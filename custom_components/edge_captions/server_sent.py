"""Server-sent events, as the HTML standard describes them."""

from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
import json
from typing import Any, Final

_MAX_LINE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """Something that happened there."""

    type: str
    data: dict[str, Any]
    id: str | None
    """Where to resume; None for what is not stored."""


async def read_events(
    chunks: AsyncIterable[bytes],
) -> AsyncIterator[ServerSentEvent]:
    """Give the events of a stream of bytes; heartbeats and other fields pass by."""
    fields: dict[str, str] = {}
    async for line in _lines(chunks):
        if line:
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "data" and "data" in fields:
                value = f"{fields['data']}\n{value}"
            fields[name] = value
            continue
        if "data" in fields and (event := _event(fields)) is not None:
            yield event
        fields = {}


def _event(fields: dict[str, str]) -> ServerSentEvent | None:
    try:
        data = json.loads(fields["data"])
    except ValueError:
        return None
    if not isinstance(data, dict):
        return None
    return ServerSentEvent(fields.get("event", "message"), data, fields.get("id"))


async def _lines(chunks: AsyncIterable[bytes]) -> AsyncIterator[str]:
    buffer = b""
    async for chunk in chunks:
        buffer += chunk
        *lines, buffer = buffer.split(b"\n")
        if len(buffer) > _MAX_LINE:
            raise ValueError("a line of the event stream is too long")
        for line in lines:
            yield line.removesuffix(b"\r").decode("utf-8", "replace")
