"""Read-only links to a photo, a tag or an album."""

from collections.abc import Sequence
import sqlite3

from .database import Database
from .errors import ShareNotFoundError
from .ids import new_id
from .keys import hash_of, is_same, new_secret
from .service_records import Share, ShareTarget
from .times import now_ms


class Shares:
    """Links with a secret of their own, until they expire or are revoked."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self,
        target: ShareTarget,
        target_id: str,
        *,
        name: str = "",
        expires_at: int | None = None,
        captions: bool = True,
    ) -> tuple[Share, str]:
        """Create a share; return it and its secret, which is not kept."""
        secret = new_secret()
        now = now_ms()
        share = Share(
            new_id(), name, target, target_id, now, expires_at, None, captions
        )

        def work(connection: sqlite3.Connection) -> Share:
            connection.execute(
                "INSERT INTO shares"
                " (id, secret_hash, name, target, target_id, created_at, expires_at,"
                "  captions) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    share.id,
                    hash_of(secret),
                    name,
                    target,
                    target_id,
                    now,
                    expires_at,
                    captions,
                ),
            )
            return share

        return await self._database.write(work), secret

    async def by_secret(self, secret: str) -> Share | None:
        """Return the share that a secret opens, while it may be opened."""

        def work(connection: sqlite3.Connection) -> Share | None:
            row = connection.execute(
                "SELECT * FROM shares WHERE secret_hash = ? AND revoked_at IS NULL"
                " AND (expires_at IS NULL OR expires_at > ?)",
                (hash_of(secret), now_ms()),
            ).fetchone()
            if row is None or not is_same(row["secret_hash"], secret):
                return None
            return _share_of(row)

        return await self._database.read(work)

    async def list(self) -> "Sequence[Share]":
        """Return every share, ended ones too, the newest first."""

        def work(connection: sqlite3.Connection) -> Sequence[Share]:
            rows = connection.execute(
                "SELECT * FROM shares ORDER BY created_at DESC, id DESC"
            )
            return [_share_of(row) for row in rows]

        return await self._database.read(work)

    async def show_captions(self, share_id: str, *, captions: bool) -> Share:
        """Show or hide the captions; raise ShareNotFoundError if there is none."""
        return await self._change("captions = ?", captions, share_id)

    async def revoke(self, share_id: str) -> Share:
        """End a share; raise ShareNotFoundError if there is none."""
        return await self._change(
            "revoked_at = ifnull(revoked_at, ?)", now_ms(), share_id
        )

    async def _change(self, change: str, value: object, share_id: str) -> Share:
        def work(connection: sqlite3.Connection) -> Share:
            connection.execute(
                f"UPDATE shares SET {change} WHERE id = ?",  # noqa: S608  # our own names
                (value, share_id),
            )
            row = connection.execute(
                "SELECT * FROM shares WHERE id = ?", (share_id,)
            ).fetchone()
            if row is None:
                raise ShareNotFoundError(f"no share has the id '{share_id[:40]}'")
            return _share_of(row)

        return await self._database.write(work)


def _share_of(row: sqlite3.Row) -> Share:
    return Share(
        row["id"],
        row["name"],
        ShareTarget(row["target"]),
        row["target_id"],
        row["created_at"],
        row["expires_at"],
        row["revoked_at"],
        bool(row["captions"]),
    )
