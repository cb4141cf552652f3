"""Find the pictures inside a HEIC or AVIF: the main one, and its small preview."""

from collections.abc import Iterator
from itertools import islice
import struct

from .boxes import MAX_BOXES, Box, boxes, first_box, read_meta
from .model import Preview
from .source import PhotoSource

_IPMA_HEAD_BYTES = 8
_LARGE_INDEX = 1
_ISPE_BYTES = 12
_FULL_BOX_BYTES = 4
_KIND_BYTES = 4
_MAX_THUMBNAILS = 8


def primary_item(meta: bytes) -> int:
    """Return the number of the main picture."""
    payload = first_box(meta, b"pitm").payload
    return int.from_bytes(payload[_FULL_BOX_BYTES:][: _id_bytes(payload)], "big")


def properties_of(meta: bytes, item: int) -> list[Box]:
    """Return what the file says about one picture: size, turn, crop, depth."""
    iprp = first_box(meta, b"iprp").payload
    shelf = list(boxes(first_box(iprp, b"ipco").payload))
    for box in boxes(iprp):
        if box.kind == b"ipma":
            for owner, indexes in _associations(box.payload):
                if owner == item:
                    return [shelf[i - 1] for i in indexes if 0 < i <= len(shelf)]
    return []


def size_of(properties: list[Box]) -> tuple[int, int] | None:
    """Return width and height as stored, or None if they are not named."""
    payload = next((p.payload for p in properties if p.kind == b"ispe"), b"")
    if len(payload) < _ISPE_BYTES:
        return None
    width, height = struct.unpack_from(">II", payload, _FULL_BOX_BYTES)
    return width, height


def has_readable_items(meta: bytes) -> bool:
    """Return whether kinds and names of all items are text.

    pi_heif 1.4 dies of a segmentation fault over an item whose kind is not.
    """
    iinf = first_box(meta, b"iinf").payload
    for box in boxes(iinf, _FULL_BOX_BYTES + (2 if iinf[:1] == b"\x00" else 4)):
        # before the kind: version, flags, the item's number, its protection
        begin = _FULL_BOX_BYTES + (4 if box.payload[:1] == b"\x03" else 2) + 2
        try:
            box.payload[begin:].decode("utf-8")
        except UnicodeDecodeError:
            return False
    return True


def find_preview(meta: bytes, file_bytes: int) -> Preview | None:
    """Return the largest thumbnail of the main picture."""
    found: list[Preview] = []
    for item, _ in islice(_thumbnails(meta), _MAX_THUMBNAILS):
        size = size_of(properties_of(meta, item))
        if size is not None:
            found.append(Preview(0, file_bytes, *size, item=item))
    return max(found, key=lambda preview: preview.width, default=None)


def promote_preview(source: PhotoSource, preview: Preview) -> bytes:
    """Return the file with its thumbnail as the main picture.

    The decoder opens main pictures only, so two fields of a copy in memory are
    changed: which picture is the main one, and that this one is a thumbnail.
    """
    meta = read_meta(source)
    data = bytearray(source.read_at(0, source.size))
    pitm = first_box(meta.payload, b"pitm")
    size = _id_bytes(pitm.payload)
    place = meta.offset + pitm.offset + _FULL_BOX_BYTES
    data[place : place + size] = preview.item.to_bytes(4, "big")[-size:]
    for item, kind_offset in _thumbnails(meta.payload):
        if item == preview.item:
            place = meta.offset + kind_offset
            data[place : place + _KIND_BYTES] = b"skip"
    return bytes(data)


def _thumbnails(meta: bytes) -> Iterator[tuple[int, int]]:
    """Return number and offset of the reference's kind of each thumbnail."""
    primary = primary_item(meta)
    iref = first_box(meta, b"iref")
    size = 4 if iref.payload[:1] == b"\x01" else 2
    for box in boxes(iref.payload, _FULL_BOX_BYTES):
        # from, how many, to: a thumbnail is of one picture in practice
        item = int.from_bytes(box.payload[:size], "big")
        owner = int.from_bytes(box.payload[size + 2 : 2 * size + 2], "big")
        if box.kind == b"thmb" and owner == primary:
            yield item, iref.offset + box.offset - _KIND_BYTES


def _id_bytes(pitm: bytes) -> int:
    return 4 if pitm[:1] == b"\x01" else 2


def _associations(ipma: bytes) -> Iterator[tuple[int, list[int]]]:
    if len(ipma) < _IPMA_HEAD_BYTES:
        return
    item_size = 4 if ipma[0] >= 1 else 2
    width, mask = (2, 0x7FFF) if ipma[3] & _LARGE_INDEX else (1, 0x7F)
    offset = _IPMA_HEAD_BYTES
    for _ in range(min(int.from_bytes(ipma[4:8], "big"), MAX_BOXES)):
        item = int.from_bytes(ipma[offset : offset + item_size], "big")
        offset += item_size
        if offset >= len(ipma):
            return
        count = ipma[offset]
        table = ipma[offset + 1 : offset + 1 + count * width]
        yield (
            item,
            [
                int.from_bytes(table[at : at + width], "big") & mask
                for at in range(0, len(table), width)
            ],
        )
        offset += 1 + count * width
