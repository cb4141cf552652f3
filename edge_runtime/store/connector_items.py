"""What a connector did with each item of another program."""

from collections.abc import Sequence
from dataclasses import dataclass
import sqlite3

from .database import Database
from .times import now_ms


@dataclass(frozen=True, slots=True)
class ConnectorItem:
    """One item of another program, as a connector left it."""

    item: str
    """Its id over there."""
    state: str
    version: str
    """What tells whether the item is another one since."""
    text: str | None = None
    """Our words that stand there; None: none do."""


class ConnectorItems:
    """Items by connector and id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(
        self, connector: str, items: Sequence[str]
    ) -> dict[str, ConnectorItem]:
        """Return what is known of some items."""

        def work(connection: sqlite3.Connection) -> dict[str, ConnectorItem]:
            found = {}
            for item in items:
                row = connection.execute(
                    "SELECT * FROM connector_items WHERE connector = ? AND item = ?",
                    (connector, item),
                ).fetchone()
                if row is not None:
                    found[item] = ConnectorItem(
                        item, row["state"], row["version"], row["text"]
                    )
            return found

        return await self._database.read(work)

    async def put(self, connector: str, item: ConnectorItem) -> None:
        """Write down what was done with an item."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT OR REPLACE INTO connector_items"
                " (connector, item, state, version, text, at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (connector, item.item, item.state, item.version, item.text, now_ms()),
            )

        await self._database.write(work)

    async def counts(self, connector: str) -> dict[str, int]:
        """Return how many items are in each state."""

        def work(connection: sqlite3.Connection) -> dict[str, int]:
            rows = connection.execute(
                "SELECT state, count(*) AS number FROM connector_items"
                " WHERE connector = ? GROUP BY state",
                (connector,),
            )
            return {row["state"]: row["number"] for row in rows}

        return await self._database.read(work)
