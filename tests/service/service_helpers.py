"""A service that runs for the time of a block."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from edge_runtime.config import Settings
from edge_runtime.runtime import EdgeRuntime
from edge_runtime.service import Service

SECOND: Final = "second-captioner"
"""The embedded captioner once more, to be downloaded from a folder."""


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Service]:
    async with EdgeRuntime(settings) as runtime:
        service = Service(settings, runtime)
        try:
            await service.start()
            yield service
        finally:
            await service.stop()
