"""Read EXIF: texts, dates, camera, position, orientation."""

from dataclasses import dataclass
from datetime import datetime, timedelta
import re
from typing import Final

from .dates import FoundDate, exif_date
from .model import EMBEDDED, Camera, FoundText, Position
from .photo_file import Readable
from .tiff_tags import Directory, Layout, decode_text, read_directory, read_layout
from .xmp_values import DEFAULT_LANGUAGE

DESCRIPTION: Final = 0x010E
XMP_PACKET: Final = 0x02BC
IPTC_BLOCK: Final = 0x83BB
PHOTOSHOP_BLOCK: Final = 0x8649
RATING: Final = 0x4746

_MAKE, _MODEL, _ORIENTATION, _SOFTWARE = 0x010F, 0x0110, 0x0112, 0x0131
_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
_XP_TITLE, _XP_COMMENT, _XP_KEYWORDS = 0x9C9B, 0x9C9C, 0x9C9E
_USER_COMMENT, _LENS_MODEL = 0x9286, 0xA434
_DATES: Final = (
    # date, offset, digits behind the second
    ("exif:DateTimeOriginal", 0x9003, 0x9011, 0x9291),
    ("exif:DateTimeDigitized", 0x9004, 0x9012, 0x9292),
)
_GPS_LATITUDE, _GPS_LONGITUDE, _GPS_ALTITUDE = 2, 4, 6
_GPS_TIME, _GPS_DIRECTION, _GPS_DATE = 7, 17, 29
_BELOW_SEA: Final = frozenset({1, 3})
_LAST_ORIENTATION: Final = 8
_CODE_BYTES: Final = 8
_MAX_TEXT_BYTES: Final = 65_536
_MAX_MARK: Final = 100

_CAMERA_MARKS: Final = re.compile(
    r"(olympus|minolta|konica minolta|kodak|sony|samsung|nikon|canon|casio|"
    r"pentax|polaroid|digital|rollei|maginon|medion)?\s*"
    r"(digital still camera|digital camera|dsc|camera|imaging)?[\s.]*|"
    r"dcim[\\/].*|<(kenox|digimax).*>|exif_jpeg_picture|ycbcr.*|"
    r"my beautiful picture|applemark|"
    r"default|untitled|screenshot|(cof|sdr|hdr|ptr|mde|nor|oznor|dav|edf|vtr|"
    r"binary|rbt|dji|_cuva|h?dr)(_.*)?|lead technologies.*|file written by adobe.*|"
    r"created with gimp.*|creator: gd-jpeg.*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ExifData:
    """The directories of one EXIF block."""

    layout: Layout
    main: Directory
    photo: Directory
    gps: Directory


def read_exif(source: Readable) -> ExifData | None:
    """Return the directories of the TIFF structure in a source, if it is one."""
    layout = read_layout(source)
    if layout is None:
        return None
    main = read_directory(source, layout, layout.first)
    photo = read_directory(source, layout, main.whole(_EXIF_IFD) or 0)
    gps = read_directory(source, layout, main.whole(_GPS_IFD) or 0)
    return ExifData(layout, main, photo, gps)


def captions(exif: ExifData) -> list[FoundText]:
    """Return the captions: the description and Windows' comment."""
    found = [
        ("exif:ImageDescription", description(exif)),
        ("exif:XPComment", _windows_text(exif.main, _XP_COMMENT)),
    ]
    return [_found(text, place) for place, text in found if not is_camera_mark(text)]


def titles(exif: ExifData) -> list[FoundText]:
    """Return Windows' title."""
    text = _windows_text(exif.main, _XP_TITLE)
    return [_found(text, "exif:XPTitle")] if text else []


def comments(exif: ExifData) -> list[FoundText]:
    """Return the user comment, where that is text."""
    text = _user_comment(exif)
    return [_found(text, "exif:UserComment")] if text else []


def keywords(exif: ExifData) -> list[str]:
    """Return Windows' keywords."""
    words = _windows_text(exif.main, _XP_KEYWORDS).split(";")
    return [word.strip() for word in words if word.strip()]


def description(exif: ExifData) -> str:
    """Return the description, whoever wrote it; empty if it is blank."""
    return exif.main.text(DESCRIPTION)


def is_camera_mark(text: str) -> bool:
    """Return whether a description is blank or what cameras put there themselves."""
    bare = text.strip()
    return len(bare) <= _MAX_MARK and _CAMERA_MARKS.fullmatch(bare) is not None


def dates(exif: ExifData) -> list[FoundDate]:
    """Return when the photo was taken and digitised."""
    found = []
    for place, tag, offset_tag, fraction_tag in _DATES:
        fraction, offset = exif.photo.text(fraction_tag), exif.photo.text(offset_tag)
        text = exif.photo.text(tag)
        found.append(exif_date(text, fraction, offset, place, EMBEDDED))
    return [date for date in found if date is not None]


def utc_by_gps(exif: ExifData) -> datetime | None:
    """Return the satellites' time, without a zone because it always is UTC."""
    clock = exif.gps.numbers(_GPS_TIME)
    day = re.match(r"(\d{4})[:\-](\d\d)[:\-](\d\d)", exif.gps.text(_GPS_DATE))
    if len(clock) != 3 or day is None:  # noqa: PLR2004 - hour, minute, second
        return None
    try:
        start = datetime(*(int(part) for part in day.groups()))  # type: ignore[arg-type]  # noqa: DTZ001
        return start + timedelta(hours=clock[0], minutes=clock[1], seconds=clock[2])
    except (ValueError, OverflowError):
        return None


def camera(exif: ExifData) -> Camera | None:
    """Return what took the photo."""
    made = Camera(
        exif.main.text(_MAKE), exif.main.text(_MODEL), exif.photo.text(_LENS_MODEL)
    )
    return made if made != Camera() else None


def software(exif: ExifData) -> str:
    """Return the program that wrote the photo last."""
    return exif.main.text(_SOFTWARE)


def orientation(exif: ExifData) -> int:
    """Return a valid orientation; anything else means 'as stored'."""
    value = exif.main.whole(_ORIENTATION) or 1
    return value if 1 <= value <= _LAST_ORIENTATION else 1


def position(exif: ExifData) -> Position | None:
    """Return where the photo was taken; receivers without a fix write zeros."""
    latitude = _degrees(exif.gps, _GPS_LATITUDE, "S")
    longitude = _degrees(exif.gps, _GPS_LONGITUDE, "W")
    if latitude is None or longitude is None:
        return None
    altitude = next(iter(exif.gps.numbers(_GPS_ALTITUDE)), None)
    if altitude is not None and exif.gps.whole(_GPS_ALTITUDE - 1) in _BELOW_SEA:
        altitude = -altitude
    direction = next(iter(exif.gps.numbers(_GPS_DIRECTION)), None)
    return checked_position(latitude, longitude, altitude, direction)


def checked_position(
    latitude: float,
    longitude: float,
    altitude_m: float | None = None,
    direction_deg: float | None = None,
) -> Position | None:
    """Return a position that can be one, else None."""
    if (latitude, longitude) == (0, 0):
        return None
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):  # noqa: PLR2004
        return None
    return Position(
        round(latitude, 7),
        round(longitude, 7),
        None if altitude_m is None else round(altitude_m, 2),
        None if direction_deg is None else round(direction_deg % 360, 2),
    )


