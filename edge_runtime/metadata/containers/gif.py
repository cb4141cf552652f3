"""GIF: comments and XMP between the frames. They are only read."""

from collections.abc import Iterator
from typing import Final

from ..photo_file import Readable
from ..tiff_tags import decode_text
from .base import MAX_BLOCK_BYTES, Blocks

SIGNATURES: Final = (b"GIF87a", b"GIF89a")

_EXTENSION, _IMAGE = 0x21, 0x2C
_COMMENT, _APPLICATION = 0xFE, 0xFF
_XMP_MARK: Final = b"XMP DataXMP"
_HAS_TABLE: Final = 0x80
_MAX_BLOCKS: Final = 20_000
_MAX_COMMENT_BYTES: Final = 65_536
_XMP_END: Final = b"\x01\xff\xfe\xfd"
"""XMP stands there as it is; these numbers lead readers of blocks to its end."""


def gif_blocks(source: Readable) -> Blocks:
    """Return the metadata to read."""
    found = Blocks()
    at = 13 + _table_bytes(source.read_at(10, 1))
    for _ in range(_MAX_BLOCKS):
        head = source.read_at(at, 10)
        if head[:1] == bytes((_IMAGE,)) and len(head) == 10:  # noqa: PLR2004
            begin = at + 11 + _table_bytes(head[9:])
            at = _behind(source, begin)
        elif head[:1] == bytes((_EXTENSION,)):
            _add_extension(found, source, at)
            at = _behind(source, at + 2)
        else:
            break
        if at == 0:
            break
    return found


def _add_extension(found: Blocks, source: Readable, at: int) -> None:
    head = source.read_at(at, 3 + len(_XMP_MARK))
    if head[1:2] == bytes((_COMMENT,)):
        data = b"".join(_sub_blocks(source, at + 2))[:_MAX_COMMENT_BYTES]
        found.texts.append(("gif:Comment", decode_text(data)))
    elif head[1:2] == bytes((_APPLICATION,)) and head[3:] == _XMP_MARK:
        data = source.read_at(at + 3 + len(_XMP_MARK), MAX_BLOCK_BYTES)
        found.xmp.append(data.partition(_XMP_END)[0])


def _sub_blocks(source: Readable, at: int) -> Iterator[bytes]:
    for _ in range(_MAX_BLOCKS):
        length = source.read_at(at, 1)
        if length in {b"", b"\0"}:
            return
        yield source.read_at(at + 1, length[0])
        at += 1 + length[0]


def _behind(source: Readable, at: int) -> int:
    """Return the offset behind a chain of blocks; 0 if it does not end."""
    for _ in range(_MAX_BLOCKS):
        length = source.read_at(at, 1)
        if not length:
            return 0
        at += 1 + length[0]
        if length == b"\0":
            return at
    return 0


def _table_bytes(flags: bytes) -> int:
    if not flags or not flags[0] & _HAS_TABLE:
        return 0
    return int(3 * 2 ** ((flags[0] & 7) + 1))
