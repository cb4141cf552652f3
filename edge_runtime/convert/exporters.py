"""From a model of `transformers` to the modules of its graphs, by its architecture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn

from .graphs import Pair, pair_of
from .text_decoders import BartDecoder, BertDecoder, GitDecoder, Gpt2Decoder

FLORENCE2_SIZE: Final = 768
"""The edge of the pictures that Florence-2 was taught on."""


class _ViewOfPicture(nn.Module):
    """What a vision model sees, at the width of the text."""

    def __init__(self, vision: Any, projection: Any = None) -> None:
        super().__init__()
        self.vision = vision
        self.projection = projection

    def forward(self, pixel_values: Tensor) -> Tensor:
        """Return the last layer's states."""
        states = self.vision(pixel_values=pixel_values).last_hidden_state
        return states if self.projection is None else self.projection(states)


class _ViewOfPictureAndPrompt(nn.Module):
    def __init__(self, model: Any, prompt: Sequence[int]) -> None:
        super().__init__()
        self.model = model
        self.register_buffer("prompt", torch.tensor([list(prompt)]), persistent=False)

    def forward(self, pixel_values: Tensor) -> Tensor:
        """Return the states of picture and task, read together."""
        seen = self.model.model.get_image_features(pixel_values).pooler_output
        encoder = self.model.model.language_model.encoder
        words = encoder.embed_tokens(self.prompt)
        return encoder(inputs_embeds=torch.cat((seen, words), 1)).last_hidden_state


class _ViewOfText(nn.Module):
    def __init__(self, encoder: Any) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, input_ids: Tensor) -> Tensor:
        """Return the last layer's states."""
        return self.encoder(input_ids=input_ids).last_hidden_state


def vit_gpt2_pair(model: Any) -> Pair:
    """Return the modules of a VisionEncoderDecoderModel with GPT-2."""
    projection = getattr(model, "enc_to_dec_proj", None)
    return pair_of(
        _ViewOfPicture(model.encoder, projection),
        Gpt2Decoder(model.decoder),
        _blank(model.config.encoder.image_size),
    )


def blip_pair(model: Any) -> Pair:
    """Return the modules of a BlipForConditionalGeneration."""
    text = model.text_decoder
    return pair_of(
        _ViewOfPicture(model.vision_model),
        BertDecoder(text, text.bert),
        _blank(model.config.vision_config.image_size),
    )


def git_pair(model: Any) -> Pair:
    """Return the modules of a GitForCausalLM for single pictures."""
    return pair_of(
        _ViewOfPicture(model.git.image_encoder),
        GitDecoder(model, model.git),
        _blank(model.config.vision_config.image_size),
    )


def florence2_pair(model: Any, prompt: Sequence[int]) -> Pair:
    """Return the modules of a Florence-2 for one task, its sentence in the graph."""
    language = model.model.language_model
    return pair_of(
        _ViewOfPictureAndPrompt(model, prompt),
        BartDecoder(language.decoder, model.lm_head),
        _blank(FLORENCE2_SIZE),
    )


def marian_pair(model: Any) -> Pair:
    """Return the modules of a MarianMTModel."""
    decoder = BartDecoder(model.model.decoder, model.lm_head, model.final_logits_bias)
    example = torch.full((1, 7), 5, dtype=torch.int64)
    return pair_of(_ViewOfText(model.model.encoder), decoder, example, "input_ids")


def export_vit_gpt2(model: Any, folder: Path) -> None:
    """Write encoder and decoder of a VisionEncoderDecoderModel with GPT-2."""
    vit_gpt2_pair(model).export(folder)


def export_blip(model: Any, folder: Path) -> None:
    """Write encoder and decoder of a BlipForConditionalGeneration."""
    blip_pair(model).export(folder)


def export_git(model: Any, folder: Path) -> None:
    """Write encoder and decoder of a GitForCausalLM for single pictures."""
    git_pair(model).export(folder)


def export_marian(model: Any, folder: Path) -> None:
    """Write encoder and decoder of a MarianMTModel."""
    marian_pair(model).export(folder)


def _blank(size: int) -> Tensor:
    return torch.zeros(1, 3, size, size)
