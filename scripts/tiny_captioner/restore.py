"""Turn the shipped int8 graphs back into a trainable model.

The checkpoints of a training are not kept: this starts the next one where the last
one ended. Batch norm was folded into the convolutions, so it comes back as a bias.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from .data import Vocabulary
from .detector import Detector
from .encoders import Eyes, ImageEncoder, make_encoder, photo_encoder
from .export import PARTS
from .halves import LOWER_CONVOLUTIONS
from .model import REGION_DROPOUT, CaptionDecoder, ModelConfig
from .stored_graph import Array, StoredGraph

_DETECTOR = "encoder.detector."


@torch.no_grad()
def _fill_encoder(
    encoder: ImageEncoder, convolutions: Sequence[tuple[Array, Array]]
) -> None:
    parts = [p for p in encoder.modules() if isinstance(p, nn.Conv2d | nn.BatchNorm2d)]
    for convolution, norm, (weight, bias) in zip(
        parts[::2], parts[1::2], convolutions, strict=True
    ):
        if not isinstance(norm, nn.BatchNorm2d):
            raise TypeError("a convolution without batch norm can't be restored")
        convolution.weight.copy_(torch.from_numpy(weight))
        norm.weight.fill_(1.0)
        norm.bias.copy_(torch.from_numpy(bias))
        norm.running_mean.zero_()
        norm.running_var.fill_(1.0 - norm.eps)


def _fill_detector(detector: Detector, graph: StoredGraph) -> None:
    state: dict[str, Tensor] = {}
    for node in graph.nodes:
        if node.op_type == "Conv" and node.input[2].startswith(_DETECTOR):
            stem = node.input[2].removeprefix(_DETECTOR).removesuffix("bias")
            for part, name in zip(("weight", "bias"), node.input[1:], strict=True):
                state[f"{stem}{part}"] = torch.from_numpy(graph.value(name))
    detector.load_state_dict(state)


def _encoder_linears(graph: StoredGraph) -> Iterator[tuple[str, Tensor]]:
    """Yield what the decoder computes once per photo."""
    for node in graph.nodes:
        if node.op_type == "Gemm":
            bias = node.input[2]
            stem = bias.removeprefix("decoder.").removesuffix(".bias")
            weight = graph.value(node.input[1], axis=1)
            yield f"{stem}.weight", torch.from_numpy(weight.T.copy())
            yield f"{stem}.bias", torch.from_numpy(graph.value(bias))
        elif node.op_type == "LayerNormalization":
            for name in node.input[1:]:
                yield name.removeprefix("decoder."), torch.from_numpy(graph.value(name))
        elif node.op_type == "Add" and node.input[1].startswith("decoder."):
            name = node.input[1].removeprefix("decoder.").partition("_Dequantize")[0]
            yield name, torch.from_numpy(graph.value(node.input[1]))


def _decoder_linears(graph: StoredGraph) -> Iterator[tuple[str, Tensor]]:
    """Yield every weight that a bias is added to; the last one is the embedding."""
    products = {n.name: n for n in graph.nodes if n.op_type == "MatMulInteger"}
    for node in graph.nodes:
        bias = node.input[0] if node.op_type == "Add" else ""
        if bias.startswith("decoder."):
            product = products[node.input[1].replace("_output_0", "_quant")]
            stem = bias.removeprefix("decoder.").removesuffix("bias")
            weight = graph.matrix(product.input[1]).T.copy()
            yield f"{stem or 'embed.'}weight", torch.from_numpy(weight)


def read_config(folder: Path, backbone: str) -> ModelConfig:
    """Return the configuration of the model whose graphs lie in a folder."""
    return _config(folder, backbone, StoredGraph(folder / PARTS[0]))


def _config(folder: Path, backbone: str, photo: StoredGraph) -> ModelConfig:
    words = Vocabulary.read(folder / "vocabulary.txt")
    config = ModelConfig(len(words), backbone=backbone)
    if any(_DETECTOR in name for node in photo.nodes for name in node.input):
        config = replace(config, detector=True, region_dropout=REGION_DROPOUT)
    return config


def restore(folder: Path, backbone: str) -> tuple[ModelConfig, nn.ModuleDict]:
    """Return the model whose int8 graphs lie in a folder."""
    photo, text = (StoredGraph(folder / part) for part in PARTS)
    config = _config(folder, backbone, photo)
    encoder, decoder = make_encoder(config), CaptionDecoder(config)
    _fill_encoder(photo_encoder(encoder), list(photo.backbone()))
    if isinstance(encoder, Eyes):
        _fill_detector(encoder.detector, photo)
    filled: dict[str, Tensor] = {
        **dict(_encoder_linears(photo)),
        **dict(_decoder_linears(text)),
        "position.weight": torch.from_numpy(text.matrix("decoder.position.weight")),
    }
    for name in set(decoder.state_dict()) - set(filled):
        filled[name] = torch.from_numpy(text.value(f"decoder.{name}"))
    decoder.load_state_dict(filled)
    return config, nn.ModuleDict({"encoder": encoder, "decoder": decoder})


def restore_plain(encoder: Path, backbone: str) -> ImageEncoder:
    """Return a whole encoder, upper half included, that was exported alone."""
    plain = ImageEncoder(backbone)
    _fill_encoder(plain, list(StoredGraph(encoder).backbone()))
    return plain


def restore_shared(captioner: Path, head: Path, backbone: str) -> ImageEncoder:
    """Return the encoder that a head learned from: lower half shared, upper its own."""
    encoder = ImageEncoder(backbone)
    lower = list(StoredGraph(captioner / PARTS[0]).backbone())[:LOWER_CONVOLUTIONS]
    _fill_encoder(encoder, [*lower, *StoredGraph(head).backbone()])
    return encoder
