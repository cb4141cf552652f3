"""What reads the encoder's middle: its upper half, joined to a head's graph.

The captioner trains its own upper half further than the one that the heads (scorer,
LSTM) learned from, so each head's graph begins with the latter.
"""

from collections.abc import Collection

import onnx
from onnx import compose, helper

from .data import FEATURE_SIZE, REGIONS
from .export import FEATURES

LOWER_CONVOLUTIONS = 45
"""Of Lite2's lower half: the stem's, two in the first block, three in each other."""
_PREFIX = "upper."
MIDDLE = (1, 120, 14, 14)
"""What the encoder gives one photo's heads to read."""
_ROUNDING = ("QuantizeLinear", "DequantizeLinear")


def upper_of_encoder(encoder: onnx.ModelProto) -> onnx.ModelProto:
    """Return what makes the features of a whole EfficientNet-Lite2 from its middle."""
    needed = _makers(encoder.graph, {FEATURES})
    backbone = [node for node in needed if node.op_type == "Conv"]
    middle = _unrounded(encoder.graph, backbone[LOWER_CONVOLUTIONS].input[0])
    return _part(encoder, middle, FEATURES)


def upper_of_head(head: onnx.ModelProto) -> onnx.ModelProto:
    """Return the upper half that a head's graph begins with."""
    return _part(head, FEATURES, f"{_PREFIX}{FEATURES}")


def with_upper(upper: onnx.ModelProto, head: onnx.ModelProto) -> onnx.ModelProto:
    """Return a head that reads the encoder's middle as its `image_features`."""
    first = onnx.ModelProto()
    first.CopyFrom(upper)
    first.ir_version = head.ir_version
    (entry,), (result,) = first.graph.input, first.graph.output
    if not result.name.startswith(_PREFIX):
        first = compose.add_prefix(first, _PREFIX)
        (entry,), (result,) = first.graph.input, first.graph.output
    _rename(first.graph, entry.name, f"{_PREFIX}middle")
    ends = [(first.graph.output[0].name, FEATURES)]
    model = compose.merge_models(first, head, io_map=ends)
    _rename(model.graph, f"{_PREFIX}middle", FEATURES)
    onnx.checker.check_model(model)
    return model


def _part(model: onnx.ModelProto, begin: str, end: str) -> onnx.ModelProto:
    nodes = _makers(model.graph, {end}, given={begin})
    read = {name for node in nodes for name in node.input}
    kind = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "upper",
        [helper.make_tensor_value_info(begin, kind, MIDDLE)],
        [helper.make_tensor_value_info(end, kind, (1, REGIONS, FEATURE_SIZE))],
        [entry for entry in model.graph.initializer if entry.name in read],
    )
    return helper.make_model(
        graph, opset_imports=model.opset_import, ir_version=model.ir_version
    )


def _rename(graph: onnx.GraphProto, old: str, new: str) -> None:
    for node in graph.node:
        node.name = ""  # long names of 400 nodes take more room than a layer
        node.input[:] = [new if name == old else name for name in node.input]
    for entry in graph.input:
        entry.name = new if entry.name == old else entry.name


def _unrounded(graph: onnx.GraphProto, name: str) -> str:
    """Return what a value was before an int8 graph rounded it."""
    makers = {output: node for node in graph.node for output in node.output}
    while name in makers and makers[name].op_type in _ROUNDING:
        name = makers[name].input[0]
    return name


def _makers(
    graph: onnx.GraphProto, wanted: Collection[str], given: Collection[str] = ()
) -> list[onnx.NodeProto]:
    """Return the nodes that make some values of others, in their order."""
    needed, found = set(wanted), []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            needed.update(set(node.input) - set(given))
            found.append(node)
    return found[::-1]
