"""ULIDs: random ids of 26 characters that sort by the time they were made."""

import secrets
from typing import Final

from .times import now_ms

ID_LENGTH: Final = 26
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I, L, O, U
_DIGIT_OF_BYTE: Final = bytes(ord(_ALPHABET[byte & 31]) for byte in range(256))
_TIME_SHIFTS: Final = range(45, -1, -5)
_RANDOM_DIGITS: Final = 16


def new_id(at_ms: int | None = None) -> str:
    """Return a new id for a time, now by default."""
    at = now_ms() if at_ms is None else at_ms
    time_part = "".join([_ALPHABET[(at >> shift) & 31] for shift in _TIME_SHIFTS])
    random_part = secrets.token_bytes(_RANDOM_DIGITS).translate(_DIGIT_OF_BYTE)
    return time_part + random_part.decode()


def is_id(text: str) -> bool:
    """Return whether a text has the form of an id."""
    return len(text) == ID_LENGTH and text[0] < "8" and set(text) <= set(_ALPHABET)
