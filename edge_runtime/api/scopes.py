"""How far a caller reaches."""

from enum import IntEnum

from ..store import TokenScope


class Scope(IntEnum):
    """What a caller may do; each includes those before it."""

    PUBLIC = 0
    """What everybody may, without a token."""
    READ = 1
    WRITE = 2
    ADMIN = 3
    """Tokens, pairing and settings besides."""

    @property
    def word(self) -> str:
        """Return the name that the store and clients use."""
        return self.name.lower()

    @classmethod
    def of_token(cls, scope: TokenScope) -> "Scope":
        """Return how far a token reaches."""
        return cls[scope.name]