def _degrees(gps: Directory, tag: int, negative: str) -> float | None:
    parts = gps.numbers(tag)
    reference = gps.text(tag - 1).upper()[:1]
    if not parts or not reference:
        return None
    degrees, minutes, seconds = (*parts, 0.0, 0.0)[:3]
    value = degrees + minutes / 60 + seconds / 3600
    return -value if reference == negative else value


def _found(text: str, place: str) -> FoundText:
    return FoundText(text, DEFAULT_LANGUAGE, place, EMBEDDED)


def _windows_text(directory: Directory, tag: int) -> str:
    data = directory.raw(tag)[:_MAX_TEXT_BYTES]
    return _utf16(data, "<")


def _user_comment(exif: ExifData) -> str:
    data = exif.photo.raw(_USER_COMMENT)[:_MAX_TEXT_BYTES]
    code, text = data[:_CODE_BYTES], data[_CODE_BYTES:]
    match code.rstrip(b"\0 "):
        case b"UNICODE":
            return _utf16(text, exif.layout.order)
        case b"JIS":
            return text.decode("iso2022_jp", "replace").strip("\0 ")
        case b"ASCII" | b"":
            return _printable_text(text)
        case _:  # the mark is forgotten by some programs
            return _printable_text(data)


def _printable_text(data: bytes) -> str:
    text = decode_text(data.partition(b"\0")[0])
    return text if all(c.isprintable() or c in "\r\n\t" for c in text) else ""


def _utf16(data: bytes, order: str) -> str:
    """Return UTF-16 text up to the first NUL, in the order that its bytes show."""
    encoding = "utf-16-le" if order == "<" else "utf-16-be"
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        encoding = "utf-16-le" if data[:1] == b"\xff" else "utf-16-be"
        data = data[2:]
    elif data[:1] == b"\0" and data[1:2] != b"\0":
        encoding = "utf-16-be"
    elif data[1:2] == b"\0" and data[:1] != b"\0":
        encoding = "utf-16-le"
    text = data[: len(data) // 2 * 2].decode(encoding, "replace")
    return text.partition("\0")[0].strip()
