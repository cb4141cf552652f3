"""Weights that stay in their file: a graph that says where onnxruntime maps them.

onnxruntime copies the weights that stand inside a graph twice before it packs them for
its kernels. Weights in a file of their own it maps instead, page by page and without a
copy. So the graph is handed over without them, and the model file itself is named as
the file that holds them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
import os
from pathlib import Path
from typing import Final, NamedTuple

FOLDER: Final = "session.model_external_initializers_file_folder_path"
"""The setting of a session that names the folder of such files."""

_WORTH_MAPPING: Final = 32 * 1024
_MOST: Final = 0.75
"""The share of a graph that its large weights must have: what stays is copied."""
# Numbers of fields in the format's `onnx.proto`
_GRAPH: Final = 7
_INITIALIZER: Final = 5
_DATA_TYPE: Final = 2
_RAW_DATA: Final = 9
_EXTERNAL_DATA: Final = 13
_DATA_LOCATION: Final = 14
_SIZES: Final = {1: 4, 2: 1, 3: 1, 10: 2, 16: 2}
"""Bytes of a number by its `data_type`: float, uint8, int8, float16, bfloat16."""
# Kinds of fields in protobuf
_NUMBER, _EIGHT_BYTES, _COUNTED, _FOUR_BYTES = 0, 1, 2, 5
_HEAD_BYTES: Final = 20
"""The most that a field's key and a number behind it take."""


@dataclass(frozen=True, slots=True)
class MappedGraph:
    """A graph without its large weights."""

    graph: bytes
    folder: str
    """Where the file is that has them."""


def without_weights(path: str) -> MappedGraph | None:
    """Return a file's graph with references to its weights; None if that can't be."""
    real = Path(path).resolve()  # onnxruntime refuses what lies behind a link
    try:
        with real.open("rb", buffering=0) as file:
            descriptor = file.fileno()
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_WILLNEED)
            graph = _Model(descriptor, os.fsencode(real.name)).rewritten()
    except (OSError, IndexError, ValueError):  # onnxruntime says what is wrong with it
        return None
    return None if graph is None else MappedGraph(graph, str(real.parent))


class _Field(NamedTuple):
    number: int
    value: int
    """Of a plain number."""
    start: int
    begin: int
    """Where its contents begin, behind key and length."""
    end: int


class _Model:
    """A model file, of which the heads of fields are read and what is kept."""

    def __init__(self, descriptor: int, name: bytes) -> None:
        self._descriptor = descriptor
        self._name = name

    def rewritten(self) -> bytes | None:
        """Return the model with references in place of its large weights."""
        parts = []
        for field in self._fields(0, os.fstat(self._descriptor).st_size):
            if field.number == _GRAPH:
                graph = self._graph(field)
                if graph is None:
                    return None
                parts.append(_counted(_GRAPH, graph))
            else:
                parts.append(self._read(field.start, field.end))
        return b"".join(parts)

    def _graph(self, graph: _Field) -> bytes | None:
        found = [
            (field, reference)
            for field in self._fields(graph.begin, graph.end)
            if field.number == _INITIALIZER
            and field.end - field.begin >= _WORTH_MAPPING
            and (reference := self._reference(field)) is not None
        ]
        mapped = sum(field.end - field.start for field, _ in found)
        if mapped < _MOST * (graph.end - graph.begin):
            return None
        parts, kept = [], graph.begin
        for field, reference in found:
            parts += [self._read(kept, field.start), _counted(_INITIALIZER, reference)]
            kept = field.end
        return b"".join([*parts, self._read(kept, graph.end)])

    def _reference(self, tensor: _Field) -> bytes | None:
        """Return a tensor that names the place of its numbers in the file."""
        parts, size, raw = [], 0, None
        for field in self._fields(tensor.begin, tensor.end):
            if field.number == _EXTERNAL_DATA:
                return None
            if field.number == _RAW_DATA:
                raw = field
                continue
            if field.number == _DATA_TYPE:
                size = _SIZES.get(field.value, 0)
            parts.append(self._read(field.start, field.end))
        # kernels take it for granted that a number lies at a multiple of its size
        if raw is None or size == 0 or raw.begin % size:
            return None
        place = {
            b"location": self._name,
            b"offset": b"%d" % raw.begin,
            b"length": b"%d" % (raw.end - raw.begin),
        }
        for key, value in place.items():
            entry = _counted(1, key) + _counted(2, value)
            parts.append(_counted(_EXTERNAL_DATA, entry))
        return b"".join([*parts, bytes((_DATA_LOCATION << 3 | _NUMBER, 1))])

    def _fields(self, at: int, end: int) -> Iterator[_Field]:
        """Yield the fields of a message."""
        while at < end:
            head = os.pread(self._descriptor, _HEAD_BYTES, at)
            key, size = _number(head, 0)
            kind, value = key & 7, 0
            begin = at + size
            if kind in {_NUMBER, _COUNTED}:
                value, size = _number(head, size)
                begin = at + size if kind == _COUNTED else begin
                stop = at + size + (value if kind == _COUNTED else 0)
            elif kind in {_FOUR_BYTES, _EIGHT_BYTES}:
                stop = begin + (4 if kind == _FOUR_BYTES else 8)
            else:
                raise ValueError(f"protobuf has no field of the kind {kind}")
            if stop > end:
                raise ValueError("a field goes on behind the end of its message")
            yield _Field(key >> 3, value, at, begin, stop)
            at = stop

    def _read(self, start: int, end: int) -> bytes:
        return os.pread(self._descriptor, end - start, start)


def _number(data: bytes, at: int) -> tuple[int, int]:
    """Return a number of variable length, and where it ends."""
    value = shift = 0
    while (byte := data[at]) & 0x80:
        value |= (byte & 0x7F) << shift
        shift += 7
        at += 1
    return value | byte << shift, at + 1


def _counted(number: int, value: bytes) -> bytes:
    """Return a field of protobuf: key, length, value."""
    head, length = bytearray([number << 3 | _COUNTED]), len(value)
    while length > 0x7F:  # noqa: PLR2004 - seven bits a byte
        head.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes([*head, length]) + value
