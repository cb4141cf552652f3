"""The captioner's decoder: a small transformer that reads what the encoders see."""

from collections.abc import Sequence
from dataclasses import dataclass
import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from .data import FEATURE_SIZE, PAD, REGIONS
from .detector import DETECTOR_REGIONS

KeyValue = tuple[Tensor, Tensor]

REGION_DROPOUT = 0.3
"""The share of regions hidden from a decoder that learns to read a detector's, too."""


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """The sizes that a checkpoint was made with."""

    vocabulary_size: int
    backbone: str = "lite2"
    width: int = 256
    heads: int = 8
    layers: int = 3
    feed_forward: int = 1024
    max_positions: int = 26
    dropout: float = 0.2
    detector: bool = False
    """Whether a detector looks beside the encoder."""
    region_dropout: float = 0.0
    """The share of regions that training hides from the decoder."""


def _split_heads(values: Tensor, heads: int) -> Tensor:
    batch, length, width = values.shape
    return values.reshape(batch, length, heads, width // heads).transpose(1, 2)


def _merge_heads(values: Tensor) -> Tensor:
    batch, heads, length, size = values.shape
    return values.transpose(1, 2).reshape(batch, length, heads * size)


class Attention(nn.Module):
    """Multi-head attention over keys and values that are computed apart.

    Written out because torch's own module bakes the length into a traced graph.
    """

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.output = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)

    def project(self, source: Tensor) -> KeyValue:
        """Return keys and values [batch, heads, length, head size]."""
        return (
            _split_heads(self.key(source), self.heads),
            _split_heads(self.value(source), self.heads),
        )

    def forward(self, states: Tensor, memory: KeyValue, mask: Tensor | None) -> Tensor:
        """Return the attended values of `states` [batch, length, width]."""
        key, value = memory
        query = _split_heads(self.query(states), self.heads)
        scores = query @ key.transpose(2, 3) / math.sqrt(query.shape[3])
        if mask is not None:
            scores = scores + mask
        weights = self.dropout(scores.softmax(dim=-1))
        return self.output(_merge_heads(weights @ value))


