"""Models of SmolVLM's architecture with seeded random weights, as GGUF pairs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from numpy.typing import NDArray

EPS = {"vision": 1e-6, "text": 1e-5}


@dataclass(frozen=True, slots=True)
class Sizes:
    """The sizes of a pair."""

    edge: int = 64
    patch: int = 8
    merge: int = 2
    vision: Mapping[str, int] = field(
        default_factory=lambda: {"width": 32, "layers": 2, "heads": 2, "feed": 64}
    )
    text: Mapping[str, int] = field(
        default_factory=lambda: {
            "width": 64,
            "layers": 2,
            "heads": 4,
            "kv_heads": 2,
            "feed": 96,
        }
    )
    words: int = 0
    """How many tokens beside bytes and marks there are; only they are said then."""
    context: int = 512
    rope: float = 10000.0

    @property
    def image_tokens(self) -> int:
        return (self.edge // self.patch // self.merge) ** 2

    @property
    def tokens(self) -> list[str]:
        return [*TOKENS, *(f"{SPACE}w{index}" for index in range(self.words))]


TINY = Sizes()
SMOLVLM_256M = Sizes(
    edge=512,
    patch=16,
    merge=4,
    vision={"width": 768, "layers": 12, "heads": 12, "feed": 3072},
    text={"width": 576, "layers": 30, "heads": 9, "kv_heads": 3, "feed": 1536},
    words=49280 - 263,
    context=8192,
    rope=100000.0,
)
SPECIALS = (
    "<|im_start|>",
    "<end_of_utterance>",
    "<fake_token_around_image>",
    "<global-img>",
    "<image>",
    "<row_1_col_1>",
)
TEMPLATE = (
    "<|im_start|>{% for message in messages %}{{ message['role'] | capitalize }}:"
    "{% if message['content'][0]['type'] != 'image' %} {% endif %}"
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<image>{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}<end_of_utterance>\n{% endfor %}"
    "{% if add_generation_prompt %}Assistant:{% endif %}"
)
Weights = dict[str, NDArray[np.float32]]


def vocabulary() -> list[str]:
    """Return bytes as byte-level vocabularies write them, one merge, and the marks."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in printable]
    signs = {byte: chr(byte) for byte in printable}
    signs |= {byte: chr(256 + index) for index, byte in enumerate(rest)}
    newline = signs[10]
    return [*(signs[byte] for byte in range(256)), newline * 2, *SPECIALS]


TOKENS = vocabulary()
SPACE = TOKENS[32]
EOS = TOKENS.index("<end_of_utterance>")


def random_weights(sizes: Sizes = TINY, seed: int = 21) -> Weights:
    """Return weights by their names in transformers, so that the photo matters."""
    rng = np.random.default_rng(seed)

    def some(*shape: int, scale: float) -> NDArray[np.float32]:
        return (rng.standard_normal(shape) * scale).astype(np.float32)

    found = _vision_weights(sizes, some)
    seen = sizes.vision["width"] * sizes.merge**2
    found["model.connector.modality_projection.proj.weight"] = some(
        sizes.text["width"], seen, scale=0.15 * (128 / seen) ** 0.5
    )
    return found | _text_weights(sizes, some)


