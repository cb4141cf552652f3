"""Read XMP: captions by language, keywords, rating, dates, position, our own mark."""

from collections.abc import Iterator
from dataclasses import dataclass
import re
from typing import Final

from .dates import FoundDate, iso_date
from .exif import checked_position
from .model import FoundText, Position
from .namespaces import (
    DC,
    DIGIKAM,
    EXIF,
    IPTC_CORE,
    LIGHTROOM,
    MICROSOFT_PHOTO,
    OURS,
    PHOTOSHOP,
    PREFIXES,
    TIFF,
    XMP,
    Name,
)
from .xml_tree import Element
from .xmp_values import DEFAULT_LANGUAGE, Shape, XmpProperty, XmpValue, properties

DESCRIPTION: Final = (DC, "description")
TIFF_DESCRIPTION: Final = (TIFF, "ImageDescription")
ALT_TEXT: Final = (IPTC_CORE, "AltTextAccessibility")
SUBJECT: Final = (DC, "subject")
TAGS_LIST: Final = (DIGIKAM, "TagsList")
WRITTEN: Final = (OURS, "Written")
"""A bag of `field language hash`: every text that we wrote."""
CREATED: Final = (OURS, "Created")
"""The parts of the file that were not there before we wrote."""
BEFORE: Final = (OURS, "Before")
"""A hash of the file outside its picture data, before we wrote."""
EXIF_BEFORE: Final = (OURS, "ExifBefore")
REPLACED: Final = (OURS, "Replaced")
"""A bag of `field base64`: blank properties that ours took the place of."""

_TITLE: Final = (DC, "title")
_HIERARCHICAL: Final = (LIGHTROOM, "hierarchicalSubject")
_USER_COMMENT: Final = (EXIF, "UserComment")
_RATING: Final = (XMP, "Rating")
_RATING_PERCENT: Final = (MICROSOFT_PHOTO, "Rating")
_CREATOR_TOOL: Final = (XMP, "CreatorTool")
_LATITUDE, _LONGITUDE = (EXIF, "GPSLatitude"), (EXIF, "GPSLongitude")
_ALTITUDE, _ALTITUDE_REF = (EXIF, "GPSAltitude"), (EXIF, "GPSAltitudeRef")
_DIRECTION: Final = (EXIF, "GPSImgDirection")
_DATES: Final = (
    ("exif:DateTimeOriginal", (EXIF, "DateTimeOriginal")),
    ("photoshop:DateCreated", (PHOTOSHOP, "DateCreated")),
    ("exif:DateTimeDigitized", (EXIF, "DateTimeDigitized")),
    ("xmp:CreateDate", (XMP, "CreateDate")),
)
_PREFIX_OF: Final = {uri: prefix for prefix, uri in PREFIXES.items()} | {EXIF: "exif"}
_COORDINATE: Final = re.compile(
    r"(\d{1,3}),(\d{1,2}(?:\.\d+)?)(?:,(\d{1,2}(?:\.\d+)?))?\s*([NSEW])", re.IGNORECASE
)
_FRACTION: Final = re.compile(r"(-?\d{1,15}(?:\.\d{1,15})?)(?:/(\d{1,15}))?$")
_LANGUAGE_TAG: Final = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$")
_MAX_STARS: Final = 5
_STARS_OF_PERCENT: Final = ((99, 5), (75, 4), (50, 3), (25, 2), (1, 1))


@dataclass(frozen=True, slots=True)
class XmpData:
    """One parsed packet and where it came from."""

    root: Element
    properties: tuple[XmpProperty, ...]
    source: str

    def all(self, name: Name) -> Iterator[XmpValue]:
        """Yield every value of a property; there should be one and may be more."""
        return (p.value for p in self.properties if p.name == name)

    def first(self, name: Name) -> XmpValue | None:
        """Return the first value of a property."""
        return next(self.all(name), None)

    def text(self, name: Name) -> str:
        """Return the text of a property; empty if it has none."""
        value = self.first(name)
        texts = [] if value is None else value.texts()
        return texts[0] if texts else ""

    def words(self, name: Name) -> list[str]:
        """Return the texts of a list property."""
        return [text for value in self.all(name) for text in value.texts()]


