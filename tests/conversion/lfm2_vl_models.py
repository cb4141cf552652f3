"""LFM2-VL with random weights, as the hub's three graphs and with its processor."""

from functools import partial

from conversion.lfm2_vl_words import VOCABULARY, write_words
import onnx
from onnx import version_converter
import torch
from torch import nn
from torch.nn import functional
from transformers import Lfm2VlConfig, Lfm2VlForConditionalGeneration

from edge_runtime.convert.graphs import Names, export_graph
from edge_runtime.families.base import FamilyConfig
from edge_runtime.sessions.onnx import OnnxSession

LAYERS = ("conv", "conv", "full_attention", "conv", "full_attention")
FULL_LAYERS = tuple(
    "full_attention" if layer in {2, 5, 8, 10, 12, 14} else "conv"
    for layer in range(16)
)
KERNEL = 3


def lfm2_vl(*, full=False, seed=3):
    """Return the architecture of LFM2.5-VL-450M, or a small one like it."""
    vision = {"vision_use_head": False, "num_patches": 256, "patch_size": 16}
    text = {"conv_L_cache": KERNEL, "layer_types": list(FULL_LAYERS)}
    text |= {"hidden_size": 1024, "intermediate_size": 6656, "num_hidden_layers": 16}
    text |= {"num_attention_heads": 16, "num_key_value_heads": 8, "vocab_size": 65536}
    if not full:
        vision |= {"hidden_size": 32, "intermediate_size": 64}
        vision |= {"num_hidden_layers": 2, "num_attention_heads": 4}
        text |= {"hidden_size": 48, "intermediate_size": 96, "block_multiple_of": 16}
        text |= {"num_hidden_layers": len(LAYERS), "layer_types": list(LAYERS)}
        text |= {"num_attention_heads": 4, "num_key_value_heads": 2}
        text |= {"vocab_size": len(VOCABULARY)}
    config = Lfm2VlConfig(
        vision_config={"model_type": "siglip2_vision_model", **vision},
        text_config={"model_type": "lfm2", **text},
        image_token_id=VOCABULARY.index("<image>"),
        projector_hidden_size=2048 if full else 64,
        projector_use_layernorm=False,
        tie_word_embeddings=False,
    )
    config.text_config.tie_word_embeddings = False
    torch.manual_seed(seed)
    model = Lfm2VlForConditionalGeneration(config)
    return _lively(model).eval()


def _lively(model):
    """Scale weights so that the picture matters and the best token is clearly best."""
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.dim() < 2:
                if name.endswith("bias"):
                    weight.normal_(std=0.1)
            elif "embed" in name:
                weight.normal_(std=0.5)
            else:
                weight.normal_(std=1.2 / weight.shape[-1] ** 0.5)
        model.lm_head.weight.mul_(20)
        # only letters and signs are said, so that a text shows its tokens one by one
        heard = torch.zeros(model.lm_head.out_features, 1)
        for index, text in enumerate(VOCABULARY):
            heard[index] = len(text) == 1 and text.isascii()
        model.lm_head.weight.mul_(heard)
    return model


class _Function(nn.Module):
    """A function as a module, so that it can be traced with the weights it uses."""

    def __init__(self, function, model):
        super().__init__()
        self.function = function
        self.model = model

    def forward(self, *inputs):
        return self.function(*inputs)


def publish(model, folder):
    """Write the three graphs as the model's ONNX repository has them."""
    folder.mkdir(parents=True, exist_ok=True)
    patches = torch.zeros(1, 24, 768)
    mask = torch.ones(1, 24, dtype=torch.int64)
    inputs = ["pixel_values", "pixel_attention_mask", "spatial_shapes"]
    export_graph(
        _Function(partial(see, model), model),
        (patches, mask, torch.tensor([[4, 6]])),
        folder / "vision_encoder.onnx",
        Names(inputs, ["image_features"], {n: {1: "patches"} for n in inputs[:2]}),
    )
    embed = model.get_input_embeddings()
    export_graph(
        _Function(embed, embed),
        (torch.zeros(1, 3, dtype=torch.int64),),
        folder / "embed_tokens.onnx",
        Names(["input_ids"], ["inputs_embeds"], {"input_ids": {1: "tokens"}}),
    )
    _publish_decoder(model, folder / "decoder_model_merged.onnx")


