"""The two graphs of a model with a cache: once per input, and once per word.

Their names are those that the families feed: every output `present.X` goes to the
input `past_key_values.X`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
import warnings

import onnx
import torch
from torch import Tensor, nn

from .attention import KeyValue, pairs
from .text_decoders import TextDecoder

OPSET: Final = 17
ENCODER: Final = "encoder.onnx"
DECODER: Final = "decoder.onnx"
_FEW: Final = 3

Axes = Mapping[str, Mapping[int, str]]


@dataclass(frozen=True, slots=True)
class Names:
    """Names of a graph's inputs and outputs, and of their open sizes."""

    inputs: Sequence[str]
    outputs: Sequence[str]
    axes: Axes


class _Once(nn.Module):
    def __init__(self, see: Callable[[Tensor], Tensor], decoder: TextDecoder) -> None:
        super().__init__()
        self.see = see
        self.decoder = decoder

    def forward(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """Return keys and values of every layer's look at the input."""
        memory = self.decoder.memory(self.see(inputs))
        return tuple(tensor for pair in memory for tensor in pair)


class _Layer(nn.Module):
    """A decoder's layer as a module: its nodes are named after it."""

    def __init__(self, decoder: TextDecoder, index: int) -> None:
        super().__init__()
        self.decoder = decoder
        self.index = index

    def forward(
        self, states: Tensor, past: KeyValue, seen: KeyValue
    ) -> tuple[Tensor, KeyValue]:
        """Return the layer's new states, and its keys and values so far."""
        return self.decoder.layer(self.index, states, past, seen)


class _Step(nn.Module):
    def __init__(self, decoder: TextDecoder) -> None:
        super().__init__()
        self.decoder = decoder
        self.layers = nn.ModuleList(_Layer(decoder, i) for i in range(decoder.layers))

    def forward(self, input_ids: Tensor, *cache: Tensor) -> tuple[Tensor, ...]:
        """Return logits, then keys and values grown by one word."""
        both = pairs(cache)
        past, seen = both[: self.decoder.layers], both[self.decoder.layers :]
        states = self.decoder.embed(input_ids, past[0][0].shape[2])
        present: list[Tensor] = []
        for layer, before, at in zip(self.layers, past, seen, strict=True):
            states, now = layer(states, before, at)
            present += now
        return (self.decoder.logits(states), *present)


def cache_names(prefix: str, layers: int, kind: str = "") -> list[str]:
    """Return names such as `present.0.encoder.key`, layer by layer."""
    middle = f".{kind}" if kind else ""
    return [
        f"{prefix}.{layer}{middle}.{part}"
        for layer in range(layers)
        for part in ("key", "value")
    ]


@dataclass(frozen=True, slots=True)
class Pair:
    """A model as the two modules that its graphs are traced from."""

    once: nn.Module
    step: nn.Module
    decoder: TextDecoder
    example: Tensor
    """What the first is run on: a picture, or a text of any length."""
    input_name: str = "pixel_values"

    def export(self, folder: Path) -> tuple[Path, Path]:
        """Write `encoder.onnx` and `decoder.onnx` in float32."""
        folder.mkdir(parents=True, exist_ok=True)
        seen_names = cache_names("present", self.decoder.layers, "encoder")
        axes: dict[str, dict[int, str]] = {}
        if self.input_name == "input_ids":
            axes = {n: {2: "source"} for n in seen_names} | {"input_ids": {1: "source"}}
        paths = folder / ENCODER, folder / DECODER
        names = Names([self.input_name], seen_names, axes)
        export_graph(self.once, (self.example,), paths[0], names)
        with torch.no_grad():
            seen = self.once.eval()(self.example)
        example = _step_example(self.decoder, seen)
        export_graph(self.step, example, paths[1], _step_names(self.decoder))
        return paths


def pair_of(
    see: Callable[[Tensor], Tensor],
    decoder: TextDecoder,
    example: Tensor,
    input_name: str = "pixel_values",
) -> Pair:
    """Return the modules of a model; `see` makes what the decoder looks at."""
    return Pair(
        _Once(see, decoder).eval(), _Step(decoder).eval(), decoder, example, input_name
    )


def _step_example(decoder: TextDecoder, seen: Sequence[Tensor]) -> tuple[Tensor, ...]:
    shape = (2, decoder.heads, _FEW, decoder.head_size)
    past = [torch.zeros(shape) for _ in range(2 * decoder.layers)]
    return (torch.zeros(2, 1, dtype=torch.int64), *past, *seen)


def _step_names(decoder: TextDecoder) -> Names:
    past = cache_names("past_key_values", decoder.layers, "decoder")
    seen = cache_names("past_key_values", decoder.layers, "encoder")
    present = cache_names("present", decoder.layers, "decoder")
    axes = {"input_ids": {0: "batch"}, "logits": {0: "batch"}}
    axes |= {name: {0: "batch", 2: "past"} for name in past}
    axes |= {name: {2: "source"} for name in seen}
    axes |= {name: {0: "batch", 2: "length"} for name in present}
    return Names(["input_ids", *past, *seen], ["logits", *present], axes)


def export_graph(
    module: nn.Module, example: tuple[Tensor, ...], path: Path, names: Names
) -> None:
    """Write a module as a graph."""
    with warnings.catch_warnings():
        # The tracing exporter is deprecated, but the other one can't be trusted
        # with a past of length zero
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(),
            example,
            str(path),
            input_names=list(names.inputs),
            output_names=list(names.outputs),
            dynamic_axes={name: dict(axes) for name, axes in names.axes.items()},
            opset_version=OPSET,
            dynamo=False,
        )
    onnx.checker.check_model(str(path))
