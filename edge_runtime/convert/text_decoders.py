"""The text decoders of checkpoints, layer by layer, over a cache that is handed in.

Each wraps a model of `transformers` and computes with its own weights.
"""

from abc import abstractmethod
import math
from typing import Any

import torch
from torch import Tensor, nn

from .attention import KeyValue, attend, attend_to_past, grown, split_heads


class TextDecoder(nn.Module):
    """What every architecture's decoder can do."""

    layers: int
    heads: int
    head_size: int

    @abstractmethod
    def memory(self, features: Tensor) -> list[KeyValue]:
        """Return each layer's keys and values of what the encoder saw."""

    @abstractmethod
    def embed(self, input_ids: Tensor, past: int) -> Tensor:
        """Return the states of ids that follow `past` others."""

    @abstractmethod
    def layer(
        self, index: int, states: Tensor, past: KeyValue, seen: KeyValue
    ) -> tuple[Tensor, KeyValue]:
        """Return a layer's new states, and its keys and values so far."""

    @abstractmethod
    def logits(self, states: Tensor) -> Tensor:
        """Return a score for each token."""


class Gpt2Decoder(TextDecoder):
    """GPT-2 with cross-attention, as in ViT-GPT2."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model
        config = model.config
        self.layers, self.heads = config.n_layer, config.n_head
        self.head_size = config.n_embd // config.n_head
        self.width = config.n_embd

    def memory(self, features: Tensor) -> list[KeyValue]:
        """Return each layer's keys and values of the picture."""
        found = []
        for block in self.model.transformer.h:
            both = block.crossattention.c_attn(features).split(self.width, dim=2)
            key, value = (split_heads(part, self.heads) for part in both)
            found.append((key, value))
        return found

    def embed(self, input_ids: Tensor, past: int) -> Tensor:
        """Return word and position."""
        body = self.model.transformer
        places = body.wpe.weight[past : past + input_ids.shape[1]]
        return body.wte(input_ids) + places

    def layer(
        self, index: int, states: Tensor, past: KeyValue, seen: KeyValue
    ) -> tuple[Tensor, KeyValue]:
        """Return a pre-norm layer's new states."""
        block = self.model.transformer.h[index]
        own = block.attn.c_attn(block.ln_1(states)).split(self.width, dim=2)
        query, key, value = (split_heads(part, self.heads) for part in own)
        present = grown(past, (key, value))
        drawn = attend_to_past(query, present, block.attn.scaling)
        states = states + block.attn.c_proj(drawn)
        cross = block.crossattention
        query = split_heads(cross.q_attn(block.ln_cross_attn(states)), self.heads)
        states = states + cross.c_proj(attend(query, seen, cross.scaling))
        return states + block.mlp(block.ln_2(states)), present

    def logits(self, states: Tensor) -> Tensor:
        """Return the language head's scores."""
        return self.model.lm_head(self.model.transformer.ln_f(states))


class BertDecoder(TextDecoder):
    """BERT with cross-attention, as in BLIP; GIT's has none (`GitDecoder`)."""

    def __init__(self, model: Any, body: Any) -> None:
        super().__init__()
        self.model = model
        self.body = body
        config = body.config
        self.layers, self.heads = config.num_hidden_layers, config.num_attention_heads
        self.head_size = config.hidden_size // config.num_attention_heads

    def memory(self, features: Tensor) -> list[KeyValue]:
        """Return each layer's keys and values of the picture."""
        return [
            self.keys_and_values(layer.crossattention.self, features)
            for layer in self.body.encoder.layer
        ]

    def keys_and_values(self, attention: Any, states: Tensor) -> KeyValue:
        """Return what is attended to."""
        key, value = attention.key(states), attention.value(states)
        return split_heads(key, self.heads), split_heads(value, self.heads)

    def embed(self, input_ids: Tensor, past: int) -> Tensor:
        """Return word and position, normed."""
        table = self.body.embeddings
        places = table.position_embeddings.weight[past : past + input_ids.shape[1]]
        return table.LayerNorm(table.word_embeddings(input_ids) + places)

    def layer(
        self, index: int, states: Tensor, past: KeyValue, seen: KeyValue
    ) -> tuple[Tensor, KeyValue]:
        """Return a post-norm layer's new states."""
        layer = self.body.encoder.layer[index]
        own = layer.attention
        present = grown(past, self.keys_and_values(own.self, states))
        query = split_heads(own.self.query(states), self.heads)
        drawn = attend_to_past(query, present, 1 / math.sqrt(self.head_size))
        states = own.output(drawn, states)
        cross = layer.crossattention
        query = split_heads(cross.self.query(states), self.heads)
        drawn = attend(query, seen, 1 / math.sqrt(self.head_size))
        states = cross.output(drawn, states)
        return layer.output(layer.intermediate(states), states), present

    def logits(self, states: Tensor) -> Tensor:
        """Return the masked-language head's scores."""
        return self.model.cls(states)


