"""The child's side of the self-benchmark: products of matrices, and reading memory."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Final

import numpy as np

# the settings of all sessions: what is measured is what models run with
from .base import Array
from .onnx import OnnxSession

_ROWS: Final = 192
_SIDE: Final = 768
"""A product as vision transformers make them; its weights fit the second cache."""
_SMALL: Final = 8
_GIGA: Final = 1e9
_FLOAT, _UINT8, _INT8, _INT32 = 1, 2, 3, 6
_IR_VERSION, _OPSET = 8, 13


def measure(threads: int, buffer_bytes: int, seconds: float) -> dict[str, float]:
    """Return the rates of so many threads; each takes about `seconds`."""
    random = np.random.default_rng(0)
    shape = (_SIDE, _SIDE)
    operations = 2 * _ROWS * _SIDE * _SIDE
    int8 = random.integers(-127, 127, shape, np.int8)
    bytes_ = random.integers(0, 255, (_ROWS, _SIDE), np.uint8)
    fp32 = random.standard_normal(shape, np.float32)
    floats = random.standard_normal((_ROWS, _SIDE), np.float32)
    small = np.ones((_SMALL, _SMALL), np.float32)
    return {
        "int8_gops": operations
        / _best(_product("MatMulInteger", bytes_, int8, threads), seconds)
        / _GIGA,
        "fp32_gops": operations
        / _best(_product("MatMul", floats, fp32, threads), seconds)
        / _GIGA,
        "memory_gbs": _memory_rate(threads, buffer_bytes, seconds),
        "calls_per_s": 1 / _best(_product("MatMul", small, small, 1), seconds / 5),
    }


def _memory_rate(threads: int, buffer_bytes: int, seconds: float) -> float:
    buffer = np.ones(buffer_bytes // 8, np.int64)
    parts = np.array_split(buffer, threads)
    with ThreadPoolExecutor(threads) as pool:
        # numpy lets go of the interpreter while it reads
        read = _best(lambda: list(pool.map(np.bitwise_or.reduce, parts)), seconds)
    return buffer.nbytes / read / _GIGA


def _best(work: Callable[[], object], seconds: float) -> float:
    """Return the seconds of the quickest run: what others took is not in it."""
    work()
    best = float("inf")
    end = perf_counter() + seconds
    while True:
        started = perf_counter()
        work()
        now = perf_counter()
        best = min(best, now - started)
        if now >= end:
            return best


def _product(
    operator: str, left: Array, right: Array, threads: int
) -> Callable[[], object]:
    """Return what multiplies a matrix with constant weights, in onnxruntime."""
    graph = _graph(operator, left, right)
    session = OnnxSession(graph, threads=threads, options={})
    return lambda: session.run({"x": left})


def _graph(operator: str, left: Array, right: Array) -> bytes:
    """Return an ONNX model of one node, as its format writes it."""
    kinds = {"float32": _FLOAT, "uint8": _UINT8, "int8": _INT8}
    made = _FLOAT if operator == "MatMul" else _INT32
    weights = (
        b"".join(_entry(1, size) for size in right.shape)
        + _entry(2, kinds[right.dtype.name])
        + _entry(8, b"w")
        + _entry(9, right.tobytes())
    )
    node = _entry(1, b"x") + _entry(1, b"w") + _entry(2, b"y")
    node += _entry(4, operator.encode())
    shape = (left.shape[0], right.shape[1])
    graph = (
        _entry(1, node)
        + _entry(2, b"g")
        + _entry(5, weights)
        + _entry(11, _value(b"x", kinds[left.dtype.name], left.shape))
        + _entry(12, _value(b"y", made, shape))
    )
    version = _entry(1, b"") + _entry(2, _OPSET)
    return _entry(1, _IR_VERSION) + _entry(7, graph) + _entry(8, version)


def _value(name: bytes, kind: int, shape: tuple[int, ...]) -> bytes:
    sizes = b"".join(_entry(1, _entry(1, size)) for size in shape)
    return _entry(1, name) + _entry(2, _entry(1, _entry(1, kind) + _entry(2, sizes)))


def _entry(number: int, value: int | bytes) -> bytes:
    """Return one field of a protocol buffer: a number, or bytes with their length."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:  # noqa: PLR2004 - seven bits a byte
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])
