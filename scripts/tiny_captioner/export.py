"""Export to ONNX: an encoder run once per photo, a decoder run once per word."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
import warnings

import onnx
from onnx import helper
import torch
from torch import Tensor, nn

from .data import BOS, FEATURE_SIZE, IMAGE_SIZE, REGIONS
from .encoders import Eyes
from .lstm import LstmDecoder
from .model import CaptionDecoder, KeyValue

OPSET = 17
FLOAT = onnx.TensorProto.FLOAT
PARTS = ("encoder.onnx", "decoder.onnx")
LSTM_PARTS = ("connector.onnx", "decoder.onnx")
PIXELS = "pixel_values"
FEATURES = "image_features"
"""The encoder's output beside the decoder's: what other heads read."""
BEHIND = (0, 0, 1, 1)
"""What TensorFlow pads where a stride of 2 meets an even size: right and bottom."""
LITE_PADDING = "/static_padding/"


class _Encoder(nn.Module):
    def __init__(self, modules: nn.ModuleDict) -> None:
        super().__init__()
        self.encoder = modules["encoder"]
        self.decoder = modules["decoder"]

    def forward(self, pixel_values: Tensor) -> tuple[Tensor, ...]:
        """Return the photo's keys and values, layer by layer, and its features."""
        if isinstance(self.encoder, Eyes):
            shared, lower = self.encoder.lower(pixel_values)
            seen = self.encoder.encoder.upper(shared)
            memory = self.decoder.memory_of(seen, self.encoder.detector.upper(lower))
        else:
            shared = self.encoder(pixel_values)
            memory = self.decoder.memory_of(shared)
        return (*(tensor for pair in memory for tensor in pair), shared)


class _Decoder(nn.Module):
    def __init__(self, decoder: nn.Module) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, input_ids: Tensor, *flat: Tensor) -> tuple[Tensor, ...]:
        """Return logits and the keys and values, grown by one word."""
        pairs = list(zip(flat[::2], flat[1::2], strict=True))
        layers = len(pairs) // 2
        logits, present = self.decoder(input_ids, pairs[layers:], pairs[:layers])
        return (logits, *(tensor for pair in present for tensor in pair))


def cache_names(prefix: str, kind: str, layers: int) -> list[str]:
    """Return names such as `present.0.encoder.key`, layer by layer."""
    return [
        f"{prefix}.{layer}.{kind}.{part}"
        for layer in range(layers)
        for part in ("key", "value")
    ]


def export_graph(
    module: nn.Module,
    arguments: tuple[Tensor, ...],
    path: Path,
    names: tuple[list[str], list[str]],
    axes: dict[str, dict[int, str]],
) -> None:
    """Write a module as a graph; `names` are those of its inputs and outputs."""
    with warnings.catch_warnings():
        # The tracing exporter is deprecated, but the other one can't be trusted
        # with a past of length zero
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(),
            arguments,
            path,
            input_names=names[0],
            output_names=names[1],
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )
    onnx.checker.check_model(str(path))


def export_float(modules: nn.ModuleDict, folder: Path) -> None:
    """Write `encoder.onnx` and `decoder.onnx` in float32."""
    folder.mkdir(parents=True, exist_ok=True)
    pixels = torch.zeros(1, 3, IMAGE_SIZE, IMAGE_SIZE)
    decoder = modules["decoder"].eval()
    layers = decoder.config.layers
    seen = [*cache_names("present", "encoder", layers), FEATURES]
    encoder, path = _Encoder(modules), folder / PARTS[0]
    export_graph(encoder, (pixels,), path, ([PIXELS], seen), {})
    with torch.no_grad():
        *flat, shared = encoder(pixels)
    model = onnx.load(path)
    _fold_padding(model)
    _tell_shapes(model, (*flat, shared))
    onnx.save(model, path)
    memory = list(zip(flat[::2], flat[1::2], strict=True))
    _export_decoder(decoder, memory, folder / PARTS[1])


def _export_decoder(
    decoder: CaptionDecoder, memory: Sequence[KeyValue], path: Path
) -> None:
    """Write a decoder whose rows read the keys and values of one photo."""
    layers = decoder.config.layers
    with torch.no_grad():
        _, past = decoder(torch.full((2, 1), BOS), memory, decoder.empty_past(2))
    flat = [tensor for pair in (*past, *memory) for tensor in pair]
    past_names = cache_names("past_key_values", "decoder", layers)
    photo_names = cache_names("past_key_values", "encoder", layers)
    present_names = cache_names("present", "decoder", layers)
    axes = {"input_ids": {0: "batch"}, "logits": {0: "batch"}}
    axes |= {name: {0: "batch", 2: "past"} for name in past_names}
    # Several looks at the photo stand behind one another
    axes |= {name: {2: "regions"} for name in photo_names}
    axes |= {name: {0: "batch", 2: "length"} for name in present_names}
    names = (["input_ids", *past_names, *photo_names], ["logits", *present_names])
    export_graph(_Decoder(decoder), (torch.full((2, 1), BOS), *flat), path, names, axes)


def _tell_shapes(model: onnx.ModelProto, outputs: Sequence[Tensor]) -> None:
    """Say what shapes the outputs have: the exporter can't tell of all."""
    for entry, values in zip(model.graph.output, outputs, strict=True):
        sizes = list(values.shape)
        entry.CopyFrom(helper.make_tensor_value_info(entry.name, FLOAT, sizes))


def _fold_padding(model: onnx.ModelProto) -> None:
    """Let the detector's convolutions pad their input themselves, without a copy."""
    pads = {
        node.output[0]: node
        for node in model.graph.node
        if node.op_type == "Pad" and LITE_PADDING not in node.name
    }
    for node in model.graph.node:
        if node.op_type == "Conv" and (padding := pads.get(node.input[0])):
            (attribute,) = (a for a in node.attribute if a.name == "pads")
            attribute.ints[:] = BEHIND
            node.input[0] = padding.input[0]
    left = [node for node in model.graph.node if node.output[0] not in pads]
    del model.graph.node[:]
    model.graph.node.extend(left)


class _Connector(nn.Module):
    def __init__(self, decoder: LstmDecoder) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, image_features: Tensor) -> tuple[Tensor, ...]:
        """Return the state in which the photo leaves the LSTM."""
        return self.decoder.photo_memory(image_features)[0]


class _LstmStep(nn.Module):
    def __init__(self, decoder: LstmDecoder) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, input_ids: Tensor, hidden: Tensor, cell: Tensor) -> Any:
        """Return logits and the state after one word."""
        logits, present = self.decoder(input_ids, [], [(hidden, cell)])
        return (logits, *present[0])


def export_lstm(decoder: LstmDecoder, folder: Path) -> None:
    """Write `connector.onnx` and `decoder.onnx` in float32."""
    folder.mkdir(parents=True, exist_ok=True)
    state = [f"0.lstm.{part}" for part in ("hidden", "cell")]
    present = [f"present.{name}" for name in state]
    past = [f"past_key_values.{name}" for name in state]
    features = torch.zeros(1, REGIONS, FEATURE_SIZE)
    names = ([FEATURES], present)
    export_graph(_Connector(decoder), (features,), folder / LSTM_PARTS[0], names, {})
    empty = torch.zeros(2, decoder.config.width)
    axes = {name: {0: "batch"} for name in ("input_ids", "logits", *past, *present)}
    export_graph(
        _LstmStep(decoder),
        (torch.full((2, 1), BOS), empty, empty),
        folder / LSTM_PARTS[1],
        (["input_ids", *past], ["logits", *present]),
        axes,
    )
