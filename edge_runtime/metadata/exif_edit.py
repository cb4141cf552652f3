"""Add an image description to an EXIF block without moving anything that is in it.

Camera makers' notes point to places in the block, so nothing may move: a second first
directory is appended, with the description in it, and the header points there. Taking
it out again is cutting the block off where it ended before.
"""

import struct
from typing import Final

from .exif import DESCRIPTION
from .photo_file import MemoryBytes
from .provenance import text_hash
from .tiff_tags import (
    ASCII,
    Directory,
    Layout,
    decode_text,
    read_directory,
    read_layout,
)

_HEADER_BYTES: Final = 8
_ENTRY_BYTES: Final = 12
_INLINE_BYTES: Final = 4
_CLASSIC: Final = 42
_X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT = 0x011A, 0x011B, 0x0128
_YCBCR_POSITIONING: Final = 0x0213
_SHORT, _RATIONAL = 3, 5
_NEW: Final = frozenset(
    {DESCRIPTION, _X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT, _YCBCR_POSITIONING}
)
"""What a block of ours holds."""


def new_block(text: str, density: tuple[int, int, int] | None) -> bytes:
    """Return an EXIF block that holds a description.

    `density` is what the file says of its resolution: across, down, and EXIF's unit.
    A JPEG's EXIF must repeat it.
    """
    layout = Layout("<", is_big=False, first=_HEADER_BYTES, magic=_CLASSIC)
    header = b"II*\0" + struct.pack("<I", _HEADER_BYTES)
    value = text.encode() + b"\0"
    if density is None:
        return header + _table(layout, [], value, _HEADER_BYTES, 0)
    across, down, unit = density
    place = _HEADER_BYTES + 2 + 5 * _ENTRY_BYTES + 4 + len(_outside(value))
    entries = [
        struct.pack("<HHII", _X_RESOLUTION, _RATIONAL, 1, place),
        struct.pack("<HHII", _Y_RESOLUTION, _RATIONAL, 1, place + 8),
        struct.pack("<HHIHH", _RESOLUTION_UNIT, _SHORT, 1, unit, 0),
        struct.pack("<HHIHH", _YCBCR_POSITIONING, _SHORT, 1, 1, 0),
    ]
    table = _table(layout, entries, value, _HEADER_BYTES, 0)
    return header + table + struct.pack("<IIII", across, 1, down, 1)


def with_description(block: bytes, text: str) -> tuple[bytes, str] | None:
    """Return a block with a description, and what undoes it; None if it can't be.

    The block's own description must be blank or missing.
    """
    value = text.encode() + b"\0"
    read = _first_table(block)
    if read is None:
        return None
    layout, entries, following = read
    kept = [entry for entry in entries if _tag(layout, entry) != DESCRIPTION]
    at = len(block) + len(block) % 2
    table = _table(layout, kept, value, at, following)
    head = block[:4] + struct.pack(layout.order + "I", at)
    padding = b"\0" * (at - len(block))
    undo = f"{len(block)} {layout.first}"
    return head + block[_HEADER_BYTES:] + padding + table, undo


def without_description(
    block: bytes, hashes: frozenset[str], undo: str, *, was_created: bool
) -> bytes | None:
    """Return a block without our description; None if nothing else is in it.

    A block whose description is not one of ours comes back as it is.
    """
    read = _first_table(block)
    if read is None:
        return block
    layout, entries, following = read
    directory = read_directory(MemoryBytes(block), layout, layout.first)
    raw = directory.raw(DESCRIPTION).partition(b"\0")[0]
    if not raw or text_hash(decode_text(raw)) not in hashes:
        return block
    if was_created and not following and {_tag(layout, e) for e in entries} <= _NEW:
        return None
    before = _before(block, undo, entries, following)
    return _without_entry(block, layout, directory) if before is None else before


def _before(
    block: bytes, undo: str, entries: list[bytes], following: int
) -> bytes | None:
    """Return the block cut off where it ended, if nobody changed our directory."""
    length, _, first = undo.partition(" ")
    if not (length.isascii() and length.isdigit() and first.isascii()):
        return None
    if not first.isdigit() or not _HEADER_BYTES <= int(length) < len(block):
        return None
    order = "<" if block[:2] == b"II" else ">"
    old = block[: int(length)]
    if int(first) >= 2**32:
        return None
    old = old[:4] + struct.pack(order + "I", int(first)) + old[_HEADER_BYTES:]
    read = _first_table(old)
    if read is None:
        return None
    layout, old_entries, old_following = read
    others = [e for e in entries if _tag(layout, e) != DESCRIPTION]
    old_others = [e for e in old_entries if _tag(layout, e) != DESCRIPTION]
    return old if (others, following) == (old_others, old_following) else None


def _without_entry(block: bytes, layout: Layout, directory: Directory) -> bytes:
    """Return the block with the entry taken out of its place and its text blanked."""
    entry = directory.entries[DESCRIPTION]
    data = bytearray(block)
    data[entry.offset : entry.offset + entry.size] = b"\0" * entry.size
    (count,) = struct.unpack_from(layout.order + "H", block, layout.first)
    begin = layout.first + 2
    end = begin + count * _ENTRY_BYTES
    place = next(
        at
        for at in range(begin, end, _ENTRY_BYTES)
        if _tag(layout, block[at : at + 2]) == DESCRIPTION
    )
    moved = bytes(data[place + _ENTRY_BYTES : end + 4])
    data[place : end + 4] = moved + b"\0" * _ENTRY_BYTES
    struct.pack_into(layout.order + "H", data, layout.first, count - 1)
    return bytes(data)


def _first_table(block: bytes) -> tuple[Layout, list[bytes], int] | None:
    """Return the raw entries of the first directory and where the second one is."""
    layout = read_layout(MemoryBytes(block))
    if layout is None or layout.magic != _CLASSIC:
        return None
    try:
        (count,) = struct.unpack_from(layout.order + "H", block, layout.first)
        end = layout.first + 2 + count * _ENTRY_BYTES
        (following,) = struct.unpack_from(layout.order + "I", block, end)
    except struct.error:
        return None
    if layout.first < _HEADER_BYTES:
        return None
    begin = layout.first + 2
    entries = [block[at : at + _ENTRY_BYTES] for at in range(begin, end, _ENTRY_BYTES)]
    return layout, entries, following


def _table(
    layout: Layout, entries: list[bytes], value: bytes, at: int, following: int
) -> bytes:
    """Return a directory that stands at an offset, with the description in it."""
    count = len(entries) + 1
    end = at + 2 + count * _ENTRY_BYTES + 4
    inline = len(value) <= _INLINE_BYTES
    place = value.ljust(4, b"\0") if inline else struct.pack(layout.order + "I", end)
    own = struct.pack(layout.order + "HHI", DESCRIPTION, ASCII, len(value)) + place
    # directories should be sorted; where one is not, its order is not ours to change
    place_in = next(
        (i for i, e in enumerate(entries) if _tag(layout, e) > DESCRIPTION), count - 1
    )
    table = b"".join([*entries[:place_in], own, *entries[place_in:]])
    head = struct.pack(layout.order + "H", count)
    link = struct.pack(layout.order + "I", following)
    return head + table + link + _outside(value)


def _outside(value: bytes) -> bytes:
    """Return what of a value stands behind its directory, of even length."""
    return b"" if len(value) <= _INLINE_BYTES else value + b"\0" * (len(value) % 2)


def _tag(layout: Layout, entry: bytes) -> int:
    (tag,) = struct.unpack_from(layout.order + "H", entry)
    return int(tag)
