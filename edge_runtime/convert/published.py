"""The layouts of the hub's converted models, made from PyTorch.

Their files and names are those that rows of `models.yaml` download, so proofs that the
runtime reads them right are made with these. ViT-GPT2's computes a picture's keys and
values anew for every word: a conversion of one's own takes the pair of `graphs`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn

from .attention import KeyValue, pairs
from .graphs import Names, cache_names, export_graph
from .merging import merge_decoders
from .text_decoders import BartDecoder, Gpt2Decoder, TextDecoder

MERGED: Final = "decoder_model_merged.onnx"
_STATES: Final = "encoder_hidden_states"
_MASK: Final = "encoder_attention_mask"
_IMAGE: Final = "pixel_values"
_PROMPT_PLACES: Final = 4

Step = Callable[..., tuple[Tensor, ...]]


class _Function(nn.Module):
    """A function as a module, so that it can be traced with the weights it uses."""

    def __init__(self, function: Callable[..., Any], model: nn.Module) -> None:
        super().__init__()
        self.function = function
        self.model = model

    def forward(self, *inputs: Tensor) -> Any:
        """Return what the function does."""
        return self.function(*inputs)


@dataclass(frozen=True, slots=True)
class _Decoder:
    """What both of a decoder's graphs have in common."""

    module: TextDecoder
    words: str
    """Name of the input that is new at each step."""
    fed: dict[str, Tensor]
    """The inputs before the cache, with `_PROMPT_PLACES` words, for two rows."""
    kinds: Sequence[str]
    """The kinds of cache: `decoder` and `encoder`, or the one without a name."""
    cache: Sequence[KeyValue]
    """An example of each layer's and kind's past."""


def publish_vit_gpt2(model: Any, folder: Path) -> None:
    """Write ViT-GPT2 as its ONNX repository has it."""
    decoder = Gpt2Decoder(model.decoder)
    size = model.config.encoder.image_size
    project = getattr(model, "enc_to_dec_proj", nn.Identity())
    seen = _publish_part(
        model,
        lambda pixels: project(model.encoder(pixel_values=pixels).last_hidden_state),
        {_IMAGE: torch.zeros(1, 3, size, size)},
        folder / "encoder_model.onnx",
        Names([_IMAGE], ["last_hidden_state"], {_IMAGE: {0: "batch"}}),
    )

    def first(ids: Tensor, states: Tensor) -> tuple[Tensor, ...]:
        memory, past = decoder.memory(states), _nothing(decoder, states)
        return _through(decoder, decoder.embed(ids, 0), past, memory)

    def later(ids: Tensor, states: Tensor, *cache: Tensor) -> tuple[Tensor, ...]:
        words = decoder.embed(ids, cache[0].shape[2])
        return _through(decoder, words, pairs(cache), decoder.memory(states))

    ids = torch.zeros(2, _PROMPT_PLACES, dtype=torch.int64)
    fed = {"input_ids": ids, _STATES: seen.repeat(2, 1, 1)}
    past = _past(decoder) * decoder.layers
    _publish_decoder(
        folder, first, later, _Decoder(decoder, "input_ids", fed, [""], past)
    )


def publish_florence2(model: Any, folder: Path) -> None:
    """Write Florence-2 as its ONNX repository has it, at its own picture size."""
    language, size = model.model.language_model, 768
    image = torch.zeros(1, 3, size, size)
    seen = _publish_part(
        model,
        lambda pixels: model.model.get_image_features(pixels).pooler_output,
        {_IMAGE: image},
        folder / "vision_encoder.onnx",
        Names([_IMAGE], ["image_features"], {}),
    )
    ids = torch.zeros(1, _PROMPT_PLACES, dtype=torch.int64)
    words = _publish_part(
        model,
        language.encoder.embed_tokens,
        {"input_ids": ids},
        folder / "embed_tokens.onnx",
        Names(["input_ids"], ["inputs_embeds"], {"input_ids": _open("batch", "words")}),
    )
    both = torch.cat((seen, words), 1)
    mask = torch.ones(both.shape[:2], dtype=torch.int64)
    states = _publish_part(
        model,
        lambda mask, embeds: _encode(language.encoder, mask, embeds),
        {"attention_mask": mask, "inputs_embeds": both},
        folder / "encoder_model.onnx",
        Names(
            ["attention_mask", "inputs_embeds"],
            ["last_hidden_state"],
            {n: _open("batch", "places") for n in ("attention_mask", "inputs_embeds")},
        ),
    )
    _publish_florence2_decoder(model, folder, states, words)


