"""float32 graphs to int8: matrix products as they run, convolutions by calibration.

Weights have 7 bits: machines without VNNI add pairs of products in 16 bits, which
saturate with full 8-bit weights. Each operator has its own treatment: products and
tables are quantized by output channel, whatever else stays in float32.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
import tempfile
from typing import Any, Final
import warnings

import numpy as np
import numpy.typing as npt
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

Arrays = Sequence[npt.NDArray[Any]]

PRODUCTS: Final = ("MatMul", "Gemm", "Gather")
CONVOLUTIONS: Final = ("Conv", "Clip", "Add", "MatMul", "Gemm")


def is_convolution_net(path: Path) -> bool:
    """Return whether most of a graph's work is convolutions."""
    graph = onnx.load(str(path), load_external_data=False).graph
    kinds = [node.op_type for node in graph.node]
    return kinds.count("Conv") > kinds.count("MatMul") + kinds.count("Gemm")


def quantize(
    source: Path, target: Path, *, inputs: Arrays = (), keep: Sequence[str] = ()
) -> None:
    """Write an int8 version of a graph.

    `inputs` calibrate a convolution net. Nodes below any scope of `keep` (such as
    `/decoder/layers.3/`) stay in float32.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        prepared, small = Path(scratch) / "prepared.onnx", Path(scratch) / "int8.onnx"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
            if inputs and is_convolution_net(source):
                _calibrated(prepared, small, inputs, keep)
            else:
                _as_it_runs(prepared, small, keep)
        small.replace(target)


def _as_it_runs(source: Path, target: Path, keep: Sequence[str]) -> None:
    quantize_dynamic(
        str(source),
        str(target),
        op_types_to_quantize=list(PRODUCTS),
        per_channel=True,
        reduce_range=True,
        weight_type=QuantType.QInt8,
        nodes_to_exclude=_below(source, keep),
    )


def _calibrated(
    source: Path, target: Path, inputs: Arrays, keep: Sequence[str]
) -> None:
    graph = onnx.load(str(source)).graph
    last = max(i for i, node in enumerate(graph.node) if node.op_type == "Conv")
    # what follows the convolutions is small and loses precision, but for its products
    floating = [
        node.name for node in graph.node[last + 1 :] if node.op_type not in PRODUCTS
    ]
    quantize_static(
        str(source),
        str(target),
        _Photos(graph.input[0].name, inputs),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=list(CONVOLUTIONS),
        per_channel=True,
        reduce_range=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        nodes_to_exclude=[*floating, *_below(source, keep)],
        calibrate_method=CalibrationMethod.MinMax,
        extra_options={"WeightSymmetric": True, "ActivationSymmetric": False},
    )


def _below(path: Path, scopes: Sequence[str]) -> list[str]:
    """Return the names of a graph's nodes below any of the scopes."""
    graph = onnx.load(str(path), load_external_data=False).graph
    names = [
        node.name
        for node in graph.node
        if any(node.name.startswith(scope) for scope in scopes)
    ]
    # the quantizer makes products of Gemm first, and gives them names of its own
    return [*names, *(f"{name}_MatMul" for name in names)]


class _Photos(CalibrationDataReader):
    def __init__(self, name: str, inputs: Arrays) -> None:
        self._name = name
        self._left: Iterator[npt.NDArray[Any]] = iter(inputs)

    def get_next(self) -> dict[str, npt.NDArray[Any]] | None:
        """Return the next photo as the graph's input."""
        photo = next(self._left, None)
        return None if photo is None else {self._name: photo.astype(np.float32)}
