"""A bounded ring of what happened, for clients that were away."""

import sqlite3
from typing import Final

from .database import Database
from .records import Json
from .rows import from_json, to_json
from .service_records import Event, EventsSince
from .times import now_ms

RING: Final = 10_000
"""How many events are kept."""


class Events:
    """Events by their number; numbers only grow and are never used twice."""

    def __init__(self, database: Database, ring: int = RING) -> None:
        self._database = database
        self._ring = ring

    async def append(self, kind: str, data: Json) -> Event:
        """Store an event; the oldest leaves the ring."""

        def work(connection: sqlite3.Connection) -> Event:
            now = now_ms()
            stored = to_json(data)
            event_id = connection.execute(
                "INSERT INTO events (type, data, at) VALUES (?, ?, ?)",
                (kind, stored, now),
            ).lastrowid
            assert event_id is not None  # noqa: S101  # an INSERT has one
            connection.execute(
                "DELETE FROM events WHERE id <= ?", (event_id - self._ring,)
            )
            return Event(event_id, kind, from_json(stored), now)

        return await self._database.write(work)

    async def since(self, last_id: int, *, limit: int = 500) -> EventsSince:
        """Return the events after an id; `reset` if some of them are gone."""

        def work(connection: sqlite3.Connection) -> EventsSince:
            newest = _newest_id(connection)
            # an id from the future is one of another database: a restored backup
            reset = not newest - self._ring <= last_id <= newest
            rows = connection.execute(
                "SELECT id, type, data, at FROM events WHERE id > ?"
                " ORDER BY id LIMIT ?",
                (0 if reset else last_id, limit),
            )
            found = [
                Event(row["id"], row["type"], from_json(row["data"]), row["at"])
                for row in rows
            ]
            return EventsSince(tuple(found), reset)

        return await self._database.read(work)

    async def newest_id(self) -> int:
        """Return the id of the newest event there ever was; 0 before the first."""
        return await self._database.read(_newest_id)


def _newest_id(connection: sqlite3.Connection) -> int:
    row = connection.execute(
        "SELECT seq FROM sqlite_sequence WHERE name = 'events'"
    ).fetchone()
    return 0 if row is None else int(row["seq"])
