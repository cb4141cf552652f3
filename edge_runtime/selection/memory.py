"""How much memory a model needs, and whether a machine has it."""

from collections.abc import Mapping
from dataclasses import dataclass
import math
from types import MappingProxyType
from typing import Final

from ..const import MIB, SHARE_OF_MEMORY
from ..hardware.model import MemoryInfo
from ..manifest.model import ModelFormat, ModelSpec
from ..schemas import Task

_PROCESS_BASE: Final[Mapping[str, int]] = MappingProxyType(
    {"onnxruntime": 64 * MIB, "llama-cpp-python": 48 * MIB}
)
_DEFAULT_PROCESS_BASE: Final = 64 * MIB
_PICTURES: Final = 20 * MIB
"""Pillow, numpy and a decoded photo, which a language model's worker lacks."""
_WEIGHTS_IN_MEMORY: Final = 1.05
_ONNX_LOAD_SHARE: Final = 0.9


@dataclass(frozen=True, slots=True)
class MemoryNeed:
    """What one model needs, in bytes, with the terms of the sum."""

    steady_bytes: int
    """While photos are captioned."""
    load_peak_bytes: int
    """The most it needs at any time, usually while it loads."""
    terms: tuple[tuple[str, int], ...]
    """Name and bytes of each part; they add up to `load_peak_bytes`."""
    mapped_bytes: int = 0
    """Weights mapped from disk: without room for them every token reads them anew."""


def memory_need(spec: ModelSpec) -> MemoryNeed | None:
    """Return what the worker needs for this model, or None if a size is unknown.

    A measured need (`requires.memory_bytes`) wins over the formula: process base,
    weights, key-value cache, the encoder's peak and the compute buffer, and while
    an ONNX file loads a second copy of most of it.
    """
    total = spec.total_bytes
    mapped = (total or 0) if spec.format is ModelFormat.GGUF else 0
    measured = spec.requires.memory_bytes
    if measured is not None:
        return MemoryNeed(measured, measured, (("measured", measured),), mapped)
    if total is None:
        return None
    steady = _steady_terms(spec, total)
    load = _load_terms(spec)
    steady_bytes = sum(size for _, size in steady)
    return MemoryNeed(
        steady_bytes=steady_bytes,
        load_peak_bytes=steady_bytes + sum(size for _, size in load),
        terms=steady + load,
        mapped_bytes=mapped,
    )


def _steady_terms(spec: ModelSpec, weights: int) -> tuple[tuple[str, int], ...]:
    requires = spec.requires
    factor = 1.0 if spec.format is ModelFormat.GGUF else _WEIGHTS_IN_MEMORY
    terms = (
        ("process", _PROCESS_BASE.get(spec.library, _DEFAULT_PROCESS_BASE)),
        ("pictures", _PICTURES if _is_vision_chat(spec) else 0),
        ("weights", math.ceil(weights * factor)),
        ("key-value cache", requires.kv_bytes_per_token * requires.context_tokens),
        ("encoder peak", requires.encoder_peak_bytes),
        ("compute buffer", requires.compute_buffer_bytes),
    )
    return tuple((name, size) for name, size in terms if size)


def _is_vision_chat(spec: ModelSpec) -> bool:
    return spec.format is ModelFormat.GGUF and spec.task is Task.IMAGE_TO_TEXT


def _load_terms(spec: ModelSpec) -> tuple[tuple[str, int], ...]:
    if spec.format is not ModelFormat.ONNX:
        return ()
    largest = max((file.bytes or 0 for file in spec.files), default=0)
    # The parts load one after another and the heap is trimmed after each, so only
    # the largest file is ever held twice.
    return (("loading", math.ceil(largest * _ONNX_LOAD_SHARE)),) if largest else ()


def memory_ceiling(memory: MemoryInfo) -> int | None:
    """Return the most that is there to use, or None if nothing is known.

    Where the available memory is unknown, the machine's memory or the container's
    limit still bounds it.
    """
    known = [
        size
        for size in (memory.available_bytes, memory.usable_bytes)
        if size is not None
    ]
    return min(known) if known else None


def usable_memory(memory: MemoryInfo, limit: int | None = None) -> int | None:
    """Return what a model may fill, or None if nothing is known.

    `limit` is the most that the settings allow.
    """
    ceiling = memory_ceiling(memory)
    if ceiling is None:
        return limit
    usable = int(ceiling * SHARE_OF_MEMORY)
    return usable if limit is None else min(limit, usable)


def fits(need: MemoryNeed, memory: MemoryInfo, limit: int | None = None) -> bool:
    """Return whether a model fits; unknown memory never rejects one."""
    ceiling, usable = memory_ceiling(memory), usable_memory(memory, limit)
    if usable is not None and need.load_peak_bytes > usable:
        return False
    return ceiling is None or need.mapped_bytes <= ceiling
