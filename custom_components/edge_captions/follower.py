"""Follows what happens in the runtime, and comes back after every break."""

import asyncio
from collections.abc import Iterable
import logging
import random
from typing import Final

from .client import OPENED, RuntimeClient
from .client_errors import AuthError, ClientError
from .coordinator import StatusCoordinator
from .server_sent import ServerSentEvent
from .watch import CameraWatch

_LOGGER: Final = logging.getLogger(__name__)
_FIRST_WAIT_S: Final = 1.0
_LONGEST_WAIT_S: Final = 120.0
_CHANGES_STATUS: Final = frozenset(
    {
        "job.done",
        "job.failed",
        "model.installed",
        "model.removed",
        "model.state",
        "selection.changed",
    }
)


class Follower:
    """Hands the runtime's events to the coordinator and the watched cameras."""

    def __init__(
        self,
        client: RuntimeClient,
        coordinator: StatusCoordinator,
        watches: Iterable[CameraWatch],
    ) -> None:
        self._client = client
        self._coordinator = coordinator
        self._watches = tuple(watches)
        self._last_id: str | None = None
        self._wait_s = _FIRST_WAIT_S

    async def run(self) -> None:
        """Follow until cancelled, waiting longer after each failure."""
        while True:
            try:
                async for event in self._client.events(self._last_id):
                    self._wait_s = _FIRST_WAIT_S
                    await self._take(event)
            except AuthError as err:  # the status update asks the person to sign in
                _LOGGER.debug("the events are closed to us: %s", err)
            except ClientError as err:
                _LOGGER.debug("the events broke off: %s", err)
            await self._coordinator.async_request_refresh()
            await asyncio.sleep(self._wait_s * random.uniform(0.8, 1.2))  # noqa: S311
            self._wait_s = min(self._wait_s * 2, _LONGEST_WAIT_S)

    async def _take(self, event: ServerSentEvent) -> None:
        self._last_id = event.id or self._last_id
        if event.type == OPENED:  # it may be back: no need to wait for the next poll
            if not self._coordinator.last_update_success:
                await self._coordinator.async_refresh()
        elif event.type in _CHANGES_STATUS:
            await self._coordinator.async_request_refresh()
        elif event.type == "caption.enriched":
            await self._update_captions(str(event.data.get("id")))
        elif event.type == "reset":  # what happened meanwhile is not to be had
            await self._update_captions(None)
            await self._coordinator.async_request_refresh()

    async def _update_captions(self, caption_id: str | None) -> None:
        for watch in self._watches:
            await watch.update_caption(caption_id)
