"""The date that a file name says, as phones and messengers write it."""

from datetime import date
import re
from typing import Final

from ..facts import Fact, FactKind, FactSource

_STAMP: Final = re.compile(
    r"(?<!\d)((?:19|20)\d\d)([-_.]?)(0[1-9]|1[0-2])\2([0-2]\d|3[01])(?!\d)"
    r"(?:(?:[-_. T]| at )([01]\d|2[0-3])[-_.:]?([0-5]\d)[-_.:]?([0-5]\d))?"
)
_FIRST_YEAR: Final = 1826
"""Of the oldest photograph that is left."""
_UNSET: Final = frozenset({(1970, 1, 1), (1980, 1, 1), (1904, 1, 1), (1601, 1, 1)})
"""What a clock says that nobody ever set."""
_MIDNIGHT_UNSET: Final = frozenset(
    {(year, 1, 1) for year in (2000, 2001, 2010, 2015, 2016, 2020)}
)
"""What a camera's clock says after its battery was empty."""


def date_in_name(name: str, today: date) -> Fact | None:
    """Return the date in a file name, such as IMG_20231224_153000.jpg."""
    stem = name.rpartition(".")[0] or name
    found = _STAMP.search(stem)
    if found is None:
        return None
    year, _, month, day, hour, minute, second = found.groups()
    text = f"{year}-{month}-{day}"
    if hour is not None:
        text += f"T{hour}:{minute}:{second}"
    return date_fact(text, FactSource.FILE_NAME, today)


def date_fact(text: str, source: FactSource, today: date) -> Fact | None:
    """Return the fact of an ISO date, unless no photo can have it."""
    parts = re.match(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d:\d\d))?)?)?", text)
    if parts is None:
        return None
    year, month, day = (int(part or 1) for part in parts.groups()[:3])
    try:
        taken = date(year, month, day)
    except ValueError:
        return None
    if not _FIRST_YEAR <= year <= today.year + 1 or (taken - today).days > 1:
        return None
    ymd = (year, month, day)
    is_midnight = parts[4] == "00:00"
    if parts[3] and (ymd in _UNSET or (is_midnight and ymd in _MIDNIGHT_UNSET)):
        return None
    return Fact(FactKind.DATE, text, source)
