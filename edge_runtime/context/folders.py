"""Names of folders and albums that a person gave; what a camera calls them is none."""

from pathlib import PurePath
import re
from typing import Final

from ..facts import Fact, FactKind, FactSource, one_line

_MAX_CHARS: Final = 60
_MAX_WORDS: Final = 8
_MIN_LETTERS: Final = 3
_MACHINE: Final = re.compile(
    r"\d{3}[a-z0-9_]{5}"  # such as 100APPLE and 101_PANA, by the cameras' standard
    r"|(?:img|dsc|pxl|vid|mvi)[-_ ]?\d*"
    r"|[0-9a-f]{8,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|(?:new folder|neuer ordner|untitled|unbenannt)[ ()0-9]*",
    re.IGNORECASE,
)
_DATE: Final = re.compile(
    r"^(?:(?:19|20)\d\d(?:[-_. ]?[01]\d(?:[-_. ]?[0-3]\d)?)?"
    r"|[0-3]?\d\.[01]?\d\.(?:19|20)?\d\d)(?:[-_, ]+|$)"
)
_USUAL: Final = frozenset(
    """
    album albums alben archive archiv backup bilder cache camera camera-roll cameraroll
    data daten dateien dcim desktop documents dokumente download downloads edited
    exported exports export favorites favoriten files foto fotos gallery galerie home
    icloud image images import imported inbox instagram iphone library live media
    medien mnt mobile mobiluploads originals output photo photos photoprism phone
    pictures picture preview previews private public raw recent roll root samples
    scans screenshots screenshot selfies shared sync syncthing telegram temp test tests
    thumbnails tmp
    trash unsorted upload uploads users usr var video videos volume1 whatsapp work
    work-in-progress bundled fixtures
    """.split()  # noqa: SIM905 - read as words
)
_MONTHS: Final = frozenset(
    """
    january february march april may june july august september october november
    december januar februar märz mai juni juli oktober dezember jan feb mar apr jun
    jul aug sep sept oct okt nov dec dez
    """.split()  # noqa: SIM905 - read as words
)
_ORDER: Final = re.compile(
    r"\b(?:ignore|disregard|system|assistant|instruction|prompt|ignoriere|vergiss)",
    re.IGNORECASE,
)
"""No album needs such a word, and a language model might take it for an order."""


def album_of(path: PurePath, root: PurePath | None = None) -> Fact | None:
    """Return the album that a photo's folder is, if its name looks like one.

    Only the folder that holds the photo counts, and never the root itself.
    """
    folder = path.parent
    if root is not None and folder == root:
        return None
    name = album_name(folder.name)
    return Fact(FactKind.ALBUM, name, FactSource.FOLDER) if name else None


def album_name(folder: str) -> str:
    """Return the name that a person gave to a folder, without a date before it."""
    name = one_line(folder).replace("_", " ").strip()
    name = _DATE.sub("", name, count=1).strip(" -,")
    words = re.findall(r"[^\W\d_]+", name.lower())
    if not words or len(name) > _MAX_CHARS or len(name.split()) > _MAX_WORDS:
        return ""
    if _MACHINE.fullmatch(name.replace(" ", "_")) or _MACHINE.fullmatch(name):
        return ""
    if all(word in _USUAL or word in _MONTHS for word in words):
        return ""
    letters = sum(map(len, words))
    unspaced = any(ord(char) > 0x2E7F for char in name)  # noqa: PLR2004 - CJK
    if letters < _MIN_LETTERS and not unspaced:
        return ""
    return "" if _ORDER.search(name) or name.startswith(".") else name
