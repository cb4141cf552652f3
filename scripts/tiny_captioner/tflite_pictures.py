"""The operators that see pictures, written as those of TFLite."""

from collections.abc import Sequence
import math
from typing import Any, Final

from ai_edge_litert import schema_py_generated as schema
import numpy as np
import onnx

from .tflite_file import Quantization
from .tflite_graph import Stored, TfliteGraph, Value, attribute

_RELU6: Final = 6.0
_BILINEAR: Final = (("linear", "half_pixel"), ("linear", "pytorch_half_pixel"))


class PictureGraph(TfliteGraph):
    """A graph whose pictures have their channels last."""

    def convolution(
        self,
        node: onnx.NodeProto,
        wanted: Quantization | None = None,
        activation: int = schema.ActivationFunctionType.NONE,
    ) -> Value:
        """Write a convolution, in int8 where `wanted` says how."""
        name, weight, bias = node.input
        source = self.value(name) if wanted is None else self.int8(name)
        stored, offsets = self.stored(weight), self.stored(bias)
        if source is None or stored is None or offsets is None:
            raise ValueError(f"{node.name}: its weights must be constants")
        picture = self.pixels(source, name)
        strides, pads = attribute(node, "strides"), attribute(node, "pads")
        same = pads == _same_padding(self.shapes[name][2:], _kernel(node), strides)
        if any(pads) and not same:
            picture = self._padded(picture, name, pads)
        grouped = attribute(node, "group") > 1
        options = _convolution_options(grouped, same, strides, activation)
        moved = stored.moved(1, 2, 3, 0) if grouped else stored.moved(0, 2, 3, 1)
        index = self.made(
            "DEPTHWISE_CONV_2D" if grouped else "CONV_2D",
            node.output[0],
            [picture, self.constant(weight, moved), self.constant(bias, offsets)],
            options,
            kind="float32" if wanted is None else "int8",
            quantization=wanted,
            channels_last=True,
        )
        return Value(index, channels_last=True)

    def _padded(self, index: int, name: str, pads: list[int]) -> int:
        made = self.file.tensors[index]
        top, left, bottom, right = pads
        amounts = np.array([[0, 0], [top, bottom], [left, right], [0, 0]], np.int32)
        shape = tuple(
            size + before + after
            for size, (before, after) in zip(made.shape, amounts.tolist(), strict=True)
        )
        output = self.file.tensor(f"{name}/padded", shape, made.kind, made.quantization)
        sizes = self.constant(f"{name}/pads", Stored(amounts))
        return self.file.operator("PAD", [index, sizes], output, schema.PadOptionsT())

    def clip(self, node: onnx.NodeProto) -> Value:
        """Write a clip from 0 to 6 as part of the convolution before it."""
        low, high = (self.constants[name] for name in node.input[1:])
        if (float(low), float(high)) != (0.0, _RELU6):
            raise ValueError(f"{node.name}: only a clip from 0 to 6 is known here")
        maker = self.makers[node.input[0]]
        if maker.op_type != "Conv" or len(self.users[node.input[0]]) > 1:
            raise ValueError(f"{node.name}: a clip must follow a convolution")
        return self.convolution(maker, None, schema.ActivationFunctionType.RELU6)

    def enlarged(self, node: onnx.NodeProto) -> Value:
        """Write a picture of another size."""
        name, output = node.input[0], node.output[0]
        keys = ("mode", "coordinate_transformation_mode")
        how = tuple(attribute(node, key) for key in keys)
        if how not in _BILINEAR:
            raise ValueError(f"{output}: only bilinear enlarging is known here")
        size = np.array(self.shapes[output][2:], np.int32)
        options = schema.ResizeBilinearOptionsT()
        options.halfPixelCenters, options.alignCorners = True, False
        picture = self.pixels(self.value(name), name)
        inputs = [picture, self.constant(f"{output}/size", Stored(size))]
        index = self.made(
            "RESIZE_BILINEAR", output, inputs, options, channels_last=True
        )
        return Value(index, channels_last=True)


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


def _kernel(node: onnx.NodeProto) -> list[int]:
    """Return a kernel's height and width."""
    return list(attribute(node, "kernel_shape"))


def _same_padding(
    picture: Sequence[int], kernel: Sequence[int], strides: Sequence[int]
) -> list[int]:
    """Return how TensorFlow pads a picture of this height and width."""
    before, after = [], []
    for size, reach, stride in zip(picture, kernel, strides, strict=True):
        missing = max((math.ceil(size / stride) - 1) * stride + reach - size, 0)
        before.append(missing // 2)
        after.append(missing - missing // 2)
    return [*before, *after]
