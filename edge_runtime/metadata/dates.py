"""Dates as photos write them, and how sure they are."""

from dataclasses import dataclass
from datetime import datetime, timedelta
import re
from typing import Final

from .model import DateTaken, Zone

_EXIF: Final = re.compile(
    r"(\d{4})[:\-/.](\d\d)[:\-/.](\d\d)[ T](\d\d):(\d\d)(?::(\d\d))?"
)
_ISO: Final = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?"
    r"(Z|[+-]\d\d:?\d\d)?)?)?)?$"
)
_IPTC_DATE: Final = re.compile(r"(\d{4})(\d\d)(\d\d)$")
_IPTC_TIME: Final = re.compile(r"(\d\d)(\d\d)(\d\d)([+-]\d\d\d\d)?$")
_OFFSET: Final = re.compile(r"([+-])(\d\d):?(\d\d)$")
_MAX_OFFSET_MIN: Final = 14 * 60
_QUARTER_MIN: Final = 15
_GPS_SLACK_S: Final = 180
"""A camera's clock and the satellites' may differ by so much."""


@dataclass(frozen=True, slots=True)
class FoundDate:
    """A date as one place of a photo has it."""

    parts: tuple[int, ...]
    """Year, month, day, hour, minute, second: as many as are known."""
    fraction: str
    """Digits behind the second."""
    offset_min: int | None
    place: str
    source: str


def exif_date(
    text: str, fraction: str, offset: str, place: str, source: str
) -> FoundDate | None:
    """Return a date as EXIF writes it, with its digits and offset from elsewhere."""
    found = _EXIF.match(text.strip())
    if found is None:
        return None
    digits = fraction.strip() if fraction.strip().isdigit() else ""
    return _checked(found.groups(), digits, offset_minutes(offset), place, source)


def iso_date(text: str, place: str, source: str) -> FoundDate | None:
    """Return a date as XMP writes it, or as EXIF does inside XMP."""
    found = _ISO.match(text.strip())
    if found is None:
        return exif_date(text, "", "", place, source)
    *parts, fraction, offset = found.groups()
    return _checked(
        tuple(parts), fraction or "", offset_minutes(offset or ""), place, source
    )


def iptc_date(day: str, time: str, place: str, source: str) -> FoundDate | None:
    """Return a date as IPTC writes it, in two fields."""
    date = _IPTC_DATE.match(day.strip())
    if date is None:
        return None
    clock = _IPTC_TIME.match(time.strip())
    if clock is None:
        return _checked(date.groups(), "", None, place, source)
    parts = date.groups() + clock.groups()[:3]
    return _checked(parts, "", offset_minutes(clock[4] or ""), place, source)


def offset_minutes(text: str) -> int | None:
    """Return an offset from UTC such as `+05:30`; None if it is none."""
    if text.strip() in {"Z", "z"}:
        return 0
    found = _OFFSET.match(text.strip())
    if found is None:
        return None
    minutes = int(found[2]) * 60 + int(found[3])
    if minutes > _MAX_OFFSET_MIN:
        return None
    return -minutes if found[1] == "-" else minutes


def choose(dates: list[FoundDate], utc: datetime | None) -> DateTaken | None:
    """Return the first date, with an offset that another place has for it.

    `utc` is the satellites' time, if the photo has one.
    """
    if not dates:
        return None
    best = dates[0]
    offset, zone = best.offset_min, Zone.KNOWN
    if offset is None:
        same = (d.offset_min for d in dates if d.parts[:5] == best.parts[:5])
        offset = next((o for o in same if o is not None), None)
    if offset is None:
        offset, zone = _offset_by_gps(best, utc), Zone.FROM_GPS
    if offset is None:
        zone = Zone.UNKNOWN
    return DateTaken(_written(best, offset), zone, best.place, best.source)


def _checked(
    groups: tuple[str | None, ...],
    fraction: str,
    offset: int | None,
    place: str,
    source: str,
) -> FoundDate | None:
    parts = tuple(int(group) for group in groups if group is not None)
    year, month, day, *clock = (*parts, 1, 1)[: max(3, len(parts))]
    if clock[2:]:
        clock[2] = min(clock[2], 59)  # a leap second is no time that Python knows
    try:
        datetime(year, month, day, *clock)  # type: ignore[arg-type] # noqa: DTZ001
    except ValueError:
        return None  # such as 0000:00:00, which cameras without a clock write
    return FoundDate(parts, fraction, offset, place, source)


def _offset_by_gps(date: FoundDate, utc: datetime | None) -> int | None:
    if utc is None or len(date.parts) < 6:  # noqa: PLR2004 - down to the second
        return None
    seconds = (_local(date) - utc) / timedelta(seconds=1)
    minutes = round(seconds / 60 / _QUARTER_MIN) * _QUARTER_MIN
    close = abs(seconds - minutes * 60) <= _GPS_SLACK_S
    return minutes if close and abs(minutes) <= _MAX_OFFSET_MIN else None


def _local(date: FoundDate) -> datetime:
    year, month, day, hour, minute, second = date.parts
    return datetime(year, month, day, hour, minute, min(second, 59))  # noqa: DTZ001


def _written(date: FoundDate, offset: int | None) -> str:
    year, *rest = date.parts
    text = "-".join([f"{year:04}", *(f"{part:02}" for part in rest[:2])])
    clock = rest[2:]
    if not clock:
        return text
    text += "T" + ":".join(f"{part:02}" for part in clock)
    if date.fraction:
        text += f".{date.fraction}"
    if offset is None:
        return text
    sign, minutes = "-" if offset < 0 else "+", abs(offset)
    return f"{text}{sign}{minutes // 60:02}:{minutes % 60:02}"
