"""Says an exported captioner again in TFLite: the same weights, the same int8 numbers.

The graph's inputs, outputs and their layout stay as they are, so that the runtime's
family feeds both alike; between convolutions the channels stand last.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ai_edge_litert import schema_py_generated as schema
import numpy as np
import onnx
from onnx import numpy_helper
import onnxruntime

from .tflite_file import Array, Quantization, TfliteFile

_SIZES: Final = ({"batch": 2, "past": 3}, {"batch": 3, "past": 5})
"""Sizes that the graph is run with, to see which of its shapes depend on them."""
_UINT8_OFFSET: Final = 128
_LAST: Final = (0, 2, 3, 1)
_FIRST: Final = (0, 3, 1, 2)
_RELU6: Final = 6.0


@dataclass(frozen=True, slots=True)
class _Value:
    """Where a value of the graph is found in the TFLite file."""

    index: int
    channels_last: bool = False


@dataclass(frozen=True, slots=True)
class _Stored:
    """A constant, perhaps in int8."""

    values: Array
    quantization: Quantization | None = None

    def moved(self, *axes: int) -> "_Stored":
        """Return it with its axes in another order."""
        quantization = self.quantization
        if quantization is not None and quantization.scale.size > 1:
            axis = axes.index(quantization.axis)
            quantization = Quantization(
                quantization.scale, quantization.zero_point, axis
            )
        return _Stored(self.values.transpose(axes), quantization)


class TfliteExport:
    """One graph on its way from ONNX to TFLite."""

    def __init__(self, source: Path) -> None:
        model = onnx.load(source)
        self._graph = model.graph
        self._file = TfliteFile()
        self._shapes = _open_shapes(model)
        self._constants = {
            entry.name: numpy_helper.to_array(entry)
            for entry in model.graph.initializer
        }
        self._makers = {name: n for n in model.graph.node for name in n.output}
        self._users: dict[str, list[onnx.NodeProto]] = {}
        for node in model.graph.node:
            for name in node.input:
                self._users.setdefault(name, []).append(node)
        self._values: dict[str, _Value] = {}

    def to_bytes(self) -> bytes:
        """Return the TFLite file."""
        inputs = []
        for entry in self._graph.input:
            stored = entry.type.tensor_type.elem_type
            kind = onnx.helper.tensor_dtype_to_np_dtype(stored).name
            index = self._file.tensor(entry.name, self._shapes[entry.name], kind)
            self._values[entry.name] = _Value(index)
            inputs.append(index)
        outputs = []
        for entry in self._graph.output:
            index = self._plain(entry.name)
            if index in (*inputs, *outputs):
                raise ValueError(f"{entry.name}: an output needs a tensor of its own")
            self._file.tensors[index].name = entry.name
            outputs.append(index)
        return self._file.to_bytes(inputs, outputs)

    def _value(self, name: str) -> _Value:
        """Return a value in the form it is computed in; floats, or whole numbers."""
        if name not in self._values:
            if (stored := self._stored(name)) is not None:
                self._values[name] = _Value(self._constant(name, stored))
            else:
                node = self._makers[name]
                self._values[name] = _OPERATORS[node.op_type](self, node)
        return self._values[name]

    def _plain(self, name: str) -> int:
        """Return a value in the layout that it has in ONNX."""
        value = self._value(name)
        if not value.channels_last:
            return value.index
        return self._transposed(value.index, name, _FIRST)

    def _int8(self, name: str) -> _Value | None:
        """Return the int8 numbers that a value stands for, if it has such."""
        node = self._makers.get(name)
        if node is None or node.op_type != "DequantizeLinear":
            return None
        return None if self._stored(name) else self._value(node.input[0])

    def _stored(self, name: str) -> _Stored | None:
        """Return a constant of the graph, int8 where the graph has it so."""
        if name in self._constants:
            return _Stored(self._constants[name])
        node = self._makers.get(name)
        if node is None:
            return None
        if node.op_type == "DequantizeLinear" and node.input[0] in self._constants:
            return self._int8_constant(node)
        if node.op_type == "Mul" and self._is_dynamic_scale(node.input[0]):
            # TFLite's product comes back with the scale of what it read
            return self._stored(node.input[1])
        return None

    def _int8_constant(self, node: onnx.NodeProto) -> _Stored:
        values, scale, zero = (self._constants[name] for name in node.input)
        quantization = Quantization(scale, zero, _attribute(node, "axis", 0))
        if values.dtype == np.uint8:
            values, quantization = _signed(values), _signed_range(scale, zero)
        return _Stored(values, quantization)

    def _is_dynamic_scale(self, name: str) -> bool:
        node = self._makers.get(name)
        return node is not None and node.op_type == "DynamicQuantizeLinear"

    def _constant(self, name: str, stored: _Stored) -> int:
        return self._file.constant(name, stored.values, stored.quantization)

    def _made(
        self,
        operator: str,
        name: str,
        inputs: list[int],
        options: Any = None,
        **form: Any,
    ) -> int:
        """Add an operator whose output has the shape of a value of the graph."""
        shape = form.get("shape", self._shapes[name])
        if form.get("channels_last"):
            shape = tuple(shape[axis] for axis in _LAST)
        output = self._file.tensor(
            name, shape, form.get("kind", "float32"), form.get("quantization")
        )
        return self._file.operator(operator, inputs, output, options)

    def _transposed(self, index: int, name: str, axes: tuple[int, ...]) -> int:
        made = self._file.tensors[index]
        permutation = self._constant(f"{name}/axes", _Stored(np.array(axes, np.int32)))
        shape = tuple(made.shape[axis] for axis in axes)
        output = self._file.tensor(f"{name}/moved", shape, made.kind, made.quantization)
        return self._file.operator(
            "TRANSPOSE", [index, permutation], output, schema.TransposeOptionsT()
        )

    def _pixels(self, value: _Value, name: str) -> int:
        """Return a picture with its channels last."""
        if value.channels_last:
            return value.index
        return self._transposed(value.index, name, _LAST)

    # ---- what a graph's operators become

    def _quantize(self, node: onnx.NodeProto) -> _Value:
        name, scale, zero = node.input
        wanted = _signed_range(self._constants[scale], self._constants[zero])
        maker = self._makers.get(name)
        if (
            maker is not None
            and maker.op_type in _IN_INT8
            and all(self._int8(i) or self._stored(i) for i in maker.input)
        ):
            return _IN_INT8[maker.op_type](self, maker, wanted)
        value = self._value(name)
        index = self._made(
            "QUANTIZE",
            name,
            [value.index],
            schema.QuantizeOptionsT(),
            kind="int8",
            quantization=wanted,
            channels_last=value.channels_last,
        )
        return _Value(index, value.channels_last)

    def _dequantize(self, node: onnx.NodeProto) -> _Value:
        value = self._value(node.input[0])
        index = self._made(
            "DEQUANTIZE",
            node.output[0],
            [value.index],
            schema.DequantizeOptionsT(),
            channels_last=value.channels_last,
        )
        return _Value(index, value.channels_last)

    def _convolution(
        self,
        node: onnx.NodeProto,
        wanted: Quantization | None = None,
        activation: int = schema.ActivationFunctionType.NONE,
    ) -> _Value:
        name, weight, bias = node.input
        source = self._value(name) if wanted is None else self._int8(name)
        stored, offsets = self._stored(weight), self._stored(bias)
        if source is None or stored is None or offsets is None:
            raise ValueError(f"{node.name}: its weights must be constants")
        picture = self._pixels(source, name)
        strides, pads = _attribute(node, "strides"), _attribute(node, "pads")
        same = strides == [1, 1] and pads == [size // 2 for size in node_kernel(node)]
        if any(pads) and not same:
            picture = self._padded(picture, name, pads)
        grouped = _attribute(node, "group") > 1
        options = _convolution_options(grouped, same, strides, activation)
        moved = stored.moved(1, 2, 3, 0) if grouped else stored.moved(0, 2, 3, 1)
        index = self._made(
            "DEPTHWISE_CONV_2D" if grouped else "CONV_2D",
            node.output[0],
            [picture, self._constant(weight, moved), self._constant(bias, offsets)],
            options,
            kind="float32" if wanted is None else "int8",
            quantization=wanted,
            channels_last=True,
        )
        return _Value(index, channels_last=True)

    def _padded(self, index: int, name: str, pads: list[int]) -> int:
        made = self._file.tensors[index]
        top, left, bottom, right = pads
        amounts = np.array([[0, 0], [top, bottom], [left, right], [0, 0]], np.int32)
        shape = tuple(
            size + before + after
            for size, (before, after) in zip(made.shape, amounts.tolist(), strict=True)
        )
        output = self._file.tensor(
            f"{name}/padded", shape, made.kind, made.quantization
        )
        sizes = self._constant(f"{name}/pads", _Stored(amounts))
        return self._file.operator(
            "PAD", [index, sizes], output, schema.PadOptionsT()
        )

    def _clip(self, node: onnx.NodeProto) -> _Value:
        low, high = (self._constants[name] for name in node.input[1:])
        if (float(low), float(high)) != (0.0, _RELU6):
            raise ValueError(f"{node.name}: only a clip from 0 to 6 is known here")
        maker = self._makers[node.input[0]]
        if maker.op_type != "Conv" or len(self._users[node.input[0]]) > 1:
            raise ValueError(f"{node.name}: a clip must follow a convolution")
        return self._convolution(maker, None, schema.ActivationFunctionType.RELU6)

    def _sum_in_int8(self, node: onnx.NodeProto, wanted: Quantization) -> _Value:
        parts = [self._int8(name) or self._value(name) for name in node.input]
        last = parts[0].channels_last
        index = self._made(
            "ADD",
            node.output[0],
            [part.index for part in parts],
            schema.AddOptionsT(),
            kind="int8",
            quantization=wanted,
            channels_last=last,
        )
        return _Value(index, last)

    def _linear(
        self, node: onnx.NodeProto, wanted: Quantization | None = None
    ) -> _Value:
        """Gemm, or a product with constant weights."""
        name, weight, *bias = node.input
        source = self._value(name) if wanted is None else self._int8(name)
        stored = self._stored(weight)
        if source is None or stored is None:
            raise ValueError(f"{node.name}: its weights must be constants")
        if not _attribute(node, "transB", 0):
            stored = stored.moved(1, 0)
        options = schema.FullyConnectedOptionsT()
        options.keepNumDims = True
        inputs = [source.index, self._constant(weight, stored)]
        inputs += [self._value(offset).index for offset in bias]
        return _Value(
            self._made(
                "FULLY_CONNECTED",
                node.output[0],
                inputs,
                options,
                kind="float32" if wanted is None else "int8",
                quantization=wanted,
            )
        )

    def _linear_of_floats(self, node: onnx.NodeProto) -> _Value:
        """Return a product of int8 weights and floats that are rounded as they come."""
        source = self._makers[node.input[0]].input[0]
        weights = self._constants[node.input[1]].T
        plain = Quantization(np.ones(1, np.float32), np.zeros(1, np.int64))
        options = schema.FullyConnectedOptionsT()
        options.keepNumDims, options.asymmetricQuantizeInputs = True, True
        index = self._constant(node.input[1], _Stored(weights, plain))
        return _Value(
            self._made(
                "FULLY_CONNECTED", node.output[0], [self._plain(source), index], options
            )
        )

    def _product(self, node: onnx.NodeProto) -> _Value:
        if self._stored(node.input[1]) is not None:
            return self._linear(node)
        inputs = [self._plain(name) for name in node.input]
        options = schema.BatchMatMulOptionsT()
        return _Value(self._made("BATCH_MATMUL", node.output[0], inputs, options))

    def _passed_on(self, node: onnx.NodeProto) -> _Value:
        return self._value(node.input[0])

    def _reshape(self, node: onnx.NodeProto) -> _Value:
        name = node.output[0]
        shape = self._shapes[name]
        if shape.count(-1) > 1:
            raise ValueError(f"{node.name}: more than one size of its output is open")
        wanted = np.array(shape, np.int32)
        inputs = [
            self._plain(node.input[0]),
            self._constant(f"{name}/shape", _Stored(wanted)),
        ]
        options = schema.ReshapeOptionsT()
        options.newShape = list(shape)
        return _Value(self._made("RESHAPE", name, inputs, options))

    def _transpose(self, node: onnx.NodeProto) -> _Value:
        axes = tuple(_attribute(node, "perm"))
        return _Value(
            self._transposed(self._plain(node.input[0]), node.output[0], axes)
        )

    def _concatenation(self, node: onnx.NodeProto) -> _Value:
        options = schema.ConcatenationOptionsT()
        options.axis = _attribute(node, "axis")
        inputs = [self._plain(name) for name in node.input]
        return _Value(self._made("CONCATENATION", node.output[0], inputs, options))

    def _gather(self, node: onnx.NodeProto) -> _Value:
        """Return rows of a table; an int8 table gives int8 rows."""
        table, rows = node.input
        options = schema.GatherOptionsT()
        options.axis = _attribute(node, "axis", 0)
        form: dict[str, Any] = {}
        stored = self._stored(table)
        if stored is not None and stored.values.dtype == np.uint8:
            (user,) = self._users[node.output[0]]
            _, scale, zero = (self._constants.get(name) for name in user.input)
            wanted = _signed_range(scale, zero)
            stored = _Stored(_signed(stored.values), wanted)
            form = {"kind": "int8", "quantization": wanted}
        elif stored is None:
            form = {"kind": "int64"}
        index = self._plain(table) if stored is None else self._constant(table, stored)
        inputs = [index, self._plain(rows)]
        return _Value(
            self._made("GATHER", node.output[0], inputs, options, **form)
        )

    def _shape_of(self, node: onnx.NodeProto) -> _Value:
        options = schema.ShapeOptionsT()
        options.outType = schema.TensorType.INT64
        inputs = [self._plain(node.input[0])]
        return _Value(
            self._made("SHAPE", node.output[0], inputs, options, kind="int64")
        )

    def _range(self, node: onnx.NodeProto) -> _Value:
        inputs = [self._plain(name) for name in node.input]
        options = schema.RangeOptionsT()
        return _Value(
            self._made("RANGE", node.output[0], inputs, options, kind="int64")
        )

    def _softmax(self, node: onnx.NodeProto) -> _Value:
        options = schema.SoftmaxOptionsT()
        options.beta = 1.0
        inputs = [self._plain(node.input[0])]
        return _Value(self._made("SOFTMAX", node.output[0], inputs, options))

    def _relu(self, node: onnx.NodeProto) -> _Value:
        inputs = [self._plain(node.input[0])]
        return _Value(self._made("RELU", node.output[0], inputs))

    def _normalized(self, node: onnx.NodeProto) -> _Value:
        """Layer normalisation, which TFLite has in parts alone."""
        name, weight, bias = node.input
        epsilon = np.array(_attribute(node, "epsilon"), np.float32)
        axes = self._constant(f"{name}/axes", _Stored(np.array([-1], np.int32)))
        source, shape = self._plain(name), self._shapes[name]
        small = (*shape[:-1], 1)

        def made(operator: str, inputs: list[int], options: Any, size: Any) -> int:
            return self._made(operator, name, inputs, options, shape=size)

        mean = schema.ReducerOptionsT()
        mean.keepDims = True
        average = made("MEAN", [source, axes], mean, small)
        centred = made("SUB", [source, average], schema.SubOptionsT(), shape)
        squares = made("MUL", [centred, centred], schema.MulOptionsT(), shape)
        variance = made("MEAN", [squares, axes], mean, small)
        offset = self._constant(f"{name}/epsilon", _Stored(epsilon))
        above = made("ADD", [variance, offset], schema.AddOptionsT(), small)
        factor = made("RSQRT", [above], None, small)
        even = made("MUL", [centred, factor], schema.MulOptionsT(), shape)
        scaled = made(
            "MUL", [even, self._plain(weight)], schema.MulOptionsT(), shape
        )
        index = made(
            "ADD", [scaled, self._plain(bias)], schema.AddOptionsT(), shape
        )
        return _Value(index)


def _pairwise(operator: str, options: Any) -> Callable[..., _Value]:
    """Return what writes an operator of two operands."""

    def write(export: Any, node: onnx.NodeProto) -> _Value:
        values = [export._value(name) for name in node.input]  # noqa: SLF001
        last = all(value.channels_last for value in values)
        inputs = (
            [value.index for value in values]
            if last
            else [export._plain(name) for name in node.input]  # noqa: SLF001
        )
        kind = export._file.tensors[inputs[0]].kind  # noqa: SLF001
        index = export._made(  # noqa: SLF001
            operator, node.output[0], inputs, options(), channels_last=last, kind=kind
        )
        return _Value(index, last)

    return write


_IN_INT8: Final[Mapping[str, Callable[..., _Value]]] = {
    "Add": TfliteExport._sum_in_int8,  # noqa: SLF001
    "Conv": TfliteExport._convolution,  # noqa: SLF001
    "Gemm": TfliteExport._linear,  # noqa: SLF001
}
_OPERATORS: Final[Mapping[str, Callable[..., _Value]]] = {
    "Add": _pairwise("ADD", schema.AddOptionsT),
    "Cast": TfliteExport._passed_on,  # noqa: SLF001
    "Clip": TfliteExport._clip,  # noqa: SLF001
    "Concat": TfliteExport._concatenation,  # noqa: SLF001
    "Conv": TfliteExport._convolution,  # noqa: SLF001
    "DequantizeLinear": TfliteExport._dequantize,  # noqa: SLF001
    "Div": _pairwise("DIV", schema.DivOptionsT),
    "Gather": TfliteExport._gather,  # noqa: SLF001
    "Gemm": TfliteExport._linear,  # noqa: SLF001
    "LayerNormalization": TfliteExport._normalized,  # noqa: SLF001
    "MatMul": TfliteExport._product,  # noqa: SLF001
    "MatMulInteger": TfliteExport._linear_of_floats,  # noqa: SLF001
    "Mul": _pairwise("MUL", schema.MulOptionsT),
    "QuantizeLinear": TfliteExport._quantize,  # noqa: SLF001
    "Range": TfliteExport._range,  # noqa: SLF001
    "Relu": TfliteExport._relu,  # noqa: SLF001
    "Reshape": TfliteExport._reshape,  # noqa: SLF001
    "Shape": TfliteExport._shape_of,  # noqa: SLF001
    "Softmax": TfliteExport._softmax,  # noqa: SLF001
    "Transpose": TfliteExport._transpose,  # noqa: SLF001
}


def _convolution_options(
    grouped: bool, same: bool, strides: list[int], activation: int
) -> Any:
    options = schema.DepthwiseConv2DOptionsT() if grouped else schema.Conv2DOptionsT()
    options.padding = schema.Padding.SAME if same else schema.Padding.VALID
    options.strideH, options.strideW = strides
    options.fusedActivationFunction = activation
    options.dilationHFactor = options.dilationWFactor = 1
    if grouped:
        options.depthMultiplier = 1
    return options


def node_kernel(node: onnx.NodeProto) -> list[int]:
    """Return a kernel's height and width, twice: as pads are given."""
    return list(_attribute(node, "kernel_shape")) * 2


def _attribute(node: onnx.NodeProto, name: str, default: Any = None) -> Any:
    found = (a for a in node.attribute if a.name == name)
    value = next(map(onnx.helper.get_attribute_value, found), default)
    return list(value) if hasattr(value, "__len__") else value


def _signed(values: Array) -> Array:
    return (values.astype(np.int16) - _UINT8_OFFSET).astype(np.int8)


def _signed_range(scale: Array, zero: Array) -> Quantization:
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
    settings.log_severity_level = 3
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
