"""Read the constants of a frozen TensorFlow graph, without TensorFlow.

A graph is a protocol buffer: nodes (field 1) with a name (1), an operation (2) and
attributes (5), among them the tensor (8) of a constant.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float32]]
Value = int | memoryview
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FLOAT = 1


def _varint(data: memoryview, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        place += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:  # noqa: PLR2004
            return value, place


def _fields(data: memoryview) -> Iterator[tuple[int, Value]]:
    """Yield number and value of each field of a message."""
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        kind = key & 7
        if kind == _VARINT:
            value, place = _varint(data, place)
            yield key >> 3, value
            continue
        size = {_FIXED64: 8, _FIXED32: 4}.get(kind, 0)
        if kind == _BYTES:
            size, place = _varint(data, place)
        yield key >> 3, data[place : place + size]
        place += size


def _parts(data: Value, number: int) -> list[memoryview]:
    """Return the byte fields of a message that have a number."""
    if isinstance(data, int):
        return []
    found = (value for key, value in _fields(data) if key == number)
    return [value for value in found if not isinstance(value, int)]


def _tensor(data: memoryview) -> Array | None:
    fields = dict(_fields(data))
    if fields.get(1) != _FLOAT:
        return None
    sizes = (
        dict(_fields(size)).get(1, 0)
        for message in _parts(data, 2)
        for size in _parts(message, 2)
    )
    shape = tuple(size for size in sizes if isinstance(size, int))
    content = b"".join(bytes(part) for part in _parts(data, 4) or _parts(data, 5))
    values = np.frombuffer(content, "<f4").astype(np.float32)
    if values.size == 1:
        return np.full(shape, values[0])
    return values.reshape(shape)


def read_constants(path: Path) -> dict[str, Array]:
    """Return the float constants of a graph by their names."""
    constants: dict[str, Array] = {}
    for node in _parts(memoryview(path.read_bytes()), 1):
        if [bytes(part) for part in _parts(node, 2)] != [b"Const"]:
            continue
        (name,) = (bytes(part).decode() for part in _parts(node, 1))
        for attribute in _parts(node, 5):
            for tensor in _parts(_parts(attribute, 2)[0], 8):
                if (value := _tensor(tensor)) is not None:
                    constants[name] = value
    return constants
