"""Export to ONNX: an encoder run once per photo, a decoder run once per word."""

from collections.abc import Iterator
import logging
from pathlib import Path
import tempfile
from typing import Any
import warnings

import numpy as np
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_dynamic,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process
import torch
from torch import Tensor, nn

from .data import (
    BOS,
    FEATURE_SIZE,
    IMAGE_SIZE,
    REGIONS,
    Vocabulary,
    normalize,
    write_bytes,
)
from .lstm import LstmDecoder
from .model import CaptionDecoder

_LOGGER = logging.getLogger(__name__)

OPSET = 17
CALIBRATION_PHOTOS = 200
PARTS = ("encoder.onnx", "decoder.onnx")
LSTM_PARTS = ("connector.onnx", "decoder.onnx")
FEATURES = "image_features"
"""The encoder's output beside the decoder's: what other heads read."""


class _Encoder(nn.Module):
    def __init__(self, modules: nn.ModuleDict) -> None:
        super().__init__()
        self.encoder = modules["encoder"]
        self.decoder = modules["decoder"]

    def forward(self, pixel_values: Tensor) -> tuple[Tensor, ...]:
        """Return the photo's keys and values, layer by layer, and its features."""
        features = self.encoder(pixel_values)
        memory = self.decoder.photo_memory(features)
        return (*(tensor for pair in memory for tensor in pair), features)


class _Decoder(nn.Module):
    def __init__(self, decoder: CaptionDecoder) -> None:
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
    decoder = modules["decoder"]
    layers = decoder.config.layers
    pixels = torch.zeros(1, 3, IMAGE_SIZE, IMAGE_SIZE)
    photo_names = cache_names("present", "encoder", layers)
    export_graph(
        _Encoder(modules),
        (pixels,),
        folder / PARTS[0],
        (["pixel_values"], [*photo_names, FEATURES]),
        {},
    )
    with torch.no_grad():
        memory = decoder.photo_memory(modules["encoder"].eval()(pixels))
        _, past = decoder(torch.full((2, 1), BOS), memory, decoder.empty_past(2))
    flat = [tensor for pair in (*past, *memory) for tensor in pair]
    past_names = cache_names("past_key_values", "decoder", layers)
    present_names = cache_names("present", "decoder", layers)
    axes = {"input_ids": {0: "batch"}, "logits": {0: "batch"}}
    axes |= {name: {0: "batch", 2: "past"} for name in past_names}
    axes |= {name: {0: "batch", 2: "length"} for name in present_names}
    export_graph(
        _Decoder(decoder),
        (torch.full((2, 1), BOS), *flat),
        folder / PARTS[1],
        (
            [
                "input_ids",
                *past_names,
                *cache_names("past_key_values", "encoder", layers),
            ],
            ["logits", *present_names],
        ),
        axes,
    )


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


def quantize_lstm(source: Path, target: Path) -> None:
    """Write int8 versions of both parts."""
    target.mkdir(parents=True, exist_ok=True)
    for part in LSTM_PARTS:
        quantize_weights(source / part, target / part)


def quantize_weights(source: Path, target: Path, *, reduce_range: bool = True) -> None:
    """Write a version of a graph whose matrix products are dynamically int8."""
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        prepared, small = Path(scratch) / "prepared.onnx", Path(scratch) / "int8.onnx"
        quant_pre_process(source, prepared, skip_symbolic_shape=True)
        quantize_dynamic(
            prepared,
            small,
            op_types_to_quantize=["MatMul", "Gemm", "Gather"],
            per_channel=True,
            reduce_range=reduce_range,
            weight_type=QuantType.QInt8,
        )
        write_bytes(target, small.read_bytes())


class _Calibration(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, pixels: Tensor) -> None:
        self._photos: Iterator[Tensor] = iter(pixels.split(1))

    def get_next(self) -> dict[str, np.ndarray[Any, Any]] | None:
        """Return the next photo as the encoder's input."""
        photo = next(self._photos, None)
        if photo is None:
            return None
        return {"pixel_values": normalize(photo).contiguous().numpy()}


def _float_nodes(model: onnx.ModelProto) -> list[str]:
    """Return the nodes after the backbone that are kept in float32.

    Only their matrix products are worth quantising: the rest is small and
    loses precision.
    """
    return [
        node.name
        for node in model.graph.node
        if "/decoder/" in node.name and node.op_type not in ("MatMul", "Gemm")
    ]


def quantize(source: Path, target: Path, pixels: Tensor, *, reduce_range: bool) -> None:
    """Write int8 versions of both parts; `pixels` calibrate the encoder.

    Machines without VNNI add pairs of u8 x s8 products in 16 bits, which saturate
    with full 8-bit weights; the 7-bit weights of `reduce_range` can't.
    """
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        folder = Path(scratch)
        for part in PARTS:
            quant_pre_process(source / part, folder / part, skip_symbolic_shape=True)
        quantize_static(
            folder / PARTS[0],
            folder / "encoder.int8.onnx",
            _Calibration(pixels),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv", "Clip", "Add", "MatMul", "Gemm"],
            per_channel=True,
            reduce_range=reduce_range,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=_float_nodes(onnx.load(folder / PARTS[0])),
            calibrate_method=CalibrationMethod.MinMax,
            extra_options={"WeightSymmetric": True, "ActivationSymmetric": False},
        )
        quantize_dynamic(
            folder / PARTS[1],
            folder / "decoder.int8.onnx",
            op_types_to_quantize=["MatMul", "Gather"],
            per_channel=True,
            reduce_range=reduce_range,
            weight_type=QuantType.QInt8,
        )
        for part in PARTS:
            quantized = folder / part.replace(".onnx", ".int8.onnx")
            write_bytes(target / part, quantized.read_bytes())


def export_all(
    modules: nn.ModuleDict,
    words: Vocabulary,
    pixels: Tensor,
    folders: tuple[Path, Path],
    *,
    reduce_range: bool = True,
) -> None:
    """Write the float32 parts to one folder, int8 and the vocabulary to the other."""
    source, target = folders
    export_float(modules, source)
    order = torch.randperm(len(pixels), generator=torch.Generator().manual_seed(0))
    chosen = pixels[order[:CALIBRATION_PHOTOS]]
    quantize(source, target, chosen, reduce_range=reduce_range)
    words.write(target / "vocabulary.txt")
    for path in sorted(target.iterdir()):
        _LOGGER.info("%s: %d bytes", path.name, path.stat().st_size)
