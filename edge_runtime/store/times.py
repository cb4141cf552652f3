"""Times: Unix milliseconds in the database, RFC 3339 in what clients read."""

from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta
import time
from typing import Final

from .errors import InvalidValueError

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_MONTHS: Final = 12


def now_ms() -> int:
    """Return the time in Unix milliseconds."""
    return time.time_ns() // 1_000_000


def to_rfc3339(ms: int) -> str:
    """Return a time as clients read it, in UTC: `2026-11-23T10:00:00.123Z`."""
    moment = _EPOCH + ms * _MILLISECOND
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_rfc3339(text: str) -> int:
    """Return the Unix milliseconds of a time; one without an offset is UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidValueError(
            f"'{text[:40]}' is no time; write it like 2026-11-23T10:00:00Z"
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // _MILLISECOND


def year_range(year: int) -> tuple[int, int]:
    """Return the first millisecond of a year and of the next one, in UTC."""
    if not MINYEAR <= year < MAXYEAR:
        raise InvalidValueError(f"{year} is no year that a photo can be from")
    return _start(year), _start(year + 1)


def month_range(month: str) -> tuple[int, int]:
    """Return the first millisecond of a month such as `2026-11` and of the next one."""
    year, number = int(month[:4]), int(month[5:])
    if not MINYEAR <= year < MAXYEAR:
        raise InvalidValueError(f"{month} is no month that a photo can be from")
    following = (year, number + 1) if number < _MONTHS else (year + 1, 1)
    return _start(year, number), _start(*following)


def _start(year: int, month: int = 1) -> int:
    return (datetime(year, month, 1, tzinfo=UTC) - _EPOCH) // _MILLISECOND
