"""Say what a file is that is no photo, so that its owner knows what to do."""

from ..errors import PhotoFormatError
from .model import SUPPORTED_FORMATS

HEAD_BYTES = 512

_KINDS = (
    (0, b"%PDF", "is a PDF"),
    (0, b"\xff\x0a", "is a JPEG XL picture"),
    (0, b"\x00\x00\x00\x0cJXL ", "is a JPEG XL picture"),
    (0, b"\x00\x00\x00\x0cjP  ", "is a JPEG 2000 picture"),
    (0, b"\xff\x4f\xff\x51", "is a JPEG 2000 picture"),
    (0, b"8BPS", "is a Photoshop file"),
    (0, b"gimp xcf", "is a GIMP file"),
    (0, b"\x00\x00\x01\x00", "is an icon file"),
    (0, b"qoif", "is a QOI picture"),
    (0, b"\x1aE\xdf\xa3", "is a video"),
    (0, b"\x00\x00\x01\xba", "is a video"),
    (0, b"\x00\x00\x01\xb3", "is a video"),
    (0, b"FLV\x01", "is a video"),
    (0, b"OggS", "is a sound or video file"),
    (8, b"AVI ", "is a video"),
    (8, b"WAVE", "is a sound file"),
    (4, b"moov", "is a video"),
    (4, b"mdat", "is a video"),
    (4, b"wide", "is a video"),
    (0, b"ID3", "is a sound file"),
    (0, b"fLaC", "is a sound file"),
    (0, b"PK\x03\x04", "is a ZIP archive or an office document"),
    (0, b"\x1f\x8b", "is a compressed archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "is a compressed archive"),
    (0, b"Rar!", "is a compressed archive"),
    (0, b"\x7fELF", "is a program"),
    (0, b"MZ", "is a program"),
    (0, b"SQLite format 3", "is a database"),
)
_CIFF = b"HEAPCCDR"
_RAW_KINDS = (
    (b"FUJIFILMCCD-RAW", "Fujifilm RAF"),
    (b"FOVb", "Sigma X3F"),
    (b"IIU\x00", "Panasonic RW2"),
    (b"IIRO", "Olympus ORF"),
    (b"IIRS", "Olympus ORF"),
    (b"MMOR", "Olympus ORF"),
    (b"\x00MRM", "Minolta MRW"),
    (_CIFF, "Canon CRW"),
)
_MARKUP = (
    (b"<svg", "is an SVG drawing"),
    (b"<!doctype html", "is a web page"),
    (b"<html", "is a web page"),
)
_TEXT_CONTROLS = frozenset(b"\t\n\r\x0c\x1b")
_FIRST_PRINTABLE = 0x20


class RawPhotoFormatError(PhotoFormatError):
    """A camera's RAW photo in which no preview was looked for yet."""


def not_supported(name: str, head: bytes) -> PhotoFormatError:
    """Return the error that says what a file with these first bytes is."""
    for magic, kind in _RAW_KINDS:
        if head.startswith(magic) or (magic == _CIFF and head[6:14] == magic):
            return raw_photo(name, kind)
    return unsupported(name, _describe(head))


def unsupported(name: str, kind: str) -> PhotoFormatError:
    """Return the error for a file of a kind that is said in words."""
    return PhotoFormatError(
        f"{name}: {kind}, not a photo; known are {SUPPORTED_FORMATS}"
    )


def raw_photo(name: str, kind: str) -> PhotoFormatError:
    """Return the error for a camera's RAW photo."""
    return RawPhotoFormatError(
        f"{name}: is a RAW photo ({kind}) without a preview that can be read; name "
        "the JPEG or HEIC that the camera saved beside it, or export one"
    )


def _describe(head: bytes) -> str:
    for offset, magic, kind in _KINDS:
        if head.startswith(magic, offset):
            return kind
    if not any(head):
        return "holds only zeros (a copy that was cut short?)"
    return _describe_text(head) or "is of no kind that is known"


def _describe_text(head: bytes) -> str | None:
    lowered = head.lower()
    for mark, kind in _MARKUP:
        if mark in lowered:
            return kind
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "is text"
    try:
        # the last character may be cut in two by the end of what was read
        head[:-4].decode("utf-8") if len(head) == HEAD_BYTES else head.decode("utf-8")
    except UnicodeDecodeError as err:
        if err.start < len(head) - 8:
            return None
    printable = all(b >= _FIRST_PRINTABLE or b in _TEXT_CONTROLS for b in head)
    return "is text" if printable else None
