"""What a photo costs a model, and the seconds that follow from a machine's speed.

A cost is derived from the model's row: operations of the vision encoder, sizes of the
parts, tokens that are read and written. It is right within a factor of two or so; what
is measured counts more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from ..hardware.speed import MachineSpeed
from ..manifest.model import ModelFormat, ModelSpec
from ..schemas import Task

_GIGA: Final = 1e9
_BYTES_PER_WEIGHT: Final[Mapping[str | None, float]] = MappingProxyType(
    {
        "int8": 1.0,
        "q8_0": 34 / 32,
        "q5_k_m": 0.71,
        "q4_k_m": 0.61,
        "q4_1": 20 / 32,
        "q4_0": 18 / 32,
        "q4": 18 / 32,
        "f16": 2.0,
    }
)
"""From the layout of each kind of block; the mixed ones from their usual mixture."""
_BYTES_OF_A_FLOAT: Final = 4.0
_SHARE_OF_MEMORY: Final[Mapping[ModelFormat, float]] = MappingProxyType(
    {ModelFormat.GGUF: 0.9, ModelFormat.ONNX: 0.5, ModelFormat.TFLITE: 0.5}
)
"""How much of a model's need is weights, where the sizes of files are unknown."""
_DECODER_SHARE: Final = 0.5
_CAPTION_TOKENS: Final = 14
_SENTENCE_TOKENS: Final = 24
"""A sentence of a model that talks."""
_TEXT_TOKENS: Final = 32
_PROMPT_TOKENS: Final = 30
_TEXT_PROMPT_TOKENS: Final = 60
"""The last turn alone: what stands before it is remembered."""
_FLORENCE_TOKENS: Final = 590
"""577 of the picture, and the question's."""
_SCORED_TOKENS: Final = 200
_IMAGE_TOKENS: Final = 256
_PATCHES_PER_TOKEN: Final = 4
_CALLS_PER_PHOTO: Final = 1000
_CALLS_PER_STEP: Final = 40
"""What Python and onnxruntime add, in calls of the benchmark."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one photo costs."""

    is_int8: bool
    is_llama: bool
    read_gop: float
    """10^9 operations before the first word: the picture, the prompt."""
    steps: int = 0
    """Words and parts of words that are written, one after another."""
    step_bytes: float = 0
    """Weights that each step reads."""
    step_gop: float = 0


def estimate(cost: Cost, speed: MachineSpeed, threads: int) -> float:
    """Return the seconds that a photo takes on a machine. Pure."""
    rates = speed.with_threads(threads)
    per_gop = _seconds_per_gop(cost, speed, threads)
    calls = _CALLS_PER_PHOTO + (0 if cost.is_llama else _CALLS_PER_STEP * cost.steps)
    step = cost.step_bytes / _GIGA / rates.memory_gbs + cost.step_gop * per_gop
    waiting = calls / speed.one.calls_per_s
    return waiting + cost.read_gop * per_gop + cost.steps * step


def _seconds_per_gop(cost: Cost, speed: MachineSpeed, threads: int) -> float:
    rates = speed.with_threads(threads)
    if cost.is_llama:
        # llama.cpp's products of blocks don't gain from the widest vectors
        return 1 / min(0.8 * rates.fp32_gops, 100.0 * min(threads, speed.threads))
    if cost.is_int8:
        # what is not a product (activations, scales) goes at float32's pace
        return 1 / rates.int8_gops + 1.5 / rates.fp32_gops
    return 1 / (0.4 * rates.fp32_gops)


def cost_of(spec: ModelSpec) -> Cost | None:
    """Return what a photo costs by the model's row, or None if that can't be told."""
    if spec.task is Task.OCR:  # goes with how much text there is
        return None
    weights = _weights(spec)
    if weights is None:
        return None
    if spec.format is ModelFormat.GGUF or spec.family == "vision_chat":
        return _talking(spec, weights)
    if spec.task is Task.ZERO_SHOT_IMAGE_CLASSIFICATION:
        return _scoring(spec)
    return _writing(spec, weights)


def _talking(spec: ModelSpec, weights: float) -> Cost:
    """Return the cost of a model that reads a prompt and goes on with it."""
    sees = spec.task is Task.IMAGE_TO_TEXT
    mmproj = _bytes_of(spec, "mmproj") or 0.0
    model = _bytes_of(spec, "weights") or max(weights - mmproj, 0.0)
    gop_per_token = 2 * model / _bytes_per_weight(spec) / _GIGA
    tokens = int(spec.preprocess.get("image_max_tokens", _IMAGE_TOKENS)) if sees else 0
    prompt = tokens + (_PROMPT_TOKENS if sees else _TEXT_PROMPT_TOKENS)
    vision = 0.0
    if sees:
        derived = mmproj / 2 * tokens * _PATCHES_PER_TOKEN / _GIGA
        vision = 2 * (derived if spec.compute_gmac is None else spec.compute_gmac)
    return Cost(
        is_int8=False,
        is_llama=spec.format is ModelFormat.GGUF,
        read_gop=vision + prompt * gop_per_token,
        steps=_written(spec, _SENTENCE_TOKENS if sees else _TEXT_TOKENS),
        step_bytes=model,
        step_gop=gop_per_token,
    )


def _scoring(spec: ModelSpec) -> Cost:
    text = _bytes_of(spec, "text_model") or 0.0
    per_token = 2 * text / _bytes_per_weight(spec) / _GIGA
    vision = 2 * (spec.compute_gmac or 0.0)
    gop = vision + _SCORED_TOKENS * per_token
    return Cost(is_int8=spec.quantization == "int8", is_llama=False, read_gop=gop)


def _writing(spec: ModelSpec, weights: float) -> Cost | None:
    """Return the cost of an encoder and a decoder that onnxruntime or LiteRT runs."""
    is_translator = spec.task is Task.TRANSLATION
    if spec.compute_gmac is None and not is_translator:
        return None
    decoder = _bytes_of(spec, "decoder") or weights * _DECODER_SHARE
    size = _bytes_per_weight(spec)
    read = 0.0
    if is_translator or spec.family == "florence2":
        encoder = _bytes_of(spec, "encoder") or weights - decoder
        tokens = _CAPTION_TOKENS if is_translator else _FLORENCE_TOKENS
        read = 2 * encoder / size * tokens / _GIGA
    beams = int(spec.generate.get("num_beams", 1))
    return Cost(
        is_int8=spec.quantization == "int8",
        is_llama=False,
        read_gop=read + 2 * (spec.compute_gmac or 0.0),
        steps=_written(spec, _CAPTION_TOKENS),
        step_bytes=decoder,
        step_gop=2 * decoder / size * beams / _GIGA,
    )


def _weights(spec: ModelSpec) -> float | None:
    if spec.total_bytes is not None:
        return float(spec.total_bytes)
    need = spec.requires.memory_bytes
    return None if need is None else need * _SHARE_OF_MEMORY[spec.format]


def _bytes_of(spec: ModelSpec, role: str) -> float | None:
    return next(
        (float(f.bytes) for f in spec.files if f.role == role and f.bytes), None
    )


def _bytes_per_weight(spec: ModelSpec) -> float:
    return _BYTES_PER_WEIGHT.get(spec.quantization, _BYTES_OF_A_FLOAT)


def _written(spec: ModelSpec, usual: int) -> int:
    return min(int(spec.generate.get("max_new_tokens", usual)), usual)
