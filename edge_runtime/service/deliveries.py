"""Captions for other programs: every event once the connection is back, in order.

What is to be sent is copied from the ring of events into an outbox, together with how
far the ring was read, so a crash between the two loses nothing. A message leaves the
outbox when its receiver has it; it may come twice, under the same id.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
import logging
from typing import Any, Final

from ..connectors.errors import ConnectorError, ConnectorRefusedError
from ..connectors.sending import Link, Message, Sender
from ..errors import EdgeRuntimeError
from ..store import Event, NewDelivery, Outbox, Store, to_rfc3339
from .captions import CaptionService
from .parts import Parts

_LOGGER = logging.getLogger(__name__)
TOLD: Final = frozenset({"caption.ready", "caption.enriched"})
_BATCH: Final = 200
_STORE_RETRY_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait after failures: twice as long each time."""

    first_s: float = 1.0
    most_s: float = 300.0

    def wait_s(self, failures: int) -> float:
        """Return the wait after so many failures in a row."""
        return min(self.first_s * 2.0 ** min(failures - 1, 30), self.most_s)


@dataclass(slots=True)
class Courier:
    """Brings one target its messages, the oldest first."""

    sender: Sender
    outbox: Outbox
    patience: Patience
    service_id: str
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    problem: str | None = None
    """What went wrong last; None: nothing did."""
    sent: int = 0
    _failures: int = 0

    async def run(self) -> None:
        """Deliver until it is cancelled."""
        while True:
            try:
                async with self.sender.connected() as link:
                    await self._deliver(link)
                raise ConnectorError("the connection ended")
            except EdgeRuntimeError as err:
                self._failures += 1
                self.problem = err.message
                level = logging.WARNING if self._failures == 1 else logging.DEBUG
                _LOGGER.log(level, "%s: %s", self.sender.name, err)
            await asyncio.sleep(self.patience.wait_s(self._failures))

    async def _deliver(self, link: Link) -> None:
        target = self.sender.name
        lost = asyncio.ensure_future(link.lost())
        try:
            while not lost.done():
                self.wake.clear()
                delivery = await self.outbox.next(target)
                if delivery is None:
                    await self._idle(lost)
                    continue
                name = f"{self.service_id}-{delivery.event_id}"
                message = Message(name, delivery.at, delivery.message)
                try:
                    await link.send(message)
                    self.sent += 1
                except ConnectorRefusedError as err:
                    _LOGGER.warning("%s: %s is given up: %s", target, name, err)
                await self.outbox.remove(delivery.id)
                self._failures, self.problem = 0, None
        finally:
            lost.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await lost

    async def _idle(self, lost: "asyncio.Future[None]") -> None:
        self._failures, self.problem = 0, None
        woken = asyncio.ensure_future(self.wake.wait())
        both: set[asyncio.Future[Any]] = {woken, lost}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()


class Deliveries:
    """Fills the outbox from the events, and keeps a courier for each target."""

    def __init__(
        self,
        parts: Parts,
        captions: CaptionService,
        senders: Sequence[Sender] | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._store: Store = parts.store
        self._events = parts.events
        self._captions = captions
        if senders is None:
            senders = configured_senders(parts)
        outbox, patience = parts.store.outbox, patience or Patience()
        self.couriers = tuple(
            Courier(sender, outbox, patience, parts.store.id) for sender in senders
        )
        self._stored = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin with what happens from now on, or go on where an earlier run ended."""
        if not self.couriers:
            if await self._store.outbox.cursor() is not None:
                await self._store.outbox.switch_off()
            return
        if await self._store.outbox.cursor() is None:
            newest = await self._store.events.newest_id()
            await self._store.outbox.add((), newest)
        self._events.when_stored = self._stored.set
        self._stored.set()
        works = [self._feed(), *(courier.run() for courier in self.couriers)]
        self._tasks = [asyncio.create_task(work) for work in works]

    async def stop(self) -> None:
        """End; what was not delivered waits in the outbox."""
        self._events.when_stored = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def facts(self) -> list[dict[str, Any]]:
        """Return how each target stands."""
        waiting = await self._store.outbox.waiting() if self.couriers else {}
        return [
            {
                "name": courier.sender.name,
                "waiting": waiting.get(courier.sender.name, 0),
                "sent": courier.sent,
                "problem": courier.problem,
            }
            for courier in self.couriers
        ]

    async def _feed(self) -> None:
        while True:
            await self._stored.wait()
            self._stored.clear()
            try:
                while await self._feed_some():
                    pass
            except EdgeRuntimeError as err:  # a full disk may pass
                _LOGGER.warning("events wait for the outbox: %s", err)
                self._stored.set()
                await asyncio.sleep(_STORE_RETRY_S)

    async def _feed_some(self) -> bool:
        """Copy some events; return whether there may be more."""
        cursor = await self._store.outbox.cursor() or 0
        newest = await self._store.events.newest_id()
        if cursor > newest:  # of another database: a backup was restored
            await self._store.outbox.add((), newest)
            return False
        found = await self._store.events.since(cursor, limit=_BATCH)
        if not found.events:
            return False
        if found.reset:
            _LOGGER.warning("events were lost: too many happened while nobody fed")
        told = [event for event in found.events if event.type in TOLD]
        deliveries = [
            delivery for event in told for delivery in await self._deliveries(event)
        ]
        gone = await self._store.outbox.add(deliveries, found.events[-1].id)
        if gone:
            _LOGGER.warning("%d old messages gave way to newer ones", gone)
        for courier in self.couriers:
            courier.wake.set()
        return len(found.events) == _BATCH

    async def _deliveries(self, event: Event) -> list[NewDelivery]:
        body = {
            "type": event.type,
            "event_id": event.id,
            "at": to_rfc3339(event.at),
            "service_id": self._store.id,
            "caption": await self._caption(event),
        }
        photo_id = event.data.get("photo_id")
        return [
            NewDelivery(courier.sender.name, event.id, body, photo_id)
            for courier in self.couriers
        ]

    async def _caption(self, event: Event) -> dict[str, Any]:
        """Return the caption; its words are null where it was not kept and is gone."""
        known = {key: event.data.get(key) for key in ("id", "photo_id", "verdict")}
        try:
            answer = await self._captions.get(str(event.data["id"]))
        except EdgeRuntimeError:
            return {**known, "text": None}
        return {
            **known,
            "text": answer.caption,
            "verdict": answer.verdict.value,
            "language": answer.language,
            "model": answer.model,
        }


def configured_senders(parts: Parts) -> list[Sender]:
    """Return those whom the settings want to be told."""
    settings = parts.settings
    senders: list[Sender] = []
    # a service that tells nobody has room to spare for neither of them
    if settings.webhook_url is not None:
        from ..connectors.webhook import WebhookSender  # noqa: PLC0415

        senders.append(WebhookSender(settings.webhook_url, settings.webhook_secret))
    if settings.mqtt_url is not None:
        from ..connectors.mqtt import MqttSender  # noqa: PLC0415

        senders.append(
            MqttSender(
                settings.mqtt_url,
                identity=parts.store.id,
                topic=settings.mqtt_topic,
                discovery=settings.mqtt_discovery,
                username=settings.mqtt_username,
                password=settings.mqtt_password,
            )
        )
    return senders
