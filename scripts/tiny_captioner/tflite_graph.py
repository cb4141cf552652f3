"""An ONNX graph on its way to TFLite: its constants, shapes and values."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ai_edge_litert import schema_py_generated as schema
import numpy as np
import onnx
from onnx import numpy_helper
import onnxruntime

from .tflite_file import Array, Quantization, TfliteFile

CHANNELS_LAST: Final = (0, 2, 3, 1)
_CHANNELS_FIRST: Final = (0, 3, 1, 2)
_SIZES: Final = (
    {"batch": 2, "past": 3, "regions": 130},
    {"batch": 3, "past": 5, "regions": 260},
)
"""Sizes that the graph is run with, to see which of its shapes depend on them."""
_UINT8_OFFSET: Final = 128
_ERROR_SEVERITY: Final = 3


@dataclass(frozen=True, slots=True)
class Value:
    """Where a value of the graph is found in the TFLite file."""

    index: int
    channels_last: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """A constant, perhaps in int8."""

    values: Array
    quantization: Quantization | None = None

    def moved(self, *axes: int) -> "Stored":
        """Return it with its axes in another order."""
        quantization = self.quantization
        if quantization is not None and quantization.scale.size > 1:
            axis = axes.index(quantization.axis)
            quantization = Quantization(
                quantization.scale, quantization.zero_point, axis
            )
        return Stored(self.values.transpose(axes), quantization)


class TfliteGraph(ABC):
    """What the operators of a graph are written with."""

    def __init__(self, source: Path) -> None:
        model = onnx.load(source)
        self._graph = model.graph
        self.file = TfliteFile()
        self.shapes = _open_shapes(model)
        self.constants = {
            entry.name: numpy_helper.to_array(entry)
            for entry in model.graph.initializer
        }
        self.makers = {name: n for n in model.graph.node for name in n.output}
        self.users: dict[str, list[onnx.NodeProto]] = {}
        for node in model.graph.node:
            for name in node.input:
                self.users.setdefault(name, []).append(node)
        self._values: dict[str, Value] = {}

    def to_bytes(self) -> bytes:
        """Return the TFLite file."""
        inputs = []
        for entry in self._graph.input:
            stored = entry.type.tensor_type.elem_type
            kind = onnx.helper.tensor_dtype_to_np_dtype(stored).name
            index = self.file.tensor(entry.name, self.shapes[entry.name], kind)
            self._values[entry.name] = Value(index)
            inputs.append(index)
        outputs = []
        for entry in self._graph.output:
            index = self.plain(entry.name)
            if index in (*inputs, *outputs):
                raise ValueError(f"{entry.name}: an output needs a tensor of its own")
            self.file.tensors[index].name = entry.name
            outputs.append(index)
        return self.file.to_bytes(inputs, outputs)

    @abstractmethod
    def translated(self, node: onnx.NodeProto) -> Value:
        """Write the operators that a node becomes; return its output."""

    def value(self, name: str) -> Value:
        """Return a value in the form it is computed in; floats, or whole numbers."""
        if name not in self._values:
            if (stored := self.stored(name)) is not None:
                self._values[name] = Value(self.constant(name, stored))
            else:
                self._values[name] = self.translated(self.makers[name])
        return self._values[name]

    def plain(self, name: str) -> int:
        """Return a value in the layout that it has in ONNX."""
        value = self.value(name)
        if not value.channels_last:
            return value.index
        return self.transposed(value.index, name, _CHANNELS_FIRST)

    def int8(self, name: str) -> Value | None:
        """Return the int8 numbers that a value stands for, if it has such."""
        node = self.makers.get(name)
        if node is None or node.op_type != "DequantizeLinear":
            return None
        return None if self.stored(name) else self.value(node.input[0])

    def stored(self, name: str) -> Stored | None:
        """Return a constant of the graph, int8 where the graph has it so."""
        if name in self.constants:
            return Stored(self.constants[name])
        node = self.makers.get(name)
        if node is None:
            return None
        if node.op_type == "DequantizeLinear" and node.input[0] in self.constants:
            return self._int8_constant(node)
        if node.op_type == "Mul" and self._is_dynamic_scale(node.input[0]):
            # TFLite's product comes back with the scale of what it read
            return self.stored(node.input[1])
        return None

    def _int8_constant(self, node: onnx.NodeProto) -> Stored:
        values, scale, zero = (self.constants[name] for name in node.input)
        quantization = Quantization(scale, zero, attribute(node, "axis", 0))
        if values.dtype == np.uint8:
            values, quantization = signed(values), signed_range(scale, zero)
        return Stored(values, quantization)

    def _is_dynamic_scale(self, name: str) -> bool:
        node = self.makers.get(name)
        return node is not None and node.op_type == "DynamicQuantizeLinear"

    def constant(self, name: str, stored: Stored) -> int:
        """Add a constant and return its number."""
        return self.file.constant(name, stored.values, stored.quantization)

    def made(
        self,
        operator: str,
        name: str,
        inputs: list[int],
        options: Any = None,
        **form: Any,
    ) -> int:
        """Add an operator whose output has the shape of a value of the graph."""
        shape = form.get("shape", self.shapes[name])
        if form.get("channels_last"):
            shape = tuple(shape[axis] for axis in CHANNELS_LAST)
        output = self.file.tensor(
            name, shape, form.get("kind", "float32"), form.get("quantization")
        )
        return self.file.operator(operator, inputs, output, options)

    def form_of(self, index: int) -> dict[str, Any]:
        """Return how a tensor's numbers are stored, for one with the same numbers."""
        made = self.file.tensors[index]
        return {"kind": made.kind, "quantization": made.quantization}

    def transposed(self, index: int, name: str, axes: tuple[int, ...]) -> int:
        """Return a tensor with its axes in another order."""
        made = self.file.tensors[index]
        permutation = self.constant(f"{name}/axes", Stored(np.array(axes, np.int32)))
        shape = tuple(made.shape[axis] for axis in axes)
        output = self.file.tensor(f"{name}/moved", shape, made.kind, made.quantization)
        return self.file.operator(
            "TRANSPOSE", [index, permutation], output, schema.TransposeOptionsT()
        )

    def pixels(self, value: Value, name: str) -> int:
        """Return a picture with its channels last."""
        if value.channels_last:
            return value.index
        return self.transposed(value.index, name, CHANNELS_LAST)


