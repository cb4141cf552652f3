"""Cursors: where the next page of a list begins, opaque to clients."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from .errors import CursorInvalidError, InvalidValueError

ItemT = TypeVar("ItemT")
RowT = TypeVar("RowT")
MAX_LIMIT: Final = 500
_MAX_CURSOR: Final = 1000
_INTEGERS: Final = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True)
class Page(Generic[ItemT]):
    """Some items of a list, and where the next ones begin (None: at its end)."""

    items: tuple[ItemT, ...]
    next_cursor: str | None = None


def encode_cursor(kind: str, *parts: int | str) -> str:
    """Return the cursor of a list's kind that holds some values."""
    text = ":".join([kind, *(str(part) for part in parts)])
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(kind: str, cursor: str, length: int = 1) -> list[str]:
    """Return a cursor's values; raise CursorInvalidError for any other text.

    Only the last value may hold a colon.
    """
    padded = cursor[:_MAX_CURSOR] + "=" * (-len(cursor) % 4)
    try:
        text = urlsafe_b64decode(padded.encode("ascii")).decode()
    except ValueError:
        raise _invalid() from None
    found, *parts = text.split(":", length)
    if found != kind or len(parts) != length:
        raise _invalid()
    return parts


def decode_number(kind: str, cursor: str) -> int:
    """Return the one integer that a cursor holds."""
    return integer(decode_cursor(kind, cursor)[0])


def integer(part: str) -> int:
    """Return a cursor's value as an integer that SQLite can hold."""
    try:
        number = int(part)
    except ValueError:
        raise _invalid() from None
    if number not in _INTEGERS:
        raise _invalid()
    return number


def check_limit(limit: int) -> int:
    """Return a page's size if it is one that lists give."""
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidValueError(f"limit must be 1 to {MAX_LIMIT}, not {limit}")
    return limit


def page_of(
    rows: Sequence[RowT],
    limit: int,
    item: Callable[[RowT], ItemT],
    cursor: Callable[[RowT], str],
) -> Page[ItemT]:
    """Return a page from `limit + 1` rows: the one too many says there is more."""
    shown = rows[:limit]
    following = cursor(shown[-1]) if len(rows) > limit else None
    return Page(tuple(item(row) for row in shown), following)


def _invalid() -> CursorInvalidError:
    return CursorInvalidError(
        "the cursor is not one of this list; start again without it"
    )