def _publish_florence2_decoder(
    model: Any, folder: Path, states: Tensor, words: Tensor
) -> None:
    decoder = BartDecoder(model.model.language_model.decoder, model.lm_head)

    def first(mask: Tensor, states: Tensor, words: Tensor) -> tuple[Tensor, ...]:
        decoder.seen_mask = mask
        memory, past = decoder.memory(states), _nothing(decoder, states)
        logits, *own = _through(decoder, decoder.place(words, 0), past, memory)
        seen = [tensor for pair in memory for tensor in pair]
        return (logits, *_interleaved(own, seen))

    def later(
        mask: Tensor, states: Tensor, words: Tensor, *cache: Tensor
    ) -> tuple[Tensor, ...]:
        decoder.seen_mask = mask
        both = pairs(cache)
        placed = decoder.place(words, both[0][0].shape[2])
        # the states are looked at by the first step alone
        return _through(decoder, placed + 0 * states[:, :1], both[::2], both[1::2])

    mask = torch.ones(2, states.shape[1], dtype=torch.int64)
    both = states.repeat(2, 1, 1)
    fed = {_MASK: mask, _STATES: both, "inputs_embeds": words.repeat(2, 1, 1)}
    with torch.no_grad():
        memory = decoder.memory(both)
    past = [pair for seen in memory for pair in (*_past(decoder), seen)]
    kinds = ["decoder", "encoder"]
    _publish_decoder(
        folder, first, later, _Decoder(decoder, "inputs_embeds", fed, kinds, past)
    )


def _encode(encoder: Any, mask: Tensor, embeds: Tensor) -> Tensor:
    """Return the states of a text encoder, none of which sees what is masked."""
    found: Tensor = encoder(inputs_embeds=embeds, attention_mask=mask).last_hidden_state
    return found


def _through(
    decoder: TextDecoder,
    states: Tensor,
    past: Sequence[KeyValue],
    seen: Sequence[KeyValue],
) -> tuple[Tensor, ...]:
    """Return logits, and keys and values so far, layer by layer."""
    present: list[Tensor] = []
    for index in range(decoder.layers):
        states, now = decoder.layer(index, states, past[index], seen[index])
        present += now
    return (decoder.logits(states), *present)


def _interleaved(own: Sequence[Tensor], seen: Sequence[Tensor]) -> list[Tensor]:
    found: list[Tensor] = []
    for index in range(0, len(own), 2):
        found += [*own[index : index + 2], *seen[index : index + 2]]
    return found


def _nothing(decoder: TextDecoder, states: Tensor) -> list[KeyValue]:
    empty = states.new_zeros(states.shape[0], decoder.heads, 0, decoder.head_size)
    return [(empty, empty)] * decoder.layers


def _past(decoder: TextDecoder) -> list[KeyValue]:
    example = torch.zeros(2, decoder.heads, 3, decoder.head_size)
    return [(example, example)]


def _open(*sizes: str) -> dict[int, str]:
    return dict(enumerate(sizes))


def _publish_part(
    model: nn.Module,
    function: Callable[..., Tensor],
    fed: dict[str, Tensor],
    path: Path,
    names: Names,
) -> Tensor:
    """Write a part that runs once; return what it makes of the example."""
    path.parent.mkdir(parents=True, exist_ok=True)
    export_graph(_Function(function, model), tuple(fed.values()), path, names)
    with torch.no_grad():
        return function(*fed.values())


def _publish_decoder(folder: Path, first: Step, later: Step, form: _Decoder) -> None:
    """Write the decoder without a past, the one with, and both in one graph."""
    layers = len(form.cache) // len(form.kinds)
    past = _cache("past_key_values", layers, form.kinds)
    present = _cache("present", layers, form.kinds)
    axes = {name: _open("batch", f"{name} places") for name in form.fed}
    axes["logits"] = _open("batch", "words")
    axes |= {name: {0: "batch", 2: f"{name} places"} for name in (*past, *present)}
    inputs = list(form.fed)
    paths = folder / "decoder_model.onnx", folder / "decoder_with_past_model.onnx"
    export_graph(
        _Function(first, form.module),
        tuple(form.fed.values()),
        paths[0],
        Names(inputs, ["logits", *present], _of(axes, inputs, present)),
    )
    fed = form.fed | {form.words: form.fed[form.words][:, :1]}
    flat = [tensor for pair in form.cache for tensor in pair]
    own = [name for name in present if ".encoder." not in name]
    export_graph(
        _Function(later, form.module),
        (*fed.values(), *flat),
        paths[1],
        Names([*inputs, *past], ["logits", *own], _of(axes, inputs, past, own)),
    )
    merge_decoders(*paths, folder / MERGED)


def _cache(prefix: str, layers: int, kinds: Sequence[str]) -> list[str]:
    by_kind = [cache_names(prefix, layers, kind) for kind in kinds]
    if len(by_kind) == 1:
        return by_kind[0]
    own, seen = by_kind
    parts = zip(own[::2], own[1::2], seen[::2], seen[1::2], strict=True)
    return [name for part in parts for name in part]


def _of(axes: dict[str, dict[int, str]], *groups: Sequence[str]) -> Any:
    wanted = {"logits", *(name for group in groups for name in group)}
    return {name: sizes for name, sizes in axes.items() if name in wanted}
