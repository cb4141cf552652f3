"""What a sender of messages looks like to those who hand it some."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """One event for another program."""

    id: str
    """The same when it is sent again."""
    at: int
    """Unix milliseconds."""
    body: Mapping[str, Any]


class Link(Protocol):
    """A connection that stands."""

    async def send(self, message: Message) -> None:
        """Return when the other side has the message; raise ConnectorError."""

    async def lost(self) -> None:
        """Return when the connection has ended."""


class Sender(Protocol):
    """Makes connections to one other program."""

    @property
    def name(self) -> str:
        """Return which target this is."""

    def connected(self) -> AbstractAsyncContextManager[Link]:
        """Give a connection; raise ConnectorError."""
