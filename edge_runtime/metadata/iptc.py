"""Read IPTC-IIM: the datasets inside Photoshop's resources in a JPEG or TIFF."""

from collections.abc import Iterator
from dataclasses import dataclass
import struct
from typing import Final

from .tiff_tags import decode_text

PHOTOSHOP_MARK: Final = b"Photoshop 3.0\0"
IPTC_RESOURCE: Final = 0x0404
DIGEST_RESOURCE: Final = 0x0425
UTF8_MARK: Final = b"\x1b%G"

CHARSET: Final = (1, 90)
TITLE: Final = (2, 5)
KEYWORD: Final = (2, 25)
DATE_CREATED: Final = (2, 55)
TIME_CREATED: Final = (2, 60)
PROGRAM: Final = (2, 65)
CAPTION: Final = (2, 120)

_SIGNATURES: Final = frozenset({b"8BIM", b"PHUT", b"DCSR", b"AgHg", b"MeSa"})
_TAG_MARK: Final = 0x1C
_LONG_LENGTH: Final = 0x8000
_MAX_PARTS: Final = 10_000
_LATIN_MARKS: Final = {
    b"\x1b.A": "latin-1",
    b"\x1b-A": "latin-1",
    b"\x1b%/I": "utf-8",
    b"\x1b.B": "iso8859-2",
    b"\x1b-B": "iso8859-2",
    b"\x1b.b": "iso8859-15",
}


@dataclass(frozen=True, slots=True)
class Resource:
    """One of Photoshop's resources and its place in the block."""

    number: int
    start: int
    data_start: int
    data_end: int
    end: int
    """Behind the data and the byte that makes its length even."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """One IPTC value and its place in the datasets."""

    key: tuple[int, int]
    start: int
    end: int
    value: bytes


def resources(block: bytes) -> list[Resource]:
    """Return the resources of a block, up to the first that is broken."""
    return list(_resources(block))


def _resources(block: bytes) -> Iterator[Resource]:
    at = 0
    for _ in range(_MAX_PARTS):
        # signature, number, name with its length, size of the data
        if block[at : at + 4] not in _SIGNATURES or at + 12 > len(block):
            return
        (number,) = struct.unpack_from(">H", block, at + 4)
        named = at + 6 + 1 + block[at + 6]
        sized = named + (named - at) % 2
        if sized + 4 > len(block):
            return
        (length,) = struct.unpack_from(">I", block, sized)
        begin, end = sized + 4, sized + 4 + length
        if end > len(block):
            return
        yield Resource(number, at, begin, end, min(end + length % 2, len(block)))
        at = end + length % 2


def datasets(data: bytes) -> list[Dataset]:
    """Return the datasets, up to the first that is broken."""
    return list(_datasets(data))


def _datasets(data: bytes) -> Iterator[Dataset]:
    at = 0
    for _ in range(_MAX_PARTS):
        if at + 5 > len(data) or data[at] != _TAG_MARK:
            return
        record, number, length = struct.unpack_from(">BBH", data, at + 1)
        begin = at + 5
        if length & _LONG_LENGTH:
            width = length & ~_LONG_LENGTH
            length = int.from_bytes(data[begin : begin + width], "big")
            begin += width
        if begin + length > len(data):
            return
        end = begin + length
        yield Dataset((record, number), at, end, data[begin:end])
        at = end


def texts_of(found: list[Dataset], key: tuple[int, int]) -> list[str]:
    """Return the texts of a dataset in the encoding that the block names."""
    mark = next((d.value for d in found if d.key == CHARSET), b"")
    encoding = "utf-8" if mark == UTF8_MARK else _LATIN_MARKS.get(mark)
    texts = (_decode(d.value, encoding) for d in found if d.key == key)
    return [text for text in texts if text]


def _decode(value: bytes, encoding: str | None) -> str:
    value = value.rstrip(b"\0")
    if encoding is None:
        return decode_text(value)
    try:
        return value.decode(encoding).strip()
    except UnicodeDecodeError:
        return decode_text(value)
