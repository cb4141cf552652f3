"""Turn the shipped int8 graphs back into a trainable model.

The checkpoints of a training are not kept: this starts the next one where the last
one ended. Batch norm was folded into the convolutions, so it comes back as a bias.
"""

from collections.abc import Iterator
from pathlib import Path
import re
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper
import torch
from torch import Tensor, nn

from .data import Vocabulary
from .export import PARTS
from .model import CaptionDecoder, ImageEncoder, ModelConfig

Array = np.ndarray[Any, np.dtype[np.float32]]


class _Graph:
    """The constants of a graph, int8 ones brought back to float32."""

    def __init__(self, path: Path) -> None:
        self.nodes = onnx.load(path).graph.node
        self._stored = {
            entry.name: numpy_helper.to_array(entry)
            for entry in onnx.load(path).graph.initializer
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


def _convolutions(graph: _Graph) -> Iterator[tuple[Array, Array]]:
    """Yield weight and bias in the order of the network."""
    found = [node for node in graph.nodes if node.op_type == "Conv"]
    for node in sorted(found, key=lambda n: int(re.findall(r"_(\d+)", n.input[1])[0])):
        yield graph.value(node.input[1]), graph.value(node.input[2])


@torch.no_grad()
def _fill_encoder(encoder: ImageEncoder, graph: _Graph) -> None:
    parts = [p for p in encoder.modules() if isinstance(p, nn.Conv2d | nn.BatchNorm2d)]
    convolutions = _convolutions(graph)
    for convolution, norm in zip(parts[::2], parts[1::2], strict=True):
        if not isinstance(norm, nn.BatchNorm2d):
            raise TypeError("a convolution without batch norm can't be restored")
        weight, bias = next(convolutions)
        convolution.weight.copy_(torch.from_numpy(weight))
        norm.weight.fill_(1.0)
        norm.bias.copy_(torch.from_numpy(bias))
        norm.running_mean.zero_()
        norm.running_var.fill_(1.0 - norm.eps)


def _encoder_linears(graph: _Graph) -> Iterator[tuple[str, Tensor]]:
    """Yield what the decoder computes once per photo."""
    for node in graph.nodes:
        if node.op_type == "Gemm":
            bias = node.input[2]
            stem = bias.removeprefix("decoder.").removesuffix(".bias")
            weight = graph.value(node.input[1], axis=1)
            yield f"{stem}.weight", torch.from_numpy(weight.T.copy())
            yield f"{stem}.bias", torch.from_numpy(graph.value(bias))
    for name in ("project_norm.weight", "project_norm.bias"):
        yield name, torch.from_numpy(graph.value(f"decoder.{name}"))
    yield "grid", torch.from_numpy(graph.value("decoder.grid_DequantizeLinear_Output"))


def _decoder_linears(graph: _Graph) -> Iterator[tuple[str, Tensor]]:
    """Yield every weight that a bias is added to; the last one is the embedding."""
    products = {n.name: n for n in graph.nodes if n.op_type == "MatMulInteger"}
    for node in graph.nodes:
        bias = node.input[0] if node.op_type == "Add" else ""
        if bias.startswith("decoder."):
            product = products[node.input[1].replace("_output_0", "_quant")]
            stem = bias.removeprefix("decoder.").removesuffix("bias")
            weight = graph.matrix(product.input[1]).T.copy()
            yield f"{stem or 'embed.'}weight", torch.from_numpy(weight)


def restore(folder: Path, backbone: str) -> tuple[ModelConfig, nn.ModuleDict]:
    """Return the model whose int8 graphs lie in a folder."""
    words = Vocabulary.read(folder / "vocabulary.txt")
    config = ModelConfig(len(words), backbone=backbone)
    encoder, decoder = ImageEncoder(backbone), CaptionDecoder(config)
    photo, text = (_Graph(folder / part) for part in PARTS)
    _fill_encoder(encoder, photo)
    state = dict(decoder.state_dict())
    filled: dict[str, Tensor] = {
        **dict(_encoder_linears(photo)),
        **dict(_decoder_linears(text)),
        "position.weight": torch.from_numpy(text.matrix("decoder.position.weight")),
    }
    for name in set(state) - set(filled):
        filled[name] = torch.from_numpy(text.value(f"decoder.{name}"))
    decoder.load_state_dict(filled)
    return config, nn.ModuleDict({"encoder": encoder, "decoder": decoder})
