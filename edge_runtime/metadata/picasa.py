"""Read the people that Picasa names in the `.picasa.ini` of a photo's folder."""

from collections.abc import Iterator
from pathlib import Path
import re
from typing import Final

from .model import Area, Person

_NAMES: Final = (".picasa.ini", "Picasa.ini")
_MAX_BYTES: Final = 4 * 1024 * 1024
_MAX_FACES: Final = 200
_MAX_NAME: Final = 200
_FACE: Final = re.compile(r"rect64\(([0-9a-f]{1,16})\),([0-9a-f]{1,16})", re.IGNORECASE)
_SIDE: Final = 65_535
_UNKNOWN: Final = "ffffffffffffffff"
"""Whom Picasa saw and nobody named."""


def picasa_people(photo: Path) -> tuple[Person, ...]:
    """Return who is named in a photo by Picasa; nobody if there is no such file."""
    for name in _NAMES:
        text = _text_of(photo.with_name(name))
        if text:
            return tuple(_people(text, photo.name))
    return ()


def _text_of(path: Path) -> str:
    try:
        if not path.is_file() or path.stat().st_size > _MAX_BYTES:
            return ""
        return path.read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError):
        return ""


def _people(text: str, photo: str) -> Iterator[Person]:
    contacts = dict(_contacts(text))
    faces = _FACE.findall(_value(text, photo, "faces"))[:_MAX_FACES]
    for corners, contact in faces:
        name = contacts.get(contact.lower().lstrip("0"), "")
        if name and contact.lower() != _UNKNOWN:
            yield Person(name, _area(corners), "picasa:faces")


def _contacts(text: str) -> Iterator[tuple[str, str]]:
    """Yield each person's number and name; the newer list has more behind the name."""
    for section in ("Contacts", "Contacts2"):
        for line in _section(text, section):
            number, _, rest = line.partition("=")
            name = rest.partition(";")[0].strip()[:_MAX_NAME]
            if name.isprintable():
                yield number.strip().lower().lstrip("0"), name


def _value(text: str, section: str, key: str) -> str:
    for line in _section(text, section):
        name, _, value = line.partition("=")
        if name.strip() == key:
            return value
    return ""


def _section(text: str, name: str) -> Iterator[str]:
    inside = False
    for line in text.splitlines():
        if line.startswith("["):
            inside = line.rstrip() == f"[{name}]"
        elif inside:
            yield line


def _area(corners: str) -> Area | None:
    digits = corners.rjust(16, "0")
    left, top, right, bottom = (
        int(digits[place : place + 4], 16) / _SIDE for place in range(0, 16, 4)
    )
    if right <= left or bottom <= top:
        return None
    numbers = ((left + right) / 2, (top + bottom) / 2, right - left, bottom - top)
    return Area(*(round(number, 6) for number in numbers))
