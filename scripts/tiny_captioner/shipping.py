"""What may replace the captioner that ships: other models read its encoder's middle."""

from pathlib import Path

import numpy as np
import onnx

from .data import write_bytes
from .export import FEATURES, PARTS
from .halves import LOWER_CONVOLUTIONS, MIDDLE
from .stored_graph import Array, StoredGraph

WORDS = "vocabulary.txt"
_NEAR = 1 / 256
"""Of a channel's largest weight, a quarter of an int8 step: the same rounding."""
_NEAR_BIAS = 1 / 256
"""Of the largest bias: its int8 step depends on the photos that calibrate."""


def gives_middle(encoder: Path) -> bool:
    """Return whether an encoder gives its middle as the features that heads read."""
    outputs = onnx.load(encoder).graph.output
    shapes = {
        o.name: [d.dim_value for d in o.type.tensor_type.shape.dim] for o in outputs
    }
    return shapes.get(FEATURES) == list(MIDDLE)


def same_lower_half(encoder: Path, other: Path) -> bool:
    """Return whether two int8 encoders have the same lower half, rounding apart."""
    ours, theirs = (
        list(StoredGraph(path).backbone())[:LOWER_CONVOLUTIONS]
        for path in (encoder, other)
    )
    return len(ours) == len(theirs) and all(
        _is_near(ours_weight, theirs_weight, _NEAR)
        and _is_near(ours_bias[None], theirs_bias[None], _NEAR_BIAS)
        for (ours_weight, ours_bias), (theirs_weight, theirs_bias) in zip(
            ours, theirs, strict=True
        )
    )


def _is_near(ours: Array, theirs: Array, part: float) -> bool:
    if ours.shape != theirs.shape:
        return False
    rows = np.abs(ours - theirs).reshape(len(ours), -1).max(axis=1)
    largest = np.abs(theirs).reshape(len(theirs), -1).max(axis=1)
    return bool((rows <= part * largest + 1e-8).all())


def replace_shipped(made: Path, shipped: Path) -> None:
    """Put an exported captioner where the one that ships lies, if its readers agree."""
    encoder, words = made / PARTS[0], (made / WORDS).read_bytes()
    if not gives_middle(encoder):
        raise SystemExit(
            f"{shipped} stays as it is: the image_features of this encoder aren't its"
            " middle, which the scorer and the LSTM that ship read. Export a stage"
            " with a detector, or give another folder with --out"
        )
    if not same_lower_half(encoder, shipped / PARTS[0]):
        _refuse(shipped, "lower half")
    if words != (shipped / WORDS).read_bytes():
        _refuse(shipped, "vocabulary")
    for name in (*PARTS, WORDS):
        write_bytes(shipped / name, (made / name).read_bytes())


def _refuse(shipped: Path, part: str) -> None:
    raise SystemExit(
        f"{shipped} stays as it is: this captioner has another {part} than the one"
        " that the scorer and the LSTM that ship were trained on. Export it with --out"
        " to the folder tiny_captioner in a new one, train both again with"
        " train_tiny_heads.py --out NEW --plain REINFORCE --work ANOTHER, then copy"
        " all three folders yourself and run pin_bundled_model.py for each model"
    )
