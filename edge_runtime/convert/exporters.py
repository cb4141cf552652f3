"""From a model of `transformers` to graphs in float32, by its architecture."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from .graphs import export_pair
from .text_decoders import BartDecoder, BertDecoder, GitDecoder, Gpt2Decoder


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


class _ViewOfText(nn.Module):
    def __init__(self, encoder: Any) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, input_ids: Tensor) -> Tensor:
        """Return the last layer's states."""
        return self.encoder(input_ids=input_ids).last_hidden_state


def export_vit_gpt2(model: Any, folder: Path) -> None:
    """Write encoder and decoder of a VisionEncoderDecoderModel with GPT-2."""
    projection = getattr(model, "enc_to_dec_proj", None)
    size = model.config.encoder.image_size
    export_pair(
        _ViewOfPicture(model.encoder, projection),
        Gpt2Decoder(model.decoder),
        _blank(size),
        folder,
    )


def export_blip(model: Any, folder: Path) -> None:
    """Write encoder and decoder of a BlipForConditionalGeneration."""
    text = model.text_decoder
    export_pair(
        _ViewOfPicture(model.vision_model),
        BertDecoder(text, text.bert),
        _blank(model.config.vision_config.image_size),
        folder,
    )


def export_git(model: Any, folder: Path) -> None:
    """Write encoder and decoder of a GitForCausalLM for single pictures."""
    export_pair(
        _ViewOfPicture(model.git.image_encoder),
        GitDecoder(model, model.git),
        _blank(model.config.vision_config.image_size),
        folder,
    )


def export_marian(model: Any, folder: Path) -> None:
    """Write encoder and decoder of a MarianMTModel."""
    bias = model.final_logits_bias
    export_pair(
        _ViewOfText(model.model.encoder),
        BartDecoder(model.model.decoder, model.lm_head, bias),
        torch.full((1, 7), 5, dtype=torch.int64),
        folder,
        input_name="input_ids",
    )


def _blank(size: int) -> Tensor:
    return torch.zeros(1, 3, size, size)