class GitDecoder(BertDecoder):
    """GIT: picture and text in one sequence, whose picture part never changes."""

    def memory(self, features: Tensor) -> list[KeyValue]:
        """Return each layer's keys and values of the picture's places."""
        states = self.body.visual_projection(features)
        found = []
        for layer in self.body.encoder.layer:
            own = layer.attention
            seen = self.keys_and_values(own.self, states)
            query = split_heads(own.self.query(states), self.heads)
            drawn = attend(query, seen, 1 / math.sqrt(self.head_size))
            states = own.output(drawn, states)
            states = layer.output(layer.intermediate(states), states)
            found.append(seen)
        return found

    def layer(
        self, index: int, states: Tensor, past: KeyValue, seen: KeyValue
    ) -> tuple[Tensor, KeyValue]:
        """Return a layer's new states of text that looks at picture and text."""
        layer = self.body.encoder.layer[index]
        own, scale = layer.attention, 1 / math.sqrt(self.head_size)
        present = grown(past, self.keys_and_values(own.self, states))
        query = split_heads(own.self.query(states), self.heads)
        # apart, so that the picture's part is neither copied nor repeated by beam
        places = seen[0].shape[2]
        scores = (query @ seen[0].transpose(2, 3), query @ present[0].transpose(2, 3))
        weights = (torch.cat(scores, 3) * scale).softmax(-1)
        drawn = weights[..., :places] @ seen[1] + weights[..., places:] @ present[1]
        states = own.output(drawn.transpose(1, 2).flatten(2), states)
        return layer.output(layer.intermediate(states), states), present

    def logits(self, states: Tensor) -> Tensor:
        """Return the language head's scores."""
        return self.model.output(states)


class BartDecoder(TextDecoder):
    """BART and Marian: post-norm layers with cross-attention."""

    def __init__(self, body: Any, head: Any, bias: Tensor | None = None) -> None:
        super().__init__()
        self.body = body
        self.head = head
        config = body.config
        self.layers, self.heads = config.decoder_layers, config.decoder_attention_heads
        self.head_size = config.d_model // config.decoder_attention_heads
        self.scale = getattr(body, "embed_scale", 1.0)
        self.offset = getattr(body.embed_positions, "offset", 0)
        self.register_buffer("bias", bias, persistent=False)
        self.seen_mask: Tensor | None = None
        """1 for each place of the source that may be looked at; None: every one."""

    def memory(self, features: Tensor) -> list[KeyValue]:
        """Return each layer's keys and values of the source."""
        return [
            self.keys_and_values(layer.encoder_attn, features)
            for layer in self.body.layers
        ]

    def keys_and_values(self, attention: Any, states: Tensor) -> KeyValue:
        """Return what is attended to."""
        key, value = attention.k_proj(states), attention.v_proj(states)
        return split_heads(key, self.heads), split_heads(value, self.heads)

    def embed(self, input_ids: Tensor, past: int) -> Tensor:
        """Return word and position."""
        return self.place(self.body.embed_tokens(input_ids) * self.scale, past)

    def place(self, embedded: Tensor, past: int) -> Tensor:
        """Return embedded words with their positions, normed where the model does."""
        start = past + self.offset
        places = self.body.embed_positions.weight[start : start + embedded.shape[1]]
        states = embedded + places
        norm = getattr(self.body, "layernorm_embedding", None)
        return states if norm is None else norm(states)

    def layer(
        self, index: int, states: Tensor, past: KeyValue, seen: KeyValue
    ) -> tuple[Tensor, KeyValue]:
        """Return a post-norm layer's new states."""
        layer = self.body.layers[index]
        own, scale = layer.self_attn, self.head_size**-0.5
        present = grown(past, self.keys_and_values(own, states))
        query = split_heads(own.q_proj(states), self.heads)
        drawn = own.out_proj(attend_to_past(query, present, scale))
        states = layer.self_attn_layer_norm(states + drawn)
        cross = layer.encoder_attn
        query = split_heads(cross.q_proj(states), self.heads)
        drawn = cross.out_proj(attend(query, seen, scale, self.seen_mask))
        states = layer.encoder_attn_layer_norm(states + drawn)
        drawn = layer.fc2(layer.activation_fn(layer.fc1(states)))
        return layer.final_layer_norm(states + drawn), present

    def logits(self, states: Tensor) -> Tensor:
        """Return the language head's scores."""
        scores = self.head(states)
        return scores if self.bias is None else scores + self.bias
