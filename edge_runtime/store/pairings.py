"""Clients that ask for a token, and the person who compares a code and approves."""

from collections.abc import Sequence
import secrets
import sqlite3
from typing import Final

from .database import Database
from .errors import PairingNotFoundError, TooManyPairingsError
from .ids import new_id
from .keys import hash_of, is_same, new_secret
from .service_records import Pairing, PairingState, Token, TokenScope
from .times import now_ms
from .tokens import insert_token

_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"  # no I and O: they look like 1 and 0
_DIGITS: Final = "23456789"
_PART: Final = 3
_KEPT_MS: Final = 86_400_000


class Pairings:
    """Requests for a token; each leads to at most one, fetched once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(
        self, name: str, *, ttl_s: int = 300, limit: int = 5
    ) -> tuple[Pairing, str]:
        """Begin a pairing; return it and the secret with which its client asks."""
        secret = new_secret()

        def work(connection: sqlite3.Connection) -> Pairing:
            now = now_ms()
            connection.execute(
                "DELETE FROM pairings WHERE expires_at < ?", (now - _KEPT_MS,)
            )
            if len(_pending(connection, now)) >= limit:
                raise TooManyPairingsError(
                    f"{limit} clients wait for approval already; try again in "
                    f"{ttl_s // 60 or 1} min"
                )
            pairing_id = new_id(now)
            connection.execute(
                "INSERT INTO pairings"
                " (id, code, secret_hash, name, created_at, expires_at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (
                    pairing_id,
                    _new_code(connection),
                    hash_of(secret),
                    name,
                    now,
                    now + ttl_s * 1000,
                ),
            )
            return _get(connection, "id", pairing_id)

        return await self._database.write(work), secret

    async def pending(self) -> Sequence[Pairing]:
        """Return the pairings that wait for a person, the oldest first."""
        return await self._database.read(
            lambda connection: _pending(connection, now_ms())
        )

    async def approve(self, code: str, scope: TokenScope = TokenScope.WRITE) -> Pairing:
        """Let the client with this code in."""

        def work(connection: sqlite3.Connection) -> Pairing:
            pairing = _open_one(connection, code)
            connection.execute(
                "UPDATE pairings SET scope = ? WHERE id = ?", (scope, pairing.id)
            )
            return _get(connection, "id", pairing.id)

        return await self._database.write(work)

    async def deny(self, code: str) -> None:
        """Send the client with this code away."""

        def work(connection: sqlite3.Connection) -> None:
            pairing = _open_one(connection, code)
            connection.execute("DELETE FROM pairings WHERE id = ?", (pairing.id,))

        await self._database.write(work)

    async def get(self, pairing_id: str, secret: str) -> Pairing:
        """Return a client's own pairing."""
        return await self._database.read(
            lambda connection: _own(connection, pairing_id, secret)
        )

    async def claim(self, pairing_id: str, secret: str) -> tuple[Token, str] | None:
        """Return the token of an approved pairing, once; None while nobody approved."""

        def work(connection: sqlite3.Connection) -> tuple[Token, str] | None:
            pairing = _own(connection, pairing_id, secret)
            if pairing.state is PairingState.OPEN:
                return None
            if pairing.state is not PairingState.APPROVED:
                raise _not_found()
            connection.execute(
                "UPDATE pairings SET claimed_at = ? WHERE id = ?",
                (now_ms(), pairing_id),
            )
            scope = connection.execute(
                "SELECT scope FROM pairings WHERE id = ?", (pairing_id,)
            ).fetchone()["scope"]
            return insert_token(connection, pairing.name, TokenScope(scope))

        return await self._database.write(work)


def _new_code(connection: sqlite3.Connection) -> str:
    while True:
        letters = "".join(secrets.choice(_LETTERS) for _ in range(_PART))
        code = f"{letters}-" + "".join(secrets.choice(_DIGITS) for _ in range(_PART))
        query = "SELECT 1 FROM pairings WHERE code = ?"
        if connection.execute(query, (code,)).fetchone() is None:
            return code


def _pending(connection: sqlite3.Connection, now: int) -> list[Pairing]:
    rows = connection.execute(
        "SELECT * FROM pairings WHERE scope IS NULL AND expires_at > ? ORDER BY id",
        (now,),
    )
    return [_pairing_of(row) for row in rows]


def _open_one(connection: sqlite3.Connection, code: str) -> Pairing:
    pairing = _get(connection, "code", code.strip().upper())
    if pairing.state is not PairingState.OPEN:
        raise _not_found()
    return pairing


def _own(connection: sqlite3.Connection, pairing_id: str, secret: str) -> Pairing:
    row = connection.execute(
        "SELECT * FROM pairings WHERE id = ?", (pairing_id,)
    ).fetchone()
    if row is None or not is_same(row["secret_hash"], secret):
        raise _not_found()
    return _pairing_of(row)


def _get(connection: sqlite3.Connection, column: str, value: str) -> Pairing:
    row = connection.execute(
        f"SELECT * FROM pairings WHERE {column} = ?",  # noqa: S608  # our own names
        (value,),
    ).fetchone()
    if row is None:
        raise _not_found()
    return _pairing_of(row)


def _not_found() -> PairingNotFoundError:
    return PairingNotFoundError(
        "no client with this code waits for approval; it may have waited too long: "
        "let it ask again"
    )


def _pairing_of(row: sqlite3.Row) -> Pairing:
    state = PairingState.OPEN
    if row["claimed_at"] is not None:
        state = PairingState.CLAIMED
    elif row["expires_at"] <= now_ms():
        state = PairingState.EXPIRED
    elif row["scope"] is not None:
        state = PairingState.APPROVED
    return Pairing(
        row["id"],
        row["code"],
        row["name"],
        state,
        row["created_at"],
        row["expires_at"],
    )
