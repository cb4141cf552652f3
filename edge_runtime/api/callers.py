"""Who sends a request, as far as the service knows."""

from dataclasses import dataclass
from enum import StrEnum

from .scopes import Scope


class CallerKind(StrEnum):
    """By what a caller is known."""

    NOBODY = "nobody"
    TOKEN = "token"  # noqa: S105 - the word, not a secret
    COOKIE = "cookie"
    """A browser that signed in; it sends its cookie whoever made it ask."""
    LOOPBACK = "loopback"
    """A program of this machine, while the service listens to this machine alone."""
    SOCKET = "socket"
    """A command of the user who runs the service."""
    INGRESS = "ingress"
    """A person whom Home Assistant let in."""

    @property
    def is_ambient(self) -> bool:
        """Return whether another site's page could act with this caller's rights."""
        return self in {CallerKind.COOKIE, CallerKind.LOOPBACK, CallerKind.INGRESS}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and how far they reach."""

    kind: CallerKind
    scope: Scope
    name: str
    """A token's name; else the kind."""
    token_id: str | None = None


NOBODY = Caller(CallerKind.NOBODY, Scope.PUBLIC, "nobody")
