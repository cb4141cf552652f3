"""Attention over keys and values that are computed apart, as a cache needs it.

Written out because library modules bake the length of the past into a traced graph.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

KeyValue = tuple[Tensor, Tensor]


def split_heads(states: Tensor, heads: int) -> Tensor:
    """Return [batch, heads, places, size of a head]."""
    batch, places, width = states.shape
    return states.view(batch, places, heads, width // heads).transpose(1, 2)


def attend(
    query: Tensor, memory: KeyValue, scale: float, mask: Tensor | None = None
) -> Tensor:
    """Return what queries draw from keys and values; [batch, places, width].

    `mask` has a 1 for each place that may be looked at.
    """
    keys, values = memory
    scores = query @ keys.transpose(2, 3) * scale
    if mask is not None:
        scores = scores.masked_fill(mask[:, None, None] == 0, float("-inf"))
    return (scores.softmax(-1) @ values).transpose(1, 2).flatten(2)


def attend_to_past(query: Tensor, memory: KeyValue, scale: float) -> Tensor:
    """Return the same where no query may see what comes after it."""
    if query.shape[2] == 1:  # the newest place: nothing does
        return attend(query, memory, scale)
    keys, values = memory
    scores = query @ keys.transpose(2, 3) * scale
    length, new = keys.shape[2], query.shape[2]
    places = torch.arange(length)
    later = places[None] > (places + (length - new))[:new, None]
    scores = scores.masked_fill(later, float("-inf"))
    return (scores.softmax(-1) @ values).transpose(1, 2).flatten(2)


def grown(past: KeyValue, new: KeyValue) -> KeyValue:
    """Return keys and values with those of the newest places behind them."""
    return torch.cat((past[0], new[0]), 2), torch.cat((past[1], new[1]), 2)


def pairs(flat: Sequence[Tensor]) -> list[KeyValue]:
    """Return keys and values, layer by layer."""
    return list(zip(flat[::2], flat[1::2], strict=True))