def attribute(node: onnx.NodeProto, name: str, default: Any = None) -> Any:
    """Return an attribute of a node; lists as lists."""
    found = (a for a in node.attribute if a.name == name)
    value = next(map(onnx.helper.get_attribute_value, found), default)
    if isinstance(value, bytes):
        return value.decode()
    return list(value) if hasattr(value, "__len__") else value


def signed(values: Array) -> Array:
    """Return uint8 numbers as int8 ones."""
    return (values.astype(np.int16) - _UINT8_OFFSET).astype(np.int8)


def signed_range(scale: Array, zero: Array) -> Quantization:
    """Return how int8 numbers stand for what uint8 numbers stood for."""
    return Quantization(scale, zero.astype(np.int64) - _UINT8_OFFSET)


def _open_shapes(model: onnx.ModelProto) -> dict[str, tuple[int, ...]]:
    """Return the shape of every value, -1 where it depends on what is fed."""
    seen = [_run_shapes(model, sizes) for sizes in _SIZES]
    return {
        name: tuple(
            a if a == b else -1 for a, b in zip(shape, seen[1][name], strict=True)
        )
        for name, shape in seen[0].items()
    }


def _run_shapes(
    model: onnx.ModelProto, sizes: Mapping[str, int]
) -> dict[str, tuple[int, ...]]:
    """Return the shape of every value with these sizes."""
    told = onnx.ModelProto()
    told.CopyFrom(model)
    known = {entry.name for entry in told.graph.output}
    told.graph.output.extend(
        onnx.ValueInfoProto(name=name)
        for node in model.graph.node
        for name in node.output
        if name not in known
    )
    settings = onnxruntime.SessionOptions()
    settings.graph_optimization_level = (
        onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    )
    settings.log_severity_level = _ERROR_SEVERITY
    session = onnxruntime.InferenceSession(
        told.SerializeToString(), settings, providers=["CPUExecutionProvider"]
    )
    feeds = {}
    for entry in session.get_inputs():
        shape = [sizes.get(size, size) for size in entry.shape]
        kind = np.int64 if "int64" in entry.type else np.float32
        feeds[entry.name] = np.zeros(shape, kind)
    names = [entry.name for entry in session.get_outputs()]
    found = zip(names, session.run(names, feeds), strict=True)
    return {name: np.shape(values) for name, values in (*feeds.items(), *found)}
