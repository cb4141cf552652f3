"""Add a caption to IPTC's datasets, and take it out again to the byte."""

import hashlib
import struct
from typing import Final

from .iptc import (
    CAPTION,
    CHARSET,
    DIGEST_RESOURCE,
    IPTC_RESOURCE,
    UTF8_MARK,
    Dataset,
    Resource,
    datasets,
    resources,
)
from .provenance import text_hash
from .request import KeptReason

MAX_CAPTION_BYTES: Final = 2000
"""What the standard allows; longer ones are cut off by readers."""

_VERSION: Final = (2, 0)
_TAG_MARK: Final = 0x1C

CREATED_RESOURCES: Final = "resources"
CREATED_IPTC: Final = "iptc"
CREATED_CHARSET: Final = "charset"

Created = frozenset[str]


def with_caption(block: bytes | None, text: str) -> tuple[bytes, Created] | KeptReason:
    """Return Photoshop's resources with a caption, and what had to be created.

    The datasets must hold no caption yet.
    """
    value = text.encode()
    if len(value) > MAX_CAPTION_BYTES:
        return KeptReason.ROOM
    if block is None:
        fresh = _resource(IPTC_RESOURCE, _fresh(value))
        return fresh, frozenset({CREATED_RESOURCES, CREATED_IPTC})
    found = resources(block)
    resource = _iptc_of(found)
    if resource is not None:
        return _added(block, resource, value)
    if not found or any(r.number == DIGEST_RESOURCE for r in found):
        return KeptReason.FORM
    end = found[-1].end
    fresh = _resource(IPTC_RESOURCE, _fresh(value))
    return block[:end] + fresh + block[end:], frozenset({CREATED_IPTC})


def without_caption(
    block: bytes, hashes: frozenset[str], created: Created
) -> bytes | None:
    """Return the resources without our caption; None if nothing else is in them."""
    found = resources(block)
    resource = _iptc_of(found)
    if resource is None:
        return block
    data = block[resource.data_start : resource.data_end]
    there = datasets(data)
    ours = [d for d in there if d.key == CAPTION and _is_ours(d, hashes)]
    if not ours:
        return block
    rest = [d for d in there if d not in ours]
    if CREATED_IPTC in created and all(d.key in {CHARSET, _VERSION} for d in rest):
        left = block[: resource.start] + block[resource.end :]
        return left if left or CREATED_RESOURCES not in created else None
    gone = ours
    is_plain = all(d.value.isascii() for d in rest if d.key != CHARSET)
    if CREATED_CHARSET in created and is_plain:
        gone = [*ours, *(d for d in rest if d.key == CHARSET)]
    new = data
    for dataset in sorted(gone, key=lambda d: -d.start):
        new = new[: dataset.start] + new[dataset.end :]
    return _with_datasets(block, resource, data, new)


def _added(
    block: bytes, resource: Resource, value: bytes
) -> tuple[bytes, Created] | KeptReason:
    """Add a caption to the datasets that are there."""
    data = block[resource.data_start : resource.data_end]
    there = datasets(data)
    if data and not there:
        return KeptReason.FORM
    needs_mark = _needs_mark(there, value)
    if needs_mark is None:
        return KeptReason.ENCODING
    new = _inserted(data, there, CAPTION, value)
    created: Created = frozenset()
    if needs_mark:
        new = _inserted(new, datasets(new), CHARSET, UTF8_MARK)
        created = frozenset({CREATED_CHARSET})
    return _with_datasets(block, resource, data, new), created


def _iptc_of(found: list[Resource]) -> Resource | None:
    return next((r for r in found if r.number == IPTC_RESOURCE), None)


def _is_ours(dataset: Dataset, hashes: frozenset[str]) -> bool:
    try:
        return text_hash(dataset.value.decode()) in hashes
    except UnicodeDecodeError:
        return False


def _needs_mark(there: list[Dataset], value: bytes) -> bool | None:
    """Return whether the UTF-8 mark must be added; None if it would break others."""
    mark = next((d.value for d in there if d.key == CHARSET), None)
    if value.isascii() or mark == UTF8_MARK:
        return False
    others_plain = all(d.value.isascii() for d in there if d.key[0] > 1)
    return True if mark is None and others_plain else None


def _inserted(
    data: bytes, there: list[Dataset], key: tuple[int, int], value: bytes
) -> bytes:
    """Return datasets with one more, behind those of its record and lower ones."""
    ends = [d.end for d in there if d.key[0] <= key[0]]
    at = ends[-1] if ends else 0
    return data[:at] + _dataset(key, value) + data[at:]


def _fresh(value: bytes) -> bytes:
    mark = b"" if value.isascii() else _dataset(CHARSET, UTF8_MARK)
    return mark + _dataset(_VERSION, b"\0\4") + _dataset(CAPTION, value)


def _dataset(key: tuple[int, int], value: bytes) -> bytes:
    return struct.pack(">BBBH", _TAG_MARK, *key, len(value)) + value


def _resource(number: int, data: bytes) -> bytes:
    head = b"8BIM" + struct.pack(">HHI", number, 0, len(data))
    return head + data + b"\0" * (len(data) % 2)


def _with_datasets(block: bytes, resource: Resource, old: bytes, new: bytes) -> bytes:
    """Return the resources with other datasets, and the digest that belongs to them.

    Photoshop keeps an MD5 of the datasets to notice programs that change them but not
    XMP. We change both alike, so a digest that was right is kept right.
    """
    head = block[resource.start : resource.data_start - 4]
    padding = b"\0" * (len(new) % 2)
    changed = head + struct.pack(">I", len(new)) + new + padding
    result = block[: resource.start] + changed + block[resource.end :]
    before, after = (_md5(data) for data in (old, new))
    for other in resources(result):
        if other.number == DIGEST_RESOURCE:
            start, end = other.data_start, other.data_end
            if result[start:end] == before:
                return result[:start] + after + result[end:]
    return result


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()