def _vision_weights(sizes: Sizes, some: Callable[..., Any]) -> Weights:
    width, feed = sizes.vision["width"], sizes.vision["feed"]
    vision, found = "model.vision_model", {}
    calm = (TINY.vision["width"] / width) ** 0.5
    found[f"{vision}.embeddings.patch_embedding.weight"] = some(
        width, 3, sizes.patch, sizes.patch, scale=0.15 * TINY.patch / sizes.patch
    )
    found[f"{vision}.embeddings.patch_embedding.bias"] = some(width, scale=0.1)
    found[f"{vision}.embeddings.position_embedding.weight"] = some(
        (sizes.edge // sizes.patch) ** 2, width, scale=0.2
    )
    for layer in range(sizes.vision["layers"]):
        block = f"{vision}.encoder.layers.{layer}"
        for name in ("q", "k", "v", "out"):
            found[f"{block}.self_attn.{name}_proj.weight"] = some(
                width, width, scale=0.1 * calm
            )
            found[f"{block}.self_attn.{name}_proj.bias"] = some(width, scale=0.05)
        for name, (rows, columns) in {
            "fc1": (feed, width),
            "fc2": (width, feed),
        }.items():
            found[f"{block}.mlp.{name}.weight"] = some(rows, columns, scale=0.1 * calm)
            found[f"{block}.mlp.{name}.bias"] = some(rows, scale=0.05)
        for name in ("layer_norm1", "layer_norm2"):
            found |= _norm(f"{block}.{name}", some(width, scale=0.05))
    return found | _norm(f"{vision}.post_layernorm", some(width, scale=0.05))


def _text_weights(sizes: Sizes, some: Callable[..., Any]) -> Weights:
    text, tokens = sizes.text, sizes.tokens
    width, head = text["width"], text["width"] // text["heads"]
    calm, found = (TINY.text["width"] / width) ** 0.5, {}
    found["model.text_model.embed_tokens.weight"] = some(len(tokens), width, scale=1.0)
    shapes = {
        "self_attn.q_proj": (width, width),
        "self_attn.k_proj": (head * text["kv_heads"], width),
        "self_attn.v_proj": (head * text["kv_heads"], width),
        "self_attn.o_proj": (width, width),
        "mlp.gate_proj": (text["feed"], width),
        "mlp.up_proj": (text["feed"], width),
        "mlp.down_proj": (width, text["feed"]),
    }
    for layer in range(text["layers"]):
        block = f"model.text_model.layers.{layer}"
        for name, shape in shapes.items():
            found[f"{block}.{name}.weight"] = some(*shape, scale=0.15 * calm)
        for name in ("input_layernorm", "post_attention_layernorm"):
            found[f"{block}.{name}.weight"] = 1 + some(width, scale=0.05)
    found["model.text_model.norm.weight"] = 1 + some(width, scale=0.05)
    lm_head = some(len(tokens), width, scale=2.0 * calm)
    # only letters and signs, or the words, are said: a text shows its tokens one by one
    lm_head[[i for i in range(len(tokens)) if not _is_said(sizes, i)]] = 0
    found["lm_head.weight"] = lm_head
    return found


def _is_said(sizes: Sizes, token: int) -> bool:
    return token >= len(TOKENS) if sizes.words else 33 <= token < 127


def _norm(name: str, noise: NDArray[np.float32]) -> Weights:
    return {f"{name}.weight": 1 + noise, f"{name}.bias": noise[::-1].copy()}


def write_pair(
    folder: Path, weights: Weights | None = None, sizes: Sizes = TINY
) -> tuple[Path, Path]:
    """Write language model and projector; return their paths."""
    weights = weights or random_weights(sizes)
    text, projector = folder / "tiny.gguf", folder / "mmproj-tiny.gguf"
    _write_text(text, weights, sizes)
    _write_projector(projector, weights, sizes)
    return text, projector


def _write_text(path: Path, weights: Weights, sizes: Sizes) -> None:
    text, tokens = sizes.text, sizes.tokens
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(sizes.context)
    writer.add_embedding_length(text["width"])
    writer.add_block_count(text["layers"])
    writer.add_feed_forward_length(text["feed"])
    writer.add_head_count(text["heads"])
    writer.add_head_count_kv(text["kv_heads"])
    writer.add_layer_norm_rms_eps(EPS["text"])
    writer.add_rope_freq_base(sizes.rope)
    writer.add_rope_dimension_count(text["width"] // text["heads"])
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    normal, control = gguf.TokenType.NORMAL, gguf.TokenType.CONTROL
    writer.add_token_types(
        [control if token in SPECIALS else normal for token in tokens]
    )
    newline = TOKENS[256][0]
    writer.add_token_merges([f"{newline} {newline}"])
    writer.add_bos_token_id(TOKENS.index("<|im_start|>"))
    writer.add_eos_token_id(EOS)
    writer.add_chat_template(TEMPLATE)
    names = {
        "self_attn.q_proj": "attn_q",
        "self_attn.k_proj": "attn_k",
        "self_attn.v_proj": "attn_v",
        "self_attn.o_proj": "attn_output",
        "mlp.gate_proj": "ffn_gate",
        "mlp.up_proj": "ffn_up",
        "mlp.down_proj": "ffn_down",
        "input_layernorm": "attn_norm",
        "post_attention_layernorm": "ffn_norm",
    }
    heads = {"attn_q": text["heads"], "attn_k": text["kv_heads"]}
    for layer in range(text["layers"]):
        for theirs, ours in names.items():
            array = weights[f"model.text_model.layers.{layer}.{theirs}.weight"]
            if ours in heads:
                array = _turned(array, heads[ours])
            writer.add_tensor(f"blk.{layer}.{ours}.weight", array)
    embeds = weights["model.text_model.embed_tokens.weight"]
    writer.add_tensor("token_embd.weight", embeds)
    writer.add_tensor("output_norm.weight", weights["model.text_model.norm.weight"])
    writer.add_tensor("output.weight", weights["lm_head.weight"])
    _close(writer)


def _turned(array: NDArray[np.float32], heads: int) -> NDArray[np.float32]:
    """Return rows in the order that llama.cpp turns them: pairs lie side by side."""
    rows, columns = array.shape
    split = array.reshape(heads, 2, rows // heads // 2, columns)
    return np.ascontiguousarray(split.swapaxes(1, 2).reshape(rows, columns))


def _write_projector(path: Path, weights: Weights, sizes: Sizes) -> None:
    vision = sizes.vision
    writer = gguf.GGUFWriter(path, "clip")
    writer.add_type(gguf.GGUFType.MMPROJ)
    writer.add_clip_has_vision_encoder(True)
    writer.add_clip_projector_type(gguf.VisionProjectorType.IDEFICS3)
    writer.add_vision_image_size(sizes.edge)
    writer.add_vision_preproc_image_size(4 * sizes.edge)
    writer.add_vision_patch_size(sizes.patch)
    writer.add_vision_embedding_length(vision["width"])
    writer.add_vision_feed_forward_length(vision["feed"])
    writer.add_vision_projection_dim(sizes.text["width"])
    writer.add_vision_block_count(vision["layers"])
    writer.add_vision_head_count(vision["heads"])
    writer.add_vision_attention_layernorm_eps(EPS["vision"])
    writer.add_vision_projector_scale_factor(sizes.merge)
    writer.add_vision_use_gelu(True)
    writer.add_vision_image_mean([0.5] * 3)
    writer.add_vision_image_std([0.5] * 3)
    names = {
        "self_attn.q_proj": "attn_q",
        "self_attn.k_proj": "attn_k",
        "self_attn.v_proj": "attn_v",
        "self_attn.out_proj": "attn_out",
        "mlp.fc1": "ffn_up",
        "mlp.fc2": "ffn_down",
        "layer_norm1": "ln1",
        "layer_norm2": "ln2",
    }
    tensors = {
        "model.vision_model.embeddings.patch_embedding.weight": "v.patch_embd.weight",
        "model.vision_model.embeddings.patch_embedding.bias": "v.patch_embd.bias",
        "model.vision_model.embeddings.position_embedding.weight": (
            "v.position_embd.weight"
        ),
        "model.vision_model.post_layernorm.weight": "v.post_ln.weight",
        "model.vision_model.post_layernorm.bias": "v.post_ln.bias",
        "model.connector.modality_projection.proj.weight": "mm.model.fc.weight",
    }
    for layer in range(vision["layers"]):
        for theirs, ours in names.items():
            for part in ("weight", "bias"):
                name = f"model.vision_model.encoder.layers.{layer}.{theirs}.{part}"
                tensors[name] = f"v.blk.{layer}.{ours}.{part}"
    for theirs, ours in tensors.items():
        writer.add_tensor(ours, weights[theirs])
    _close(writer)


def _close(writer: gguf.GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
