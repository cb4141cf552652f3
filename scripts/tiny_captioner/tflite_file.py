"""Writes a TFLite model, tensor by tensor and operator by operator."""

from dataclasses import dataclass, field
from typing import Any, Final

from ai_edge_litert import schema_py_generated as schema
import flatbuffers
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

_IDENTIFIER: Final = b"TFL3"
_VERSION: Final = 3
_TYPES: Final = {
    "float32": schema.TensorType.FLOAT32,
    "int8": schema.TensorType.INT8,
    "int32": schema.TensorType.INT32,
    "int64": schema.TensorType.INT64,
}


@dataclass(frozen=True, slots=True)
class Quantization:
    """How int8 numbers stand for real ones; one scale, or one for each channel."""

    scale: Array
    zero_point: Array
    axis: int = 0

    def same_as(self, other: "Quantization | None") -> bool:
        """Return whether numbers of both stand for the same."""
        return other is not None and all(
            np.array_equal(ours, theirs)
            for ours, theirs in (
                (self.scale, other.scale),
                (self.zero_point, other.zero_point),
            )
        )


@dataclass(slots=True)
class TensorForm:
    """What a tensor is; -1 in the shape leaves a size open."""

    name: str
    shape: tuple[int, ...]
    kind: str
    quantization: Quantization | None = None
    buffer: int = 0


@dataclass(slots=True)
class TfliteFile:
    """One graph in the making."""

    tensors: list[TensorForm] = field(default_factory=list)
    _operators: list[Any] = field(default_factory=list)
    _buffers: list[Any] = field(default_factory=lambda: [schema.BufferT()])
    _codes: dict[int, int] = field(default_factory=dict)

    def tensor(
        self,
        name: str,
        shape: tuple[int, ...],
        kind: str,
        quantization: Quantization | None = None,
    ) -> int:
        """Add a tensor and return its number; -1 in the shape leaves a size open."""
        self.tensors.append(TensorForm(name, shape, kind, quantization))
        return len(self.tensors) - 1

    def constant(
        self, name: str, values: Array, quantization: Quantization | None = None
    ) -> int:
        """Add a tensor whose values stand in the file."""
        index = self.tensor(name, values.shape, values.dtype.name, quantization)
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(
            np.ascontiguousarray(values).tobytes() or b"\0", np.uint8
        )
        self._buffers.append(buffer)
        self.tensors[index].buffer = len(self._buffers) - 1
        return index

    def operator(
        self, name: str, inputs: list[int], output: int, options: Any = None
    ) -> int:
        """Add an operator and return its output."""
        code = getattr(schema.BuiltinOperator, name)
        made = schema.OperatorT()
        made.opcodeIndex = self._codes.setdefault(code, len(self._codes))
        made.inputs, made.outputs = inputs, [output]
        if options is not None:
            made.builtinOptions = options
            kind = type(options).__name__.removesuffix("T")
            made.builtinOptionsType = getattr(schema.BuiltinOptions, kind)
        self._operators.append(made)
        return output

    def to_bytes(self, inputs: list[int], outputs: list[int]) -> bytes:
        """Return the file."""
        graph = schema.SubGraphT()
        graph.inputs, graph.outputs = inputs, outputs
        graph.tensors = [_tensor(form) for form in self.tensors]
        graph.operators = self._operators
        model = schema.ModelT()
        model.version, model.description = _VERSION, b"edge-captions"
        model.buffers, model.subgraphs = self._buffers, [graph]
        model.operatorCodes = [_code(code) for code in self._codes]
        builder = flatbuffers.Builder(1 << 20)
        builder.Finish(model.Pack(builder), _IDENTIFIER)
        return bytes(builder.Output())


def _tensor(form: TensorForm) -> Any:
    made = schema.TensorT()
    made.name, made.type = form.name.encode(), _TYPES[form.kind]
    made.buffer = form.buffer
    made.shape = [max(size, 1) for size in form.shape]
    if -1 in form.shape:
        made.shapeSignature = list(form.shape)
    if form.quantization is not None:
        made.quantization = _quantization(form.quantization)
    return made


def _quantization(values: Quantization) -> Any:
    made = schema.QuantizationParametersT()
    made.scale = values.scale.ravel().astype(np.float32)
    made.zeroPoint = np.broadcast_to(
        values.zero_point.ravel().astype(np.int64), made.scale.shape
    ).copy()
    made.quantizedDimension = values.axis
    return made


def _code(code: int) -> Any:
    made = schema.OperatorCodeT()
    # old readers know the first 127 operators by this field alone
    made.deprecatedBuiltinCode = min(code, 127)
    made.builtinCode, made.version = code, 1
    return made