class DecoderLayer(nn.Module):
    """A pre-norm layer: self-attention, cross-attention, feed-forward."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width = config.width
        self.self_norm = nn.LayerNorm(width)
        self.self_attention = Attention(width, config.heads, config.dropout)
        self.cross_norm = nn.LayerNorm(width)
        self.cross_attention = Attention(width, config.heads, config.dropout)
        self.feed_norm = nn.LayerNorm(width)
        self.expand = nn.Linear(width, config.feed_forward)
        self.contract = nn.Linear(config.feed_forward, width)
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self,
        states: Tensor,
        photo: KeyValue,
        past: KeyValue | None,
        mask: Tensor | None,
    ) -> tuple[Tensor, KeyValue]:
        """Return the new states and this layer's keys and values so far."""
        normed = self.self_norm(states)
        key, value = self.self_attention.project(normed)
        if past is not None:
            key = torch.cat((past[0], key), dim=2)
            value = torch.cat((past[1], value), dim=2)
        attended = self.self_attention(normed, (key, value), mask)
        states = states + self.dropout(attended)
        attended = self._look(self.cross_norm(states), photo)
        states = states + self.dropout(attended)
        hidden = functional.relu(self.expand(self.feed_norm(states)))
        return states + self.dropout(self.contract(hidden)), (key, value)

    def _look(self, states: Tensor, photo: KeyValue) -> Tensor:
        rows, length, width = states.shape
        photos = photo[0].shape[0]
        if photos in (1, rows):
            return self.cross_attention(states, photo, None)
        # The captions of a photo share its keys: one long query per photo
        grouped = states.reshape(photos, rows // photos * length, width)
        return self.cross_attention(grouped, photo, None).reshape(rows, length, width)


class CaptionDecoder(nn.Module):
    """Predicts the next word from the words so far and the photo's features."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.project = nn.Linear(FEATURE_SIZE, config.width)
        self.project_norm = nn.LayerNorm(config.width)
        self.grid = nn.Parameter(torch.zeros(REGIONS, config.width))
        if config.detector:
            self.project_detected = nn.Linear(FEATURE_SIZE, config.width)
            self.detected_norm = nn.LayerNorm(config.width)
            self.detected_grid = nn.Parameter(
                torch.zeros(DETECTOR_REGIONS, config.width)
            )
        self.embed = nn.Embedding(config.vocabulary_size, config.width, PAD)
        self.position = nn.Embedding(config.max_positions, config.width)
        self.layers = nn.ModuleList(DecoderLayer(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width)
        self.bias = nn.Parameter(torch.zeros(config.vocabulary_size))
        self.dropout = nn.Dropout(config.dropout)
        nn.init.normal_(self.embed.weight, std=0.02)
        nn.init.normal_(self.position.weight, std=0.02)

    def photo_memory(self, features: Tensor) -> list[KeyValue]:
        """Return each layer's cross-attention keys and values of photos.

        Features of several looks at a photo stand behind one another.
        """
        if not self.config.detector:
            return self.memory_of(features)
        looks = features.split(REGIONS + DETECTOR_REGIONS, dim=1)
        parts = [part for look in looks for part in self._both(look)]
        return self._keys(torch.cat(parts, dim=1))

    def memory_of(self, seen: Tensor, detected: Tensor | None = None) -> list[KeyValue]:
        """Return the same of what encoder and detector see in one look, apart."""
        regions = self._placed(seen)
        if detected is not None:
            regions = torch.cat((regions, self._placed_detected(detected)), dim=1)
        return self._keys(regions)

    def _both(self, look: Tensor) -> tuple[Tensor, Tensor]:
        detected = self._placed_detected(look[:, REGIONS:])
        return self._placed(look[:, :REGIONS]), detected

    def _placed(self, seen: Tensor) -> Tensor:
        placed: Tensor = self.project_norm(self.project(seen)) + self.grid
        return placed

    def _placed_detected(self, seen: Tensor) -> Tensor:
        normed = self.detected_norm(self.project_detected(seen))
        placed: Tensor = normed + self.detected_grid
        return placed

    def _keys(self, regions: Tensor) -> list[KeyValue]:
        regions = self._some(self.dropout(regions))
        return [layer.cross_attention.project(regions) for layer in self.layers]

    def _some(self, regions: Tensor) -> Tensor:
        """Return the regions, in training without some: none may be relied upon."""
        hidden = self.config.region_dropout
        if not self.training or not hidden:
            return regions
        count = regions.shape[1]
        kept = torch.randperm(count)[: round(count * (1 - hidden))].sort().values
        return regions[:, kept]

    def states(
        self,
        tokens: Tensor,
        memory: Sequence[KeyValue],
        past: Sequence[KeyValue] | None = None,
    ) -> tuple[Tensor, list[KeyValue]]:
        """Return states [rows, length, width] and the keys and values so far.

        With `past` the length is 1 and the position is the length of the past.
        """
        length = tokens.shape[1]
        start = past[0][0].shape[2] if past is not None else 0
        positions = torch.arange(length, device=tokens.device) + start
        scale = math.sqrt(self.config.width)
        states = self.embed(tokens) * scale + self.position(positions)
        states = self.dropout(states)
        mask = None
        if past is None:
            mask = torch.full((length, length), -1e4, device=tokens.device).triu(1)
        present: list[KeyValue] = []
        for index, layer in enumerate(self.layers):
            before = past[index] if past is not None else None
            states, now = layer(states, memory[index], before, mask)
            present.append(now)
        return self.norm(states), present

    def logits(self, states: Tensor) -> Tensor:
        """Return a score for each word; the embedding is shared with the input."""
        return functional.linear(states, self.embed.weight, self.bias)

    def forward(
        self,
        tokens: Tensor,
        memory: Sequence[KeyValue],
        past: Sequence[KeyValue] | None = None,
    ) -> tuple[Tensor, list[KeyValue]]:
        """Return logits [rows, length, words] and the keys and values so far."""
        states, present = self.states(tokens, memory, past)
        return self.logits(states), present

    def empty_past(self, rows: int) -> list[KeyValue]:
        """Return the keys and values of no words at all."""
        size = self.config.width // self.config.heads
        empty = torch.zeros(rows, self.config.heads, 0, size)
        return [(empty, empty) for _ in self.layers]
