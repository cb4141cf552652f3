"""Frames between runtime and worker: length-prefixed, versioned, bounded.

A frame is a 12-byte prefix (magic `EC`, version, a zero byte, header length, payload
length; big-endian), a JSON header and an optional binary payload.
"""

from dataclasses import dataclass, field
import json
import struct
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from ..const import MIB
from ..errors import ProtocolError

if TYPE_CHECKING:  # the worker starts without it, 20 ms sooner
    import asyncio

PROTOCOL_VERSION: Final = 1
MAX_HEADER_BYTES: Final = 1 * MIB
MAX_PAYLOAD_BYTES: Final = 256 * MIB

_MAGIC: Final = b"EC"
_PREFIX: Final = struct.Struct(">2sBBII")


@dataclass(frozen=True, slots=True)
class Frame:
    """One message: a JSON object and, for pictures that have no path, their bytes."""

    header: dict[str, Any]
    payload: bytes = field(default=b"", repr=False)


def encode(frame: Frame) -> bytes:
    """Return the bytes of a frame."""
    # Escaped to ASCII, so that file names which are no UTF-8 travel too.
    header = json.dumps(frame.header).encode()
    _check_lengths(len(header), len(frame.payload))
    prefix = _PREFIX.pack(_MAGIC, PROTOCOL_VERSION, 0, len(header), len(frame.payload))
    return prefix + header + frame.payload


def read_frame(stream: BinaryIO) -> Frame | None:
    """Read one frame from a blocking stream; None at its end."""
    prefix = stream.read(_PREFIX.size)
    if not prefix:
        return None
    header_length, payload_length = _lengths(prefix)
    header = _exactly(stream, header_length)
    return Frame(_parse(header), _exactly(stream, payload_length))


async def receive_frame(reader: "asyncio.StreamReader") -> Frame | None:
    """Read one frame from an asyncio stream; None at its end."""
    try:
        prefix = await reader.readexactly(_PREFIX.size)
    except EOFError as err:  # asyncio's own kind, which tells what did come
        if getattr(err, "partial", b""):
            raise ProtocolError("the worker's answer was cut off") from None
        return None
    header_length, payload_length = _lengths(prefix)
    try:
        header = await reader.readexactly(header_length)
        return Frame(_parse(header), await reader.readexactly(payload_length))
    except EOFError:
        raise ProtocolError("the worker's answer was cut off") from None


def _exactly(stream: BinaryIO, length: int) -> bytes:
    data = stream.read(length) if length else b""
    if len(data) != length:
        raise ProtocolError(f"a frame ended after {len(data)} of {length} bytes")
    return data


def _lengths(prefix: bytes) -> tuple[int, int]:
    if len(prefix) != _PREFIX.size:
        raise ProtocolError("a frame ended inside its prefix")
    magic, version, _, header_length, payload_length = _PREFIX.unpack(prefix)
    if magic != _MAGIC:
        raise ProtocolError(f"no frame starts with {magic!r}")
    if version != PROTOCOL_VERSION:
        raise ProtocolError(
            f"frame version {version}; this side speaks {PROTOCOL_VERSION}: "
            "runtime and worker are of different installations"
        )
    _check_lengths(header_length, payload_length)
    return header_length, payload_length


def _check_lengths(header: int, payload: int) -> None:
    if header > MAX_HEADER_BYTES:
        raise ProtocolError(f"a header of {header} bytes passes {MAX_HEADER_BYTES}")
    if payload > MAX_PAYLOAD_BYTES:
        raise ProtocolError(f"a payload of {payload} bytes passes {MAX_PAYLOAD_BYTES}")


def _parse(header: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(header)
    except ValueError:
        raise ProtocolError("a frame's header is no JSON") from None
    if not isinstance(parsed, dict):
        raise ProtocolError("a frame's header is no JSON object")
    return parsed
