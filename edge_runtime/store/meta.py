"""Small facts that outlive a restart, by name."""

import sqlite3

from .database import Database


class Meta:
    """Names and values."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, key: str) -> str | None:
        """Return the value of a name."""

        def work(connection: sqlite3.Connection) -> str | None:
            row = connection.execute(
                "SELECT value FROM meta WHERE key = ?", (key,)
            ).fetchone()
            return None if row is None else str(row["value"])

        return await self._database.read(work)

    async def set(self, key: str, value: str | None) -> None:
        """Store a value under a name; None removes it."""

        def work(connection: sqlite3.Connection) -> None:
            if value is None:
                connection.execute("DELETE FROM meta WHERE key = ?", (key,))
            else:
                connection.execute(
                    "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)",
                    (key, value),
                )

        await self._database.write(work)
