"""What the camera wrote beside the picture: when, where and with what it was taken."""

from dataclasses import dataclass
from datetime import datetime, timedelta
import importlib
import os
import re
from typing import Any, Final

from PIL import Image

from ..facts import camera_name
from .header import header_of
from .model import PhotoFormat
from .source import PhotoSource, open_source

_PLUGINS: Final = {
    PhotoFormat.JPEG: ("PIL.JpegImagePlugin", "JpegImageFile"),
    PhotoFormat.PNG: ("PIL.PngImagePlugin", "PngImageFile"),
    PhotoFormat.WEBP: ("PIL.WebPImagePlugin", "WebPImageFile"),
    PhotoFormat.AVIF: ("PIL.AvifImagePlugin", "AvifImageFile"),
    PhotoFormat.TIFF: ("PIL.TiffImagePlugin", "TiffImageFile"),
}
_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
_MAKE, _MODEL, _DATE = 0x010F, 0x0110, 0x0132
_DATE_TAKEN, _OFFSET_TAKEN = 0x9003, 0x9011
_LATITUDE, _LONGITUDE = (1, 2), (3, 4)
_ZONE: Final = re.compile(r"([+-])(\d\d):(\d\d)")
_MAX_NAME: Final = 80
_DEGREES: Final = {_LATITUDE: 90.0, _LONGITUDE: 180.0}


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """Facts from EXIF; what is missing or makes no sense is None."""

    taken_at: int | None = None
    """Unix milliseconds; a time without a zone is one of this machine's."""
    camera: str | None = None
    latitude: float | None = None
    longitude: float | None = None


def read_facts(photo: str | os.PathLike[str]) -> PhotoFacts:
    """Return the EXIF facts of a photo; a broken EXIF block is an empty one.

    Raises what `read_header` does.
    """
    with open_source(photo) as source:
        photo_format = header_of(source).format
        try:
            exif = _exif_of(source, photo_format)
            return PhotoFacts() if exif is None else _facts(exif)
        except Exception:  # noqa: BLE001 - Pillow raises whatever it likes here
            return PhotoFacts()


def _exif_of(source: PhotoSource, photo_format: PhotoFormat) -> Image.Exif | None:
    source.stream.seek(0)
    if photo_format is PhotoFormat.HEIC:
        pi_heif: Any = importlib.import_module("pi_heif")
        raw = pi_heif.open_heif(source.stream).info.get("exif")
        exif = Image.Exif()
        exif.load(raw or b"")
        return exif
    if photo_format not in _PLUGINS:
        return None
    module, name = _PLUGINS[photo_format]
    opened: Image.Image = getattr(importlib.import_module(module), name)(source.stream)
    return opened.getexif()


def _facts(exif: Image.Exif) -> PhotoFacts:
    inner, gps = exif.get_ifd(_EXIF_IFD), exif.get_ifd(_GPS_IFD)
    latitude, longitude = _position(gps, _LATITUDE), _position(gps, _LONGITUDE)
    if latitude is None or longitude is None or (latitude, longitude) == (0, 0):
        latitude = longitude = None  # receivers without a fix write zeros
    return PhotoFacts(
        taken_at=_moment(
            inner.get(_DATE_TAKEN) or exif.get(_DATE), inner.get(_OFFSET_TAKEN)
        ),
        camera=_camera(exif.get(_MAKE), exif.get(_MODEL)),
        latitude=latitude,
        longitude=longitude,
    )


def _moment(date: Any, zone: Any) -> int | None:
    try:
        taken = datetime.strptime(_text(date)[:19], "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007
        if found := _ZONE.fullmatch(_text(zone)):
            sign = -1 if found[1] == "-" else 1
            offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
            local = (taken - sign * offset - datetime(1970, 1, 1)).total_seconds()  # noqa: DTZ001
            return round(local * 1000)
        return round(taken.timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        return None


def _camera(make: Any, model: Any) -> str | None:
    make, model = _text(make), _text(model)
    return camera_name(make, model)[:_MAX_NAME] or None


def _position(gps: dict[int, Any], tags: tuple[int, int]) -> float | None:
    try:
        degrees, minutes, seconds = (float(part) for part in gps[tags[1]])
        value = degrees + minutes / 60 + seconds / 3600
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    if not 0 <= value <= _DEGREES[tags]:  # NaN, too
        return None
    return -value if _text(gps.get(tags[0])) in {"S", "W"} else value


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    if not isinstance(value, str):
        return ""
    return "".join(c for c in value if c.isprintable()).strip()
