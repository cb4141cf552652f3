"""int8 versions of exported graphs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
import tempfile
from typing import Any

import numpy as np
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_dynamic,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import Tensor

from .data import write_bytes
from .export import LSTM_PARTS, PARTS, PIXELS
from .looks import Look, each_look_at


def quantize_lstm(source: Path, target: Path) -> None:
    """Write int8 versions of both parts."""
    target.mkdir(parents=True, exist_ok=True)
    for part in LSTM_PARTS:
        quantize_weights(source / part, target / part)


def quantize_weights(
    source: Path,
    target: Path,
    *,
    operators: Sequence[str] = ("MatMul", "Gemm", "Gather"),
    reduce_range: bool = True,
) -> None:
    """Write a version of a graph whose matrix products are dynamically int8."""
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        prepared, small = Path(scratch) / "prepared.onnx", Path(scratch) / "int8.onnx"
        quant_pre_process(source, prepared, skip_symbolic_shape=True)
        quantize_dynamic(
            prepared,
            small,
            op_types_to_quantize=list(operators),
            per_channel=True,
            reduce_range=reduce_range,
            weight_type=QuantType.QInt8,
        )
        write_bytes(target, small.read_bytes())


@dataclass(frozen=True, slots=True)
class Int8Settings:
    """How an exported captioner is rounded."""

    looks: tuple[Look, ...]
    pixels: Tensor
    """Photos that calibrate the encoder, in each of the looks."""
    reduce_range: bool = True
    """7-bit weights: machines without VNNI add pairs of u8 x s8 products in 16 bits,
    which saturate with full 8-bit ones."""


class _Calibration(CalibrationDataReader):  # type: ignore[misc]
    """Every look at every photo."""

    def __init__(self, settings: Int8Settings) -> None:
        self._seen: Iterator[Tensor] = (
            look
            for photo in settings.pixels.split(1)
            for look in each_look_at(photo, settings.looks)
        )

    def get_next(self) -> dict[str, np.ndarray[Any, Any]] | None:
        """Return the next look as the encoder's input."""
        seen = next(self._seen, None)
        return None if seen is None else {PIXELS: seen.numpy()}


def quantize(source: Path, target: Path, settings: Int8Settings) -> None:
    """Write int8 versions of both parts of a captioner."""
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        encoder = _int8_encoder(source / PARTS[0], Path(scratch), settings)
    write_bytes(target / PARTS[0], encoder)
    quantize_weights(
        source / PARTS[1],
        target / PARTS[1],
        operators=("MatMul", "Gather"),
        reduce_range=settings.reduce_range,
    )


def _int8_encoder(source: Path, scratch: Path, settings: Int8Settings) -> bytes:
    """Return the encoder of one look, calibrated by all."""
    prepared, small = scratch / "prepared.onnx", scratch / "int8.onnx"
    quant_pre_process(source, prepared, skip_symbolic_shape=True)
    quantize_static(
        prepared,
        small,
        _Calibration(settings),
        quant_format=QuantFormat.QDQ,
        # What else there is after the backbone is small and loses precision
        op_types_to_quantize=["Conv", "Clip", "Add", "MatMul", "Gemm"],
        per_channel=True,
        reduce_range=settings.reduce_range,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod.MinMax,
        extra_options={"WeightSymmetric": True, "ActivationSymmetric": False},
    )
    return small.read_bytes()
