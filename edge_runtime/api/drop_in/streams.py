"""Answers that are sent in pieces."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from aiohttp import web

from ..events import WRITE_S

_HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


async def send_stream(
    request: web.Request, media_type: str, parts: AsyncIterator[bytes]
) -> web.StreamResponse:
    """Send parts as they come; a client that leaves or doesn't read ends it."""
    kind = {"Content-Type": f"{media_type}; charset=utf-8"}
    response = web.StreamResponse(headers={**_HEADERS, **kind})
    try:
        async with asyncio.timeout(WRITE_S):
            await response.prepare(request)
            async for part in parts:
                await response.write(part)
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
        raise ConnectionResetError from None
    return response
