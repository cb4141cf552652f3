"""One graph of two decoders: without a past, and with one.

The form that the hub's converted decoders have: the input `use_cache_branch` chooses.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import onnx
from onnx import TensorProto, helper, numpy_helper

BRANCH: Final = "use_cache_branch"
_SHARED: Final = "shared/"


def merge_decoders(first: Path, later: Path, target: Path) -> None:
    """Write a decoder that starts with the one graph and goes on with the other.

    What the second has no output for comes out empty, as in the hub's files: a caller
    keeps what the first step gave.
    """
    graphs = [onnx.load(str(path)).graph for path in (first, later)]
    weights: dict[str, TensorProto] = {}
    branches = []
    for graph, prefix in zip(graphs, ("no_past", "with_past"), strict=True):
        renamed = _share_weights(graph, weights)
        branches.append(_branch(graph, prefix, renamed, graphs[0].output))
    inputs = {value.name: value for graph in graphs for value in graph.input}
    choice = helper.make_tensor_value_info(BRANCH, TensorProto.BOOL, [1])
    node = helper.make_node(
        "If",
        [BRANCH],
        [value.name for value in graphs[0].output],
        name="choose",
        then_branch=branches[1],
        else_branch=branches[0],
    )
    merged = helper.make_graph(
        [node],
        "decoder_model_merged",
        [*inputs.values(), choice],
        list(graphs[0].output),
        list(weights.values()),
    )
    opset = onnx.load(str(first), load_external_data=False).opset_import
    model = helper.make_model(merged, opset_imports=opset, ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, str(target))


def _share_weights(graph: Any, weights: dict[str, TensorProto]) -> dict[str, str]:
    """Move a graph's weights out; equal ones of both graphs become one."""
    renamed = {}
    for tensor in graph.initializer:
        data = numpy_helper.to_array(tensor)
        kind = f"{data.dtype}{data.shape}".encode()
        name = _SHARED + sha256(kind + data.tobytes()).hexdigest()[:16]
        renamed[tensor.name] = name
        if name not in weights:
            copy = TensorProto()
            copy.CopyFrom(tensor)
            copy.name = name
            weights[name] = copy
    return renamed


def _branch(
    graph: Any, prefix: str, weights: dict[str, str], outputs: Sequence[Any]
) -> Any:
    """Return a graph as a branch, whose own names begin with the prefix."""
    renamed = {value.name: value.name for value in graph.input} | weights | {"": ""}
    for node in graph.node:
        renamed |= {name: f"{prefix}/{name}" for name in node.output if name}
        node.name = f"{prefix}/{node.name}"
    for node in graph.node:
        _rename(node.input, renamed)
        _rename(node.output, renamed)
    nodes = list(graph.node)
    found = {value.name for value in graph.output}
    results = []
    for value in outputs:
        name = renamed.get(value.name, f"{prefix}/{value.name}")
        if value.name not in found:
            nodes.append(_empty(name, value))
        results.append(_named(value, name))
    return helper.make_graph(nodes, prefix, [], results)


def _rename(names: Any, renamed: dict[str, str]) -> None:
    new = [renamed[name] for name in names]
    del names[:]
    names.extend(new)


def _empty(name: str, value: Any) -> Any:
    sizes = [size.dim_value for size in value.type.tensor_type.shape.dim]
    shape = [0, *(size or 1 for size in sizes[1:])]
    tensor = helper.make_tensor(name, TensorProto.FLOAT, shape, [])
    return helper.make_node("Constant", [], [name], name=f"{name}/empty", value=tensor)


def _named(value: Any, name: str) -> Any:
    return helper.make_tensor_value_info(
        name, value.type.tensor_type.elem_type, _open(value)
    )


def _open(value: Any) -> Iterable[int | str]:
    """Return the sizes of an output whose branches disagree about them."""
    dims = value.type.tensor_type.shape.dim
    return [d.dim_value or f"{value.name}/{i}" for i, d in enumerate(dims)]
