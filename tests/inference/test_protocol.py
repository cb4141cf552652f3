import asyncio
import io
import struct

import pytest

from edge_runtime.errors import ProtocolError
from edge_runtime.inference import protocol
from edge_runtime.inference.protocol import (
    Frame,
    encode,
    read_frame,
    receive_frame,
)


async def receive(data: bytes):
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return await receive_frame(reader)


FRAME = Frame({"op": "caption", "path": "/fotos/Großmutter 祖母.jpg"}, b"\x00\xff" * 70)


async def test_a_frame_comes_out_as_it_went_in():
    assert read_frame(io.BytesIO(encode(FRAME))) == FRAME
    assert await receive(encode(FRAME)) == FRAME


async def test_two_frames_follow_one_another_and_the_end_is_none():
    stream = io.BytesIO(encode(FRAME) + encode(Frame({"id": 2})))
    assert read_frame(stream) == FRAME
    assert read_frame(stream) == Frame({"id": 2})
    assert read_frame(stream) is None
    assert await receive(b"") is None


@pytest.mark.parametrize("length", [1, 11, 12, 20, len(encode(FRAME)) - 1])
async def test_a_cut_frame_is_an_error(length):
    cut = encode(FRAME)[:length]
    with pytest.raises(ProtocolError):
        read_frame(io.BytesIO(cut))
    with pytest.raises(ProtocolError, match="cut off"):
        await receive(cut)


def prefix(magic=b"EC", version=1, header=2, payload=0):
    return struct.pack(">2sBBII", magic, version, 0, header, payload)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (prefix(magic=b"GE") + b"{}", "no frame starts with b'GE'"),
        (prefix(version=9) + b"{}", "frame version 9; this side speaks 1"),
        (prefix(header=protocol.MAX_HEADER_BYTES + 1), "a header of"),
        (prefix(payload=protocol.MAX_PAYLOAD_BYTES + 1), "a payload of"),
        (prefix() + b"{]", "is no JSON"),
        (prefix() + b"[]", "is no JSON object"),
    ],
)
async def test_a_malformed_frame_is_an_error(data, message):
    with pytest.raises(ProtocolError, match=message.replace("[", r"\[")):
        read_frame(io.BytesIO(data))
    with pytest.raises(ProtocolError):
        await receive(data)


def test_a_frame_that_is_too_large_is_not_sent():
    with pytest.raises(ProtocolError, match="a header of"):
        encode(Frame({"path": "x" * protocol.MAX_HEADER_BYTES}))