def read_xmp(root: Element, source: str) -> XmpData:
    """Return what a parsed packet says."""
    return XmpData(root, tuple(properties(root)), source)


def captions(xmp: XmpData) -> list[FoundText]:
    """Return the captions, Dublin Core's before TIFF's."""
    return [*_texts(xmp, DESCRIPTION), *_texts(xmp, TIFF_DESCRIPTION)]


def titles(xmp: XmpData) -> list[FoundText]:
    """Return the titles."""
    return _texts(xmp, _TITLE)


def alt_texts(xmp: XmpData) -> list[FoundText]:
    """Return the descriptions for people who can't see the photo."""
    return _texts(xmp, ALT_TEXT)


def comments(xmp: XmpData) -> list[FoundText]:
    """Return the user comments."""
    return _texts(xmp, _USER_COMMENT)


def hierarchical_keywords(xmp: XmpData) -> list[tuple[str, ...]]:
    """Return keywords as paths, digiKam's and Lightroom's."""
    paths = [text.split("/") for text in xmp.words(TAGS_LIST)]
    paths += [text.split("|") for text in xmp.words(_HIERARCHICAL)]
    cleaned = (tuple(p.strip() for p in path if p.strip()) for path in paths)
    return [path for path in cleaned if path]


def rating(xmp: XmpData) -> int | None:
    """Return the stars, also from Windows' percentage."""
    number = _number(xmp.text(_RATING))
    if number is not None and -1 <= number <= _MAX_STARS:
        return round(number)
    percent = _number(xmp.text(_RATING_PERCENT))
    if percent is None:
        return None
    return next((stars for least, stars in _STARS_OF_PERCENT if percent >= least), 0)


def dates(xmp: XmpData) -> list[FoundDate]:
    """Return when the photo was taken, as far as XMP says."""
    found = (iso_date(xmp.text(name), place, xmp.source) for place, name in _DATES)
    return [date for date in found if date is not None]


def position(xmp: XmpData) -> Position | None:
    """Return where the photo was taken."""
    latitude = _coordinate(xmp.text(_LATITUDE))
    longitude = _coordinate(xmp.text(_LONGITUDE))
    if latitude is None or longitude is None:
        return None
    altitude = _number(xmp.text(_ALTITUDE))
    if altitude is not None and xmp.text(_ALTITUDE_REF) == "1":
        altitude = -altitude
    return checked_position(
        latitude, longitude, altitude, _number(xmp.text(_DIRECTION))
    )


def software(xmp: XmpData) -> str:
    """Return the program that made the file."""
    return xmp.text(_CREATOR_TOOL)


def _texts(xmp: XmpData, name: Name) -> list[FoundText]:
    place = f"{_PREFIX_OF[name[0]]}:{name[1]}"
    found = []
    for value in xmp.all(name):
        items = value.items if value.shape is not Shape.SIMPLE else [value]
        for item in items:
            tag = item.language or DEFAULT_LANGUAGE
            language = tag if _LANGUAGE_TAG.match(tag) else DEFAULT_LANGUAGE
            if item.text.strip():
                text = item.text.strip()
                found.append(FoundText(text, language, place, xmp.source))
    return found


def _coordinate(text: str) -> float | None:
    found = _COORDINATE.match(text)
    if found is None:
        return None
    degrees = int(found[1]) + float(found[2]) / 60 + float(found[3] or 0) / 3600
    return -degrees if found[4].upper() in "SW" else degrees


def _number(text: str) -> float | None:
    found = _FRACTION.match(text.strip())
    if found is None or (found[2] and int(found[2]) == 0):
        return None
    return float(found[1]) / int(found[2] or 1)
