"""The constants of an exported graph, its int8 ones as the numbers they stand for."""

from collections.abc import Iterator
from pathlib import Path
import re
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

Array = np.ndarray[Any, np.dtype[np.float32]]
_BACKBONE = re.compile(r"onnx::Conv_(\d+)")
"""Convolutions with batch norm, which was folded in, are named by numbers."""


class StoredGraph:
    """The constants of a graph, int8 ones brought back to float32."""

    def __init__(self, path: Path) -> None:
        graph = onnx.load(path).graph
        self.nodes = graph.node
        self._stored = {
            entry.name: numpy_helper.to_array(entry) for entry in graph.initializer
        }
        self._dequantized = {
            node.output[0]: node
            for node in self.nodes
            if node.op_type == "DequantizeLinear" and node.input[0] in self._stored
        }

    def value(self, name: str, axis: int = 0) -> Array:
        """Return a constant; `axis` is the one with a scale for each channel."""
        if (node := self._dequantized.get(name)) is not None:
            axis = next((a.i for a in node.attribute if a.name == "axis"), axis)
            return self._scaled(*node.input, axis=axis)
        return np.array(self._stored[name], np.float32)

    def matrix(self, name: str) -> Array:
        """Return a dynamically quantised weight [inputs, outputs]."""
        stem = name.removesuffix("_quantized")
        parts = (f"{stem}_quantized", f"{stem}_scale", f"{stem}_zero_point")
        return self._scaled(*parts, axis=1)

    def _scaled(self, values: str, scale: str, zero: str, *, axis: int) -> Array:
        stored = self._stored[values].astype(np.float32)
        shape = [1] * stored.ndim
        if self._stored[scale].ndim and self._stored[scale].size > 1:
            shape[axis] = -1
        offset = self._stored[zero].astype(np.float32).reshape(shape)
        factor = self._stored[scale].astype(np.float32).reshape(shape)
        return (stored - offset) * factor

    def backbone(self) -> Iterator[tuple[Array, Array]]:
        """Yield weight and bias of EfficientNet's convolutions, in its order."""
        numbers = {
            int(found[1]): node
            for node in self.nodes
            if node.op_type == "Conv" and (found := _BACKBONE.search(node.input[1]))
        }
        for _, node in sorted(numbers.items()):
            yield self.value(node.input[1]), self.value(node.input[2])
