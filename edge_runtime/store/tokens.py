"""Tokens of clients: named, revocable, kept as hashes."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
import sqlite3
from typing import Final

from ..errors import EdgeRuntimeError
from .database import Database
from .errors import TokenNotFoundError
from .ids import new_id
from .keys import hash_of, is_same, new_secret
from .service_records import Token, TokenScope
from .times import now_ms

_USE_NOTED_MS: Final = 600_000
"""A use is written down at most this often: an SD card wears with each write."""
_REMEMBERED: Final = 64


class Tokens:
    """Who may speak to the service."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._valid: dict[bytes, Token] = {}
        """Tokens by their hash: each request shows one."""
        self._revocations = 0

    async def create(self, name: str, scope: TokenScope) -> tuple[Token, str]:
        """Create a token; return it and its secret, which is not kept."""
        return await self._database.write(
            lambda connection: insert_token(connection, name, scope)
        )

    async def verify(self, secret: str) -> Token | None:
        """Return the valid token that a secret belongs to."""
        key = hash_of(secret)
        token = self._valid.get(key) or await self._look_up(key, secret)
        if token is not None:
            await self._note_use(key, token)
        return token

    async def list(self) -> "Sequence[Token]":
        """Return every token, revoked ones too, the oldest first."""

        def work(connection: sqlite3.Connection) -> Sequence[Token]:
            rows = connection.execute("SELECT * FROM tokens ORDER BY created_at, id")
            return [_token_of(row) for row in rows]

        return await self._database.read(work)

    async def revoke(self, token_id: str) -> Token:
        """End a token; raise TokenNotFoundError if there is none."""

        def work(connection: sqlite3.Connection) -> Token:
            connection.execute(
                "UPDATE tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
                (now_ms(), token_id),
            )
            row = connection.execute(
                "SELECT * FROM tokens WHERE id = ?", (token_id,)
            ).fetchone()
            if row is None:
                raise TokenNotFoundError(f"no token has the id '{token_id[:40]}'")
            return _token_of(row)

        token = await self._database.write(work)
        self._revocations += 1
        self._valid.clear()
        return token

    async def any_valid(self) -> bool:
        """Return whether somebody holds a token that works."""

        def work(connection: sqlite3.Connection) -> bool:
            query = "SELECT EXISTS (SELECT 1 FROM tokens WHERE revoked_at IS NULL)"
            return bool(connection.execute(query).fetchone()[0])

        return await self._database.read(work)

    async def _look_up(self, key: bytes, secret: str) -> Token | None:
        before = self._revocations
        token = await self._database.read(lambda connection: _find(connection, secret))
        if token is not None and before == self._revocations:  # else it may be revoked
            if len(self._valid) >= _REMEMBERED:
                self._valid.clear()
            self._valid[key] = token
        return token

    async def _note_use(self, key: bytes, token: Token) -> None:
        now = now_ms()
        if now - (token.last_used_at or 0) <= _USE_NOTED_MS:
            return
        if key in self._valid:
            self._valid[key] = replace(token, last_used_at=now)
        # a full disk must not lock the person out
        with suppress(EdgeRuntimeError):
            await self._database.write(
                lambda connection: _note_use(connection, token.id, now)
            )


def insert_token(
    connection: sqlite3.Connection, name: str, scope: TokenScope
) -> tuple[Token, str]:
    """Add a token in a transaction; return it and its secret."""
    secret = new_secret()
    token = Token(new_id(), name, scope, now_ms(), None, None)
    connection.execute(
        "INSERT INTO tokens (id, name, hash, scope, created_at) VALUES (?, ?, ?, ?, ?)",
        (token.id, name, hash_of(secret), scope, token.created_at),
    )
    return token, secret


def _find(connection: sqlite3.Connection, secret: str) -> Token | None:
    row = connection.execute(
        "SELECT * FROM tokens WHERE hash = ? AND revoked_at IS NULL", (hash_of(secret),)
    ).fetchone()
    if row is None or not is_same(row["hash"], secret):
        return None
    return _token_of(row)


def _note_use(connection: sqlite3.Connection, token_id: str, now: int) -> None:
    connection.execute(
        "UPDATE tokens SET last_used_at = ? WHERE id = ?", (now, token_id)
    )


def _token_of(row: sqlite3.Row) -> Token:
    return Token(
        row["id"],
        row["name"],
        TokenScope(row["scope"]),
        row["created_at"],
        row["last_used_at"],
        row["revoked_at"],
    )