def see(model, pixels, mask, shapes):
    """Return the tokens of a picture; `get_image_features` lists them per picture."""
    states = model.model.vision_tower(
        pixel_values=pixels, pixel_attention_mask=mask, spatial_shapes=shapes
    ).last_hidden_state[0]
    columns = shapes[0, 1]
    token = torch.arange(states.shape[0] // 4)
    row, column = token // (columns // 2) * 2, token % (columns // 2) * 2
    step = torch.arange(2)
    places = (row[:, None, None] + step[:, None]) * columns
    places = places + column[:, None, None] + step  # [tokens, 2, 2]
    grid = states[places.permute(1, 0, 2).reshape(2, -1)]
    found = model.model.multi_modal_projector(grid[None])
    return found.reshape(-1, found.shape[-1])


def publish_asking_decoder(model, folder):
    """Write the decoder as other exports have it: told places and wanted scores."""
    folder.mkdir()

    def asked(states, mask, places, kept, *cache):
        states, *present = _through(model, states, mask, places[0], cache)
        wanted = states[:, states.shape[1] - kept :]
        return (model.lm_head(wanted), *present)

    more = {
        "position_ids": torch.arange(2, 5)[None],
        "num_logits_to_keep": torch.tensor(1),
    }
    path = folder / "decoder_model_merged.onnx"
    _publish_decoder(model, path, asked, more)
    return path


def _publish_decoder(model, path, function=None, more=None):
    more = more or {}
    text = model.config.text_config
    heads, width = text.num_key_value_heads, text.hidden_size
    size = width // text.num_attention_heads
    past, present, cache, axes = [], [], [], {}
    for index, kind in enumerate(text.layer_types):
        if kind == "conv":
            past.append(f"past_conv.{index}")
            present.append(f"present_conv.{index}")
            cache.append(torch.zeros(1, width, KERNEL))
            continue
        for part in ("key", "value"):
            past.append(f"past_key_values.{index}.{part}")
            present.append(f"present.{index}.{part}")
            cache.append(torch.zeros(1, heads, 2, size))
            axes |= {past[-1]: {2: "past"}, present[-1]: {2: "length"}}
    axes |= {"inputs_embeds": {1: "tokens"}, "attention_mask": {1: "length"}}
    axes |= {"position_ids": {1: "tokens"}} if more else {}
    fed = torch.zeros(1, 3, width), torch.ones(1, 5, dtype=torch.int64)
    export_graph(
        _Function(function or partial(decode, model), model),
        (*fed, *more.values(), *cache),
        path,
        Names(
            ["inputs_embeds", "attention_mask", *more, *past],
            ["logits", *present],
            axes | {"logits": {1: "tokens"}},
        ),
    )


def decode(model, states, mask, *cache):
    """Return logits and the cache after some more tokens."""
    places = torch.arange(mask.shape[1])[mask.shape[1] - states.shape[1] :]
    states, *present = _through(model, states, mask, places, cache)
    return (model.lm_head(states), *present)


def _through(model, states, mask, places, cache):
    language = model.model.language_model
    turned = language.rotary_emb(states, position_ids=places[None])
    hidden = torch.arange(mask.shape[1])[None, :] > places[:, None]
    given, present = list(cache), []
    for layer in language.layers:
        normed = layer.operator_norm(states)
        if layer.is_attention_layer:
            pair = given.pop(0), given.pop(0)
            found, *now = _attend(layer.self_attn, normed, turned, hidden, pair)
        else:
            found, *now = _convolve(layer.conv, normed, given.pop(0))
        states = states + found
        states = states + layer.feed_forward(layer.ffn_norm(states))
        present += now
    return (language.embedding_norm(states), *present)


def _attend(attention, states, turned, hidden, past):
    shape = (1, states.shape[1], -1, attention.head_dim)
    query = attention.q_layernorm(attention.q_proj(states).view(shape)).transpose(1, 2)
    key = attention.k_layernorm(attention.k_proj(states).view(shape)).transpose(1, 2)
    value = attention.v_proj(states).view(shape).transpose(1, 2)
    query, key = (_turn(part, *turned) for part in (query, key))
    key, value = torch.cat((past[0], key), 2), torch.cat((past[1], value), 2)
    groups = attention.num_key_value_groups
    scores = query @ key.repeat_interleave(groups, 1).transpose(2, 3)
    scores = (scores * attention.scaling).masked_fill(hidden, -1e9).softmax(-1)
    mixed = (scores @ value.repeat_interleave(groups, 1)).transpose(1, 2)
    return attention.out_proj(mixed.flatten(2)), key, value


def _turn(states, cosine, sine):
    first, second = states.chunk(2, -1)
    return states * cosine[:, None] + torch.cat((-second, first), -1) * sine[:, None]


def _convolve(layer, states, past):
    gate, out, new = layer.in_proj(states).transpose(1, 2).chunk(3, 1)
    seen = torch.cat((past, gate * new), 2)
    mixed = functional.conv1d(seen, layer.conv.weight, groups=seen.shape[1])
    mixed = out * mixed[:, :, 1:]  # the state is one place longer than it needs
    return layer.out_proj(mixed.transpose(1, 2)), seen[:, :, -KERNEL:]


def quantize(folder):
    """Write the graphs anew with weights of 4 bits, beside their data, as published."""
    from onnxruntime.quantization.matmul_nbits_quantizer import (  # noqa: PLC0415
        MatMulNBitsQuantizer,
    )

    for path in folder.glob("*[a-z].onnx"):
        graph = version_converter.convert_version(onnx.load(path), 21)
        quantizer = MatMulNBitsQuantizer(
            graph,
            block_size=32,
            is_symmetric=True,
            op_types_to_quantize=("MatMul", "Gather"),
            quant_axes=(("MatMul", 0), ("Gather", 1)),
        )
        quantizer.process()
        name = f"{path.stem}_q4.onnx"
        onnx.save(
            quantizer.model.model,
            folder / name,
            save_as_external_data=True,
            location=f"{name}_data",
            size_threshold=64,
        )


def family_config(folder, suffix="", **generate):
    """Return what the manifest's row would say of such a folder."""
    tokenizer, settings = write_words(folder)
    files = {
        "vision_encoder": folder / f"vision_encoder{suffix}.onnx",
        "embed_tokens": folder / f"embed_tokens{suffix}.onnx",
        "decoder": folder / f"decoder_model_merged{suffix}.onnx",
        "tokenizer": tokenizer,
        "tokenizer_config": settings,
    }
    return FamilyConfig(
        files={role: str(path) for role, path in files.items()},
        preprocess={"image_min_tokens": 64, "image_max_tokens": 256},
        generate=generate,
        open_session=partial(OnnxSession, threads=1, options={}),
    )
