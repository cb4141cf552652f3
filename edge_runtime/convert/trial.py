"""A converted model against PyTorch on the same inputs, and the verdict on it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import torch

from ..errors import ConversionDriftsError
from .drift import LayerDrift, drifting, layer_drift
from .graphs import DECODER, ENCODER
from .model import Array, Checkpoint, Reference
from .parity import EXACT, Bounds, Converted, Parity, compare

_FLOAT32_NOISE: Final = 1e-4
_INT8_NOISE: Final = 0.05
"""Relative error of a layer that the arithmetic explains."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What both are asked, and what PyTorch said to it."""

    checkpoint: Checkpoint
    inputs: Sequence[Array]
    said: Sequence[Reference]
    exact: Path
    """The folder of the float32 graphs, whose nodes tell the layers."""

    def compare(self, folder: Path, tell: Callable[[int, int], None]) -> Parity:
        """Return how far the graphs of a folder agree with PyTorch."""
        converted = Converted(folder / ENCODER, folder / DECODER, self.checkpoint)
        end = self.checkpoint.end
        return compare(converted, self.inputs, self.said, end, tell)

    def worst(self, folder: Path, bounds: Bounds) -> LayerDrift | None:
        """Return the layer that drifts, the encoder's first: it feeds the decoder."""
        noise = _FLOAT32_NOISE if bounds is EXACT else _INT8_NOISE
        pair, given = self.checkpoint.pair, torch.from_numpy(self.inputs[0])
        for part, module, inputs in (
            (ENCODER, pair.once, (given,)),
            (DECODER, pair.step, self._step_inputs(given)),
        ):
            exact, judged = self.exact / part, folder / part
            found = layer_drift(module, inputs, exact, judged, quiet=noise)
            layer = drifting(found, quiet=noise)
            if layer is not None:
                return replace(layer, layer=f"{Path(part).stem}: {layer.layer}")
        return None

    def refuse(self, folder: Path, parity: Parity, bounds: Bounds) -> None:
        """Raise the error that says what differs, and where it begins."""
        layer = self.worst(folder, bounds)
        where = "no single layer stands out"
        if layer is not None:
            where = f"it drifts in {layer.layer}, off by {layer.error:.1%}"
        kind = "float32" if bounds is EXACT else "int8"
        raise ConversionDriftsError(
            f"in {kind} it chooses {parity.token_agreement:.1%} of PyTorch's tokens "
            f"and gives them {parity.logprob_change:+.2f} in log-probability, where "
            f"{bounds.tokens:.1%} and {bounds.logprob:+.2f} are asked; {where}; "
            "nothing was installed"
        )

    def _step_inputs(self, given: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return what the decoder is fed in the middle of PyTorch's own answer."""
        pair, said = self.checkpoint.pair, self.said[0].tokens
        shape = (1, pair.decoder.heads, 0, pair.decoder.head_size)
        past = [torch.zeros(shape) for _ in range(2 * pair.decoder.layers)]
        tokens = [self.checkpoint.begin, *said[: max(len(said) // 2, 1)]]
        with torch.no_grad():
            seen = pair.once(given)
            for token in tokens[:-1]:
                _, *past = pair.step(torch.tensor([[token]]), *past, *seen)
        return (torch.tensor([[tokens[-1]]]), *past, *seen)
