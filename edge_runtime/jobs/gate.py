"""One at a time: by priority, then the model that is loaded, then who came first."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
import time
from typing import Final

from .kinds import Priority

_PATIENCE_S: Final = 30.0
"""After this long a ticket no longer stands back for those of the loaded model."""
_BATCH_PATIENCE_S: Final = 600.0
"""Nobody waits for a batch: a model that must be loaded again costs it more."""


@dataclass(slots=True, eq=False)
class _Ticket:
    priority: int
    group: str
    turn: "asyncio.Future[None]"
    since: float = field(default_factory=time.monotonic)


class PriorityGate:
    """Lets one holder through; batches take it anew for each photo."""

    def __init__(self) -> None:
        self._holder: _Ticket | None = None
        self._waiting: list[_Ticket] = []
        self._last_group = ""

    @property
    def group(self) -> str | None:
        """Return the group (a model's id) of who is inside, or None."""
        return None if self._holder is None else self._holder.group

    def waiting(self, priority: int = 0) -> int:
        """Return how many wait with this priority or a higher one."""
        return sum(ticket.priority >= priority for ticket in self._waiting)

    @asynccontextmanager
    async def hold(self, priority: int, group: str = "") -> AsyncIterator[None]:
        """Wait for a turn and keep others out until the block ends."""
        turn = asyncio.get_running_loop().create_future()
        await self._enter(_Ticket(priority, group, turn))
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, ticket: _Ticket) -> None:
        if self._holder is None:
            self._holder = ticket
            return
        self._waiting.append(ticket)
        try:
            await ticket.turn
        except asyncio.CancelledError:
            if self._holder is ticket:
                self._leave()  # the turn came in the moment of leaving
            else:
                self._waiting.remove(ticket)
            raise

    def _leave(self) -> None:
        self._last_group = self._holder.group if self._holder else ""
        self._holder = None
        if self._waiting:
            ticket = min(self._waiting, key=self._rank)
            self._waiting.remove(ticket)
            self._holder = ticket
            if not ticket.turn.done():  # else its owner is leaving: it calls us again
                ticket.turn.set_result(None)

    def _rank(self, ticket: _Ticket) -> tuple[int, bool, float]:
        waited_for = ticket.priority > Priority.BATCH
        patience = _PATIENCE_S if waited_for else _BATCH_PATIENCE_S
        patient = time.monotonic() - ticket.since < patience
        stands_back = patient and ticket.group != self._last_group
        return -ticket.priority, stands_back, ticket.since
