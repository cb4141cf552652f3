"""Read the people in a photo: face regions of three standards, and bare names."""

from collections.abc import Iterable, Iterator
from typing import Final

from .model import Area, Person
from .namespaces import (
    AREA,
    IPTC_EXT,
    MICROSOFT_PEOPLE,
    MICROSOFT_REGION,
    MICROSOFT_REGION_INFO,
    MWG_REGIONS,
    Name,
)
from .xmp import XmpData
from .xmp_values import XmpValue

_MAX_PEOPLE: Final = 500
_MWG: Final = (MWG_REGIONS, "Regions")
_MWG_LIST: Final = (MWG_REGIONS, "RegionList")
_MWG_AREA: Final = (MWG_REGIONS, "Area")
_MWG_NAME: Final = (MWG_REGIONS, "Name")
_MWG_TYPE: Final = (MWG_REGIONS, "Type")
_MICROSOFT: Final = (MICROSOFT_PEOPLE, "RegionInfo")
_MICROSOFT_LIST: Final = (MICROSOFT_REGION_INFO, "Regions")
_MICROSOFT_NAME: Final = (MICROSOFT_REGION, "PersonDisplayName")
_MICROSOFT_AREA: Final = (MICROSOFT_REGION, "Rectangle")
_IPTC_NAMES: Final = (IPTC_EXT, "PersonInImage")
_FACES: Final = frozenset({"face", ""})


def people(packets: list[XmpData]) -> tuple[Person, ...]:
    """Return who is named, each name once, those with a face first.

    digiKam writes the regions of both standards, so one face often stands twice.
    """
    return distinct(
        person
        for reader in (_mwg, _microsoft, _bare_names)
        for packet in packets
        for person in reader(packet)
    )


def distinct(people_found: Iterable[Person]) -> tuple[Person, ...]:
    """Return people, each name once; the first counts."""
    found: dict[str, Person] = {}
    for person in people_found:
        if len(found) < _MAX_PEOPLE:
            found.setdefault(person.name, person)
    return tuple(found.values())


def _mwg(xmp: XmpData) -> Iterator[Person]:
    for region in _regions(xmp, _MWG, _MWG_LIST):
        if _text(region, _MWG_TYPE).lower() in _FACES:
            area = _mwg_area(region.fields.get(_MWG_AREA))
            yield from _named(_text(region, _MWG_NAME), area, "mwg-rs:Regions")


def _microsoft(xmp: XmpData) -> Iterator[Person]:
    for region in _regions(xmp, _MICROSOFT, _MICROSOFT_LIST):
        area = _microsoft_area(_text(region, _MICROSOFT_AREA))
        yield from _named(_text(region, _MICROSOFT_NAME), area, "MP:RegionInfo")


def _bare_names(xmp: XmpData) -> Iterator[Person]:
    for name in xmp.words(_IPTC_NAMES):
        yield from _named(name, None, "Iptc4xmpExt:PersonInImage")


def _regions(xmp: XmpData, outer: Name, inner: Name) -> Iterator[XmpValue]:
    for value in xmp.all(outer):
        listed = value.fields.get(inner)
        if listed is not None:
            yield from listed.items


def _named(name: str, area: Area | None, place: str) -> Iterator[Person]:
    if name:
        yield Person(name, area, place)


def _text(value: XmpValue, name: Name) -> str:
    found = value.fields.get(name)
    return found.text.strip() if found is not None else ""


def _mwg_area(value: XmpValue | None) -> Area | None:
    if value is None or _text(value, (AREA, "unit")) not in {"normalized", ""}:
        return None
    return _area([_text(value, (AREA, key)) for key in ("x", "y", "w", "h")])


def _microsoft_area(text: str) -> Area | None:
    area = _area(text.split(","))
    if area is None:
        return None
    # Microsoft names the upper left corner where the others name the centre
    return Area(
        round(area.x + area.width / 2, 6),
        round(area.y + area.height / 2, 6),
        area.width,
        area.height,
    )


def _area(texts: list[str]) -> Area | None:
    try:
        x, y, width, height = (round(float(text), 6) for text in texts)
    except (ValueError, OverflowError):
        return None
    inside = all(0 <= number <= 1 for number in (x, y, width, height))
    return Area(x, y, width, height) if inside else None
