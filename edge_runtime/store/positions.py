"""The gallery's order: a photo's time, and a tail that keeps it unique."""

import sqlite3
from typing import Final

_TAIL_BITS: Final = 14
ABOVE_ALL: Final = 1 << 62
"""Above the position of every time that a calendar has."""


def position_at(ms: int) -> int:
    """Return the first position of a millisecond."""
    return ms << _TAIL_BITS


def free_position(connection: sqlite3.Connection, ms: int) -> int:
    """Return the next free position at a time."""
    while True:
        start, end = position_at(ms), position_at(ms + 1)
        last = connection.execute(
            "SELECT max(position) FROM photos WHERE position >= ? AND position < ?",
            (start, end),
        ).fetchone()[0]
        position = start if last is None else int(last) + 1
        if position < end:
            return position
        ms += 1  # more photos of one millisecond than anybody takes
