"""`EventHub`: what happens, for those who listen now and those who come back later."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
import logging
from typing import Any

from ..errors import EdgeRuntimeError
from ..store import Store, now_ms

_LOGGER = logging.getLogger(__name__)


class SubscriberLost(Exception):  # noqa: N818 - a state of the reader, not a fault
    """The reader was too slow, or the service ends: it has to come back."""


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """Something that happened; without an id it is in no ring (progress)."""

    id: int | None
    type: str
    data: Mapping[str, Any]
    at: int


@dataclass(slots=True, eq=False)
class Subscription:
    """One reader's queue; when it overflows the reader is lost, not the others."""

    maxsize: int
    _events: asyncio.Queue[LiveEvent | None] = field(init=False)
    _lost: bool = False

    def __post_init__(self) -> None:
        self._events = asyncio.Queue()

    async def get(self) -> LiveEvent:
        """Return the next event; raise SubscriberLost when there will be none."""
        event = None if self._lost else await self._events.get()
        if event is None or self._lost:
            raise SubscriberLost
        return event

    def put(self, event: LiveEvent) -> None:
        """Hand an event over, or give the reader up."""
        if self._events.qsize() >= self.maxsize:
            self.lose()
        else:
            self._events.put_nowait(event)

    def lose(self) -> None:
        """End the subscription from this side."""
        self._lost = True
        self._events.put_nowait(None)


class EventHub:
    """Stores events in the ring and hands them to every subscriber."""

    def __init__(self) -> None:
        self._store: Store | None = None
        self._subscriptions: set[Subscription] = set()
        self._order = asyncio.Lock()
        self.when_stored: Callable[[], None] | None = None
        """Called after an event went into the ring."""

    def attach(self, store: Store) -> None:
        """Keep events in a store from now on."""
        self._store = store

    @property
    def subscribers(self) -> int:
        """Return how many listen now."""
        return len(self._subscriptions)

    async def emit(self, kind: str, data: Mapping[str, Any]) -> None:
        """Store an event and hand it on, in the order of its ids.

        What happened stays done where its event can't be stored (a full disk).
        """
        async with self._order:
            event = LiveEvent(None, kind, data, now_ms())
            if self._store is not None:
                try:
                    kept = await self._store.events.append(kind, data)
                    event = LiveEvent(kept.id, kept.type, kept.data, kept.at)
                    if self.when_stored is not None:
                        self.when_stored()
                except EdgeRuntimeError as err:
                    _LOGGER.warning("event %s is not stored: %s", kind, err)
            self._hand_on(event)

    def tell(self, kind: str, data: Mapping[str, Any]) -> None:
        """Hand an event to those who listen now, and keep it nowhere."""
        self._hand_on(LiveEvent(None, kind, data, now_ms()))

    @asynccontextmanager
    async def subscribe(self, maxsize: int = 256) -> AsyncIterator[Subscription]:
        """Listen until the block ends."""
        subscription = Subscription(maxsize)
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    def close(self) -> None:
        """Send every listener away."""
        for subscription in self._subscriptions:
            subscription.lose()

    def _hand_on(self, event: LiveEvent) -> None:
        for subscription in self._subscriptions:
            subscription.put(event)
