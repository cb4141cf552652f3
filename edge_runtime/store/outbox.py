"""Messages that wait until another program can be reached."""

from collections.abc import Sequence
from dataclasses import dataclass
import sqlite3
from typing import Final

from .database import Database
from .records import Json
from .rows import from_json, to_json
from .times import now_ms

MOST_WAITING: Final = 10_000
"""For each target; beyond them the oldest are given up."""
_CURSOR: Final = "outbox_cursor"


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A message that somebody is to get."""

    target: str
    event_id: int
    message: Json
    photo_id: str | None = None
    """The message goes when this photo is forgotten."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message that waits."""

    id: int
    target: str
    event_id: int
    message: Json
    at: int


class Outbox:
    """Fed from the ring of events, emptied by those who deliver."""

    def __init__(self, database: Database, most: int = MOST_WAITING) -> None:
        self._database = database
        self._most = most

    async def cursor(self) -> int | None:
        """Return the last event that was looked at; None: nobody is to be told."""

        def work(connection: sqlite3.Connection) -> int | None:
            row = connection.execute(
                "SELECT value FROM meta WHERE key = ?", (_CURSOR,)
            ).fetchone()
            return None if row is None else int(row["value"])

        return await self._database.read(work)

    async def add(self, deliveries: Sequence[NewDelivery], cursor: int) -> int:
        """Store messages with the event they lead up to; return how many gave way."""

        def work(connection: sqlite3.Connection) -> int:
            now = now_ms()
            connection.executemany(
                "INSERT INTO outbox (target, event_id, photo_id, message, at)"
                " VALUES (?, ?, ?, ?, ?)",
                [
                    (d.target, d.event_id, d.photo_id, to_json(d.message), now)
                    for d in deliveries
                ],
            )
            _set_cursor(connection, cursor)
            targets = {delivery.target for delivery in deliveries}
            return sum(self._give_way(connection, target) for target in targets)

        return await self._database.write(work)

    async def switch_off(self) -> None:
        """Forget what waits and where the events were: nobody is to be told."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM outbox")
            connection.execute("DELETE FROM meta WHERE key = ?", (_CURSOR,))

        await self._database.write(work)

    async def next(self, target: str) -> Delivery | None:
        """Return the oldest message for a target."""

        def work(connection: sqlite3.Connection) -> Delivery | None:
            row = connection.execute(
                "SELECT * FROM outbox WHERE target = ? ORDER BY id LIMIT 1", (target,)
            ).fetchone()
            if row is None:
                return None
            message = from_json(row["message"])
            return Delivery(row["id"], target, row["event_id"], message, row["at"])

        return await self._database.read(work)

    async def remove(self, delivery_id: int) -> None:
        """Take out a message that arrived, or that nobody wants."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM outbox WHERE id = ?", (delivery_id,))

        await self._database.write(work)

    async def waiting(self) -> dict[str, int]:
        """Return how many messages wait for each target."""

        def work(connection: sqlite3.Connection) -> dict[str, int]:
            rows = connection.execute(
                "SELECT target, count(*) AS number FROM outbox GROUP BY target"
            )
            return {row["target"]: row["number"] for row in rows}

        return await self._database.read(work)

    def _give_way(self, connection: sqlite3.Connection, target: str) -> int:
        return connection.execute(
            "DELETE FROM outbox WHERE target = ? AND id <= (SELECT id FROM outbox"
            " WHERE target = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
            (target, target, self._most),
        ).rowcount


def _set_cursor(connection: sqlite3.Connection, cursor: int) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)",
        (_CURSOR, str(cursor)),
    )
