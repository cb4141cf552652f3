"""Secrets that clients carry: random, shown once, kept as a hash."""

import hashlib
import hmac
import secrets
from typing import Final

PREFIX: Final = "ec_"
"""Starts every secret, so that a scanner for leaked ones can know it."""
_RANDOM_BYTES: Final = 32


def new_secret() -> str:
    """Return a new secret of 256 random bits."""
    return PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)


def hash_of(secret: str) -> bytes:
    """Return what is stored of a secret; so long a one needs no slow hash."""
    return hashlib.sha256(secret.encode(errors="replace")).digest()


def is_same(stored: bytes, secret: str) -> bool:
    """Return whether a secret is the stored one, in a time that tells nothing."""
    return hmac.compare_digest(stored, hash_of(secret))
