"""Real architectures with seeded random weights that let the picture matter."""

from collections.abc import Callable
import json
from pathlib import Path

import torch
from transformers import (
    BlipConfig,
    BlipForConditionalGeneration,
    Florence2Config,
    Florence2ForConditionalGeneration,
    GitConfig,
    GitForCausalLM,
    GPT2Config,
    MarianConfig,
    MarianMTModel,
    VisionEncoderDecoderConfig,
    VisionEncoderDecoderModel,
    ViTConfig,
)

BERT_WORDS = 400
GPT2_WORDS = 500
FLORENCE2_WORDS = 400


def vit_gpt2(*, full=False, seed=0):
    size = {} if full else _small_vision()
    text = {} if full else {"n_embd": 48, "n_layer": 2}
    return _vision_and_gpt2(size, text, full=full, seed=seed)


def distilvit(*, full=False, seed=0):
    """Return ViT and DistilGPT2: equally wide, the one twice as deep as the other."""
    size = {} if full else _small_vision() | {"hidden_size": 48, "num_hidden_layers": 4}
    text = {"n_layer": 6} if full else {"n_embd": 48, "n_layer": 2}
    return _vision_and_gpt2(size, text, full=full, seed=seed)


def _vision_and_gpt2(size, text, *, full, seed):
    vision = ViTConfig(image_size=224 if full else 64, **size)
    if not full:
        text |= {"n_head": 4, "vocab_size": GPT2_WORDS, "n_positions": 64}
    text = GPT2Config(add_cross_attention=True, **text)
    end = text.vocab_size - 1
    text.bos_token_id = text.eos_token_id = end
    config = VisionEncoderDecoderConfig.from_encoder_decoder_configs(vision, text)
    config.decoder_start_token_id = config.eos_token_id = config.pad_token_id = end
    torch.manual_seed(seed)
    model = VisionEncoderDecoderModel(config)
    for name in ("decoder_start_token_id", "eos_token_id", "pad_token_id"):
        setattr(model.generation_config, name, end)
    return _lively(model)


def blip(*, full=False, seed=0, gain=1.6):
    text = {"bos_token_id": 30522, "sep_token_id": 102, "eos_token_id": 2}
    vision = {}
    if not full:
        text = _small_text() | {
            "bos_token_id": BERT_WORDS - 2,
            "sep_token_id": 102,
            "encoder_hidden_size": 32,
        }
        vision = _small_vision() | {"image_size": 64}
    else:
        vision = {"image_size": 384}
    torch.manual_seed(seed)
    config = BlipConfig(text_config=text, vision_config=vision)
    return _lively(BlipForConditionalGeneration(config), gain)


def git(*, full=False, seed=0, gain=1.6):
    values = {"bos_token_id": 101, "eos_token_id": 102}
    if not full:
        values |= _small_text() | {
            "vision_config": _small_vision() | {"image_size": 64},
        }
    torch.manual_seed(seed)
    return _lively(GitForCausalLM(GitConfig(**values)), gain)


def marian(*, seed=0, gain=1.6, **sizes):
    """Return the architecture of OPUS-MT."""
    small = {
        "d_model": 32,
        "encoder_layers": 2,
        "decoder_layers": 2,
        "encoder_attention_heads": 4,
        "decoder_attention_heads": 4,
        "encoder_ffn_dim": 64,
        "decoder_ffn_dim": 64,
        "max_position_embeddings": 512,
    }
    words = 300
    torch.manual_seed(seed)
    config = MarianConfig(
        vocab_size=words,
        pad_token_id=words - 1,
        decoder_start_token_id=words - 1,
        eos_token_id=0,
        forced_eos_token_id=None,
        scale_embedding=True,
        activation_function="swish",
        **(small | sizes),
    )
    return _lively(MarianMTModel(config), gain)


def florence2(*, full=False, seed=0, gain=1.6):
    """Return Florence-2; the small one sees 768 pixels in 96 wide steps."""
    text = _florence2_base_bart() if full else _small_bart()
    vision = {"projection_dim": 768}  # the rest is as the configuration has it
    if not full:
        vision = {
            "depths": (1, 1, 1, 1),
            "embed_dim": (8, 16, 32, 64),
            "num_heads": (2, 2, 4, 8),
            "num_groups": (2, 2, 4, 8),
            "patch_size": (7, 3, 3, 3),
            "projection_dim": 48,
        }
    config = Florence2Config(
        text_config={"model_type": "bart", **text}, vision_config=vision
    )
    if not full:
        config.image_token_id = FLORENCE2_WORDS - 1
    torch.manual_seed(seed)
    return _lively(Florence2ForConditionalGeneration(config), gain)


BUILDERS: dict[str, Callable] = {
    "vit_gpt2": vit_gpt2,
    "distilvit": distilvit,
    "blip": blip,
    "git": git,
    "florence2": florence2,
}


def _florence2_base_bart():
    """Return the sizes of Florence-2-base's text part; without them it is large."""
    return {
        "vocab_size": 51289,
        "d_model": 768,
        "encoder_layers": 6,
        "decoder_layers": 6,
        "encoder_attention_heads": 12,
        "decoder_attention_heads": 12,
        "encoder_ffn_dim": 3072,
        "decoder_ffn_dim": 3072,
        "max_position_embeddings": 1024,
    }


def _small_bart():
    return {
        "vocab_size": FLORENCE2_WORDS,
        "d_model": 48,
        "encoder_layers": 2,
        "decoder_layers": 2,
        "encoder_attention_heads": 4,
        "decoder_attention_heads": 4,
        "encoder_ffn_dim": 64,
        "decoder_ffn_dim": 64,
        "max_position_embeddings": 1024,
    }


def _small_vision():
    return {
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 64,
        "patch_size": 16,
    }


def _small_text():
    return {
        "vocab_size": BERT_WORDS,
        "hidden_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 64,
        "max_position_embeddings": 128,
    }


def _lively(model, gain=1.6):
    """Scale weights so that pictures differ and the best token is clearly best."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() < 2:
                if name.endswith("bias"):
                    parameter.normal_(std=0.2)
                continue
            fan_in = parameter.shape[-1]
            if "c_attn" in name or "c_proj" in name or "c_fc" in name:
                fan_in = parameter.shape[0]  # GPT-2 keeps its weights turned
            wanted = gain / fan_in**0.5
            if "embed" in name or "wte" in name or "wpe" in name or "shared" in name:
                wanted = 0.5 if "position" in name or "wpe" in name else 1.0
            parameter.normal_(std=wanted)
    return model.eval()


PIECES = {
    "unk_token": "[UNK]",
    "continuing_subword_prefix": "##",
    "max_input_chars_per_word": 100,
}


def write_word_pieces(folder: Path, size: int = BERT_WORDS):
    """Write a tokenizer.json of BERT's kind with as many words as a model has."""
    special = {0: "[PAD]", 100: "[UNK]", 101: "[CLS]", 102: "[SEP]", 103: "[MASK]"}
    words = {special.get(i, f"word{i}"): i for i in range(size)}
    document = {
        "version": "1.0",
        "added_tokens": [],
        "model": {"type": "WordPiece", "vocab": words} | PIECES,
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
    }
    path = folder / "tokenizer.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path
