"""Which layer of a converted graph drifts away from PyTorch.

Both are run on the same input, and what each layer gives out is compared, in the order
in which they are computed. Nodes of a traced graph are named after the modules that
made them: the last node of a layer gives what the layer gives.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
import re
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
import torch
from torch import Tensor, nn

_COMPARED: Final = ("Linear", "Conv1D", "Conv2d", "LayerNorm")
_QUIET: Final = 1e-4
"""Relative error that float32 arithmetic explains."""
_ERRORS_ONLY: Final = 3


@dataclass(frozen=True, slots=True)
class LayerDrift:
    """How far one layer's outputs are from PyTorch's."""

    layer: str
    scope: str
    """How the names of the layer's nodes begin."""
    error: float
    """Root mean square of the difference, over that of PyTorch's values."""
    growth: float
    """How many times the error of the layer before."""


def layer_drift(
    module: nn.Module,
    inputs: Sequence[Tensor],
    exact: Path,
    converted: Path,
    *,
    quiet: float = _QUIET,
) -> list[LayerDrift]:
    """Return each layer's drift, first layer first.

    `exact` is the float32 graph that was traced from the module: its node names tell
    where each part's output is; `converted` is the graph that is judged. `quiet` is
    the error that its arithmetic explains.
    """
    graph = onnx.load(str(exact)).graph
    wanted = _tensors_of_layers(module, graph)
    theirs = _outputs_of_layers(module, inputs, list(wanted))
    wanted |= {value.name: value.name for value in graph.output}
    with torch.no_grad():
        last = zip(graph.output, module(*inputs), strict=True)
        # a step's own keys and values are part of what its layers do
        theirs |= {
            value.name: tensor.numpy()
            for value, tensor in last
            if ".decoder." not in value.name
        }
    names = {layer: wanted[layer] for layer in theirs}
    ours = _tensors(converted, graph, inputs, list(names.values()))
    errors: dict[str, float] = {}
    for layer, value in theirs.items():
        found = ours.get(names[layer])
        if found is not None and found.size == value.size:
            errors[layer] = _relative(found.reshape(value.shape), value)
    return _with_growth(errors, quiet)


def drifting(
    layers: Sequence[LayerDrift], *, quiet: float = _QUIET
) -> LayerDrift | None:
    """Return the layer in which the error grows most, None if none drifts."""
    suspects = [layer for layer in layers if layer.error > quiet]
    return max(suspects, key=lambda layer: layer.growth, default=None)


def _with_growth(errors: Mapping[str, float], quiet: float) -> list[LayerDrift]:
    found: list[LayerDrift] = []
    before = quiet
    for layer, error in errors.items():
        scope = f"{_scope_of(layer)}/"
        found.append(LayerDrift(layer, scope, error, error / before))
        before = max(error, quiet)
    return found


def _tensors_of_layers(module: nn.Module, graph: Any) -> dict[str, str]:
    """Return for each layer the tensor that holds what it gives out."""
    layers = [name for name, part in module.named_modules() if _is_layer(name, part)]
    found = {}
    for name in layers:
        scope = f"{_scope_of(name)}/"
        for node in graph.node:
            if node.name.startswith(scope) and node.op_type != "Constant":
                found[name] = node.output[0]
    return found


def _is_layer(name: str, part: nn.Module) -> bool:
    """Return whether a module is one of several, or a norm or product beside them."""
    numbered = re.search(r"(^|\.)\d+($|\.)", name)
    if numbered is None:
        return type(part).__name__ in _COMPARED
    return name.rpartition(".")[2].isdigit()


def _scope_of(name: str) -> str:
    """Return a module's place in node names: a number stays with what it numbers."""
    return "/" + re.sub(r"\.(?!\d+(\.|$))", "/", name)


def _outputs_of_layers(
    module: nn.Module, inputs: Sequence[Tensor], names: Sequence[str]
) -> dict[str, npt.NDArray[Any]]:
    found: dict[str, npt.NDArray[Any]] = {}
    parts = dict(module.named_modules())

    def keep(name: str) -> Any:
        def hook(_part: Any, _given: Any, output: Any) -> None:
            first = output[0] if isinstance(output, tuple) else output
            found[name] = first.detach().numpy()

        return hook

    hooks = [parts[name].register_forward_hook(keep(name)) for name in names]
    try:
        with torch.no_grad():
            module(*inputs)
    finally:
        for hook in hooks:
            hook.remove()
    return found


def _tensors(
    path: Path, exact: Any, inputs: Sequence[Tensor], names: Sequence[str]
) -> dict[str, npt.NDArray[Any]]:
    """Return inner tensors of a graph that is run once."""
    model = onnx.load(str(path))
    there = {name for node in model.graph.node for name in node.output}
    outside = {value.name for value in model.graph.output}
    shown = [name for name in dict.fromkeys(names) if name in there]
    for name in shown:
        if name not in outside:
            model.graph.output.append(onnx.helper.make_empty_tensor_value_info(name))
    options = ort.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    session = ort.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    order = [value.name for value in exact.input]
    feeds = dict(zip(order, (value.numpy() for value in inputs), strict=True))
    return dict(zip(shown, session.run(shown, feeds), strict=True))


def _relative(ours: npt.NDArray[Any], theirs: npt.NDArray[Any]) -> float:
    difference = np.sqrt(np.mean((ours - theirs) ** 2))
    return float(difference / (np.sqrt(np.mean(theirs**2)) + 1e-12))
