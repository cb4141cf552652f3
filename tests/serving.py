"""A service that runs for the time of a block."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from edge_runtime.config import Settings
from edge_runtime.runtime import EdgeRuntime
from edge_runtime.service import Service


@asynccontextmanager
async def serving(
    settings: Settings, *, download: str | None = None
) -> AsyncIterator[Service]:
    """Yield a service; a model may be fetched before it starts."""
    async with EdgeRuntime(settings) as runtime:
        if download is not None:
            await runtime.store.ensure(runtime.model(download))
        service = Service(settings, runtime)
        try:
            await service.start()
            yield service
        finally:
            await service.stop()
