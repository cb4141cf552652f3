"""Says an exported captioner again in TFLite: the same weights, the same int8 numbers.

The graph's inputs, outputs and their layout stay as they are, so that the runtime's
family feeds both alike; between convolutions the channels stand last.
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from ai_edge_litert import schema_py_generated as schema
import numpy as np
import onnx

from .tflite_file import Quantization
from .tflite_graph import Stored, Value, attribute, signed, signed_range
from .tflite_pictures import PictureGraph

_Writer = Callable[..., Value]


class TfliteExport(PictureGraph):
    """The operators of captioners, written as those of TFLite."""

    def __init__(self, source: Path) -> None:
        super().__init__(source)
        self._in_int8: Mapping[str, _Writer] = {
            "Add": self._sum_in_int8,
            "Conv": self.convolution,
            "Gemm": self._linear,
        }
        self._writers: Mapping[str, _Writer] = {
            "Add": partial(self._pairwise, "ADD", schema.AddOptionsT),
            "Cast": self._passed_on,
            "Clip": self.clip,
            "Concat": self._concatenation,
            "Conv": self.convolution,
            "DequantizeLinear": self._dequantize,
            "Div": partial(self._pairwise, "DIV", schema.DivOptionsT),
            "Gather": self._gather,
            "Gemm": self._linear,
            "LayerNormalization": self._normalized,
            "MatMul": self._product,
            "MatMulInteger": self._linear_of_floats,
            "Mul": partial(self._pairwise, "MUL", schema.MulOptionsT),
            "QuantizeLinear": self._quantize,
            "Range": self._range,
            "Relu": self._relu,
            "Reshape": self._reshape,
            "Resize": self.enlarged,
            "Shape": self._shape_of,
            "Softmax": self._softmax,
            "Transpose": self._transpose,
        }

    def translated(self, node: onnx.NodeProto) -> Value:
        """Write the operators that a node becomes; return its output."""
        if node.op_type not in self._writers:
            raise ValueError(f"{node.name}: {node.op_type} can't be said in TFLite yet")
        return self._writers[node.op_type](node)

    def _quantize(self, node: onnx.NodeProto) -> Value:
        name, scale, zero = node.input
        wanted = signed_range(self.constants[scale], self.constants[zero])
        maker = self.makers.get(name)
        if maker is not None and maker.op_type == "DequantizeLinear":
            before = self.value(maker.input[0])
            if wanted.same_as(self.file.tensors[before.index].quantization):
                return before
        if (
            maker is not None
            and maker.op_type in self._in_int8
            and all(self.int8(i) or self.stored(i) for i in maker.input)
        ):
            return self._in_int8[maker.op_type](maker, wanted)
        value = self.value(name)
        index = self.made(
            "QUANTIZE",
            name,
            [value.index],
            schema.QuantizeOptionsT(),
            kind="int8",
            quantization=wanted,
            channels_last=value.channels_last,
        )
        return Value(index, value.channels_last)

    def _dequantize(self, node: onnx.NodeProto) -> Value:
        value = self.value(node.input[0])
        index = self.made(
            "DEQUANTIZE",
            node.output[0],
            [value.index],
            schema.DequantizeOptionsT(),
            channels_last=value.channels_last,
        )
        return Value(index, value.channels_last)

    def _sum_in_int8(self, node: onnx.NodeProto, wanted: Quantization) -> Value:
        parts = [self.int8(name) or self.value(name) for name in node.input]
        last = parts[0].channels_last
        index = self.made(
            "ADD",
            node.output[0],
            [part.index for part in parts],
            schema.AddOptionsT(),
            kind="int8",
            quantization=wanted,
            channels_last=last,
        )
        return Value(index, last)

    def _linear(
        self, node: onnx.NodeProto, wanted: Quantization | None = None
    ) -> Value:
        """Gemm, or a product with constant weights."""
        name, weight, *bias = node.input
        source = self.value(name) if wanted is None else self.int8(name)
        stored = self.stored(weight)
        if source is None or stored is None:
            raise ValueError(f"{node.name}: its weights must be constants")
        if not attribute(node, "transB", 0):
            stored = stored.moved(1, 0)
        options = schema.FullyConnectedOptionsT()
        options.keepNumDims = True
        inputs = [source.index, self.constant(weight, stored)]
        inputs += [self.value(offset).index for offset in bias]
        return Value(
            self.made(
                "FULLY_CONNECTED",
                node.output[0],
                inputs,
                options,
                kind="float32" if wanted is None else "int8",
                quantization=wanted,
            )
        )

    def _linear_of_floats(self, node: onnx.NodeProto) -> Value:
        """Return a product of int8 weights and floats that are rounded as they come."""
        source = self.makers[node.input[0]].input[0]
        weights = self.constants[node.input[1]].T
        plain = Quantization(np.ones(1, np.float32), np.zeros(1, np.int64))
        options = schema.FullyConnectedOptionsT()
        options.keepNumDims, options.asymmetricQuantizeInputs = True, True
        index = self.constant(node.input[1], Stored(weights, plain))
        return Value(
            self.made(
                "FULLY_CONNECTED", node.output[0], [self.plain(source), index], options
            )
        )

    def _product(self, node: onnx.NodeProto) -> Value:
        if self.stored(node.input[1]) is not None:
            return self._linear(node)
        inputs = [self.plain(name) for name in node.input]
        options = schema.BatchMatMulOptionsT()
        return Value(self.made("BATCH_MATMUL", node.output[0], inputs, options))

    def _passed_on(self, node: onnx.NodeProto) -> Value:
        return self.value(node.input[0])

    def _reshape(self, node: onnx.NodeProto) -> Value:
        name = node.output[0]
        shape = self.shapes[name]
        if shape.count(-1) > 1:
            raise ValueError(f"{node.name}: more than one size of its output is open")
        wanted = np.array(shape, np.int32)
        index = self.plain(node.input[0])
        inputs = [index, self.constant(f"{name}/shape", Stored(wanted))]
        options = schema.ReshapeOptionsT()
        options.newShape = list(shape)
        form = self.form_of(index)
        return Value(self.made("RESHAPE", name, inputs, options, **form))

    def _transpose(self, node: onnx.NodeProto) -> Value:
        axes = tuple(attribute(node, "perm"))
        return Value(self.transposed(self.plain(node.input[0]), node.output[0], axes))

    def _concatenation(self, node: onnx.NodeProto) -> Value:
        options = schema.ConcatenationOptionsT()
        options.axis = attribute(node, "axis")
        inputs = [self.plain(name) for name in node.input]
        form = self.form_of(inputs[0])
        return Value(
            self.made("CONCATENATION", node.output[0], inputs, options, **form)
        )

    def _gather(self, node: onnx.NodeProto) -> Value:
        """Return rows of a table; an int8 table gives int8 rows."""
        table, rows = node.input
        options = schema.GatherOptionsT()
        options.axis = attribute(node, "axis", 0)
        form: dict[str, Any] = {}
        stored = self.stored(table)
        if stored is not None and stored.values.dtype == np.uint8:
            (user,) = self.users[node.output[0]]
            _, scale, zero = (self.constants.get(name) for name in user.input)
            wanted = signed_range(scale, zero)
            stored = Stored(signed(stored.values), wanted)
            form = {"kind": "int8", "quantization": wanted}
        index = self.plain(table) if stored is None else self.constant(table, stored)
        if stored is None:
            form = self.form_of(index)
        inputs = [index, self.plain(rows)]
        return Value(self.made("GATHER", node.output[0], inputs, options, **form))

    def _shape_of(self, node: onnx.NodeProto) -> Value:
        options = schema.ShapeOptionsT()
        options.outType = schema.TensorType.INT64
        inputs = [self.plain(node.input[0])]
        return Value(self.made("SHAPE", node.output[0], inputs, options, kind="int64"))

    def _range(self, node: onnx.NodeProto) -> Value:
        inputs = [self.plain(name) for name in node.input]
        options = schema.RangeOptionsT()
        return Value(self.made("RANGE", node.output[0], inputs, options, kind="int64"))

    def _softmax(self, node: onnx.NodeProto) -> Value:
        options = schema.SoftmaxOptionsT()
        options.beta = 1.0
        inputs = [self.plain(node.input[0])]
        return Value(self.made("SOFTMAX", node.output[0], inputs, options))

    def _relu(self, node: onnx.NodeProto) -> Value:
        inputs = [self.plain(node.input[0])]
        return Value(self.made("RELU", node.output[0], inputs))

    def _normalized(self, node: onnx.NodeProto) -> Value:
        """Layer normalisation, which TFLite has in parts alone."""
        name, weight, bias = node.input
        epsilon = np.array(attribute(node, "epsilon"), np.float32)
        axes = self.constant(f"{name}/axes", Stored(np.array([-1], np.int32)))
        source, shape = self.plain(name), self.shapes[name]
        small = (*shape[:-1], 1)

        def made(operator: str, inputs: list[int], options: Any, size: Any) -> int:
            return self.made(operator, name, inputs, options, shape=size)

        mean = schema.ReducerOptionsT()
        mean.keepDims = True
        average = made("MEAN", [source, axes], mean, small)
        centred = made("SUB", [source, average], schema.SubOptionsT(), shape)
        squares = made("MUL", [centred, centred], schema.MulOptionsT(), shape)
        variance = made("MEAN", [squares, axes], mean, small)
        offset = self.constant(f"{name}/epsilon", Stored(epsilon))
        above = made("ADD", [variance, offset], schema.AddOptionsT(), small)
        factor = made("RSQRT", [above], None, small)
        even = made("MUL", [centred, factor], schema.MulOptionsT(), shape)
        scaled = made("MUL", [even, self.plain(weight)], schema.MulOptionsT(), shape)
        index = made("ADD", [scaled, self.plain(bias)], schema.AddOptionsT(), shape)
        return Value(index)

    def _pairwise(
        self, operator: str, options: Callable[[], Any], node: onnx.NodeProto
    ) -> Value:
        values = [self.value(name) for name in node.input]
        last = all(value.channels_last for value in values)
        inputs = [
            value.index if last else self.plain(name)
            for value, name in zip(values, node.input, strict=True)
        ]
        kind = self.file.tensors[inputs[0]].kind
        index = self.made(
            operator, node.output[0], inputs, options(), channels_last=last, kind=kind
        )
        return Value(index, last)
