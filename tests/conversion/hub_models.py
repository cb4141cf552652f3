"""Models of random weights in the hub's layouts, with the captioner that reads them."""

from conversion.photo_models import (
    calm,
    family_config,
    let_photos_matter,
    let_words_vary,
    sharpen,
    write_words,
)
from conversion.random_models import BUILDERS, florence2
import torch

from edge_runtime.convert.exporters import export_blip, export_git
from edge_runtime.convert.published import publish_florence2, publish_vit_gpt2
from edge_runtime.families.encoder_decoder import EncoderDecoderCaptioner
from edge_runtime.families.florence2 import Florence2Captioner
from edge_runtime.imaging import to_pixel_values

EXPORTERS = {"blip": export_blip, "git": export_git}
PROMPT = [0, 5, 6, 7, 2]
FLORENCE2_PLACES = 577
FLORENCE2_SETTINGS = {
    "decoder_start_token_id": 2,
    "forced_bos_token_id": 0,
    "forced_eos_token_id": None,
    "eos_token_id": 2,
    "no_repeat_ngram_size": 3,
}


def make_vit_gpt2(folder, *, full, name="vit_gpt2"):
    """Return the model, the captioner that reads its files, and its settings.

    `name` may be that of a model with the same files: `distilvit`.
    """
    model = BUILDERS[name](full=full)
    size = model.config.encoder.image_size
    if not full:  # else a word of so few says itself again
        calm(model.decoder.transformer.wte)
    sharpen(model.decoder.transformer.ln_f, 6.0 if full else 11.0)
    if full:  # many layers of random weights blur what photos have of their own
        let_photos_matter(
            model.encoder.layernorm,
            lambda photo: model.encoder(pixel_values(photo, size)),
            factor=4.0,
        )
    publish_vit_gpt2(model, folder)
    files = {
        "encoder": folder / "encoder_model.onnx",
        "decoder": folder / "decoder_model_merged.onnx",
        "tokenizer": write_words(folder, model.config.decoder.vocab_size),
    }
    generate = {
        "decoder_start_token_id": model.config.decoder_start_token_id,
        "eos_token_id": model.config.eos_token_id,
    }
    config = family_config(files, squashed(size), generate)
    return model, EncoderDecoderCaptioner(config), config


def make_florence2(folder, *, full):
    model = florence2(full=full, gain=1.1 if full else 1.6)
    last = model.model.language_model.decoder.layers[-1].final_layer_norm
    words = model.config.text_config.vocab_size
    model.config.image_token_id = words - 1
    sharpen(last, 2.0 if full else 40.0)
    if full:
        tell_apart(model, last)
    publish_florence2(model, folder)
    files = {
        "vision_encoder": folder / "vision_encoder.onnx",
        "embed_tokens": folder / "embed_tokens.onnx",
        "encoder": folder / "encoder_model.onnx",
        "decoder": folder / "decoder_model_merged.onnx",
        "tokenizer": write_words(folder, words - 24),  # places have no words
    }
    generate = {
        "prompt_token_ids": PROMPT,
        "decoder_start_token_id": 2,
        "forced_bos_token_id": 0,
        "eos_token_id": 2,
        "no_repeat_ngram_size": 3,
    }
    config = family_config(files, squashed(768), generate)
    return model, Florence2Captioner(config), config


def tell_apart(model, last):
    """Make photos and words matter, which twelve layers of random weights blur.

    The factors were chosen by what `generate()` alone said: the widest leads.
    """
    inner = model.model

    def say(photo):
        asked = florence2_inputs(model, pixel_values(photo, 768))
        return model.generate(**asked, **FLORENCE2_SETTINGS, max_new_tokens=8)

    let_photos_matter(
        inner.multi_modal_projector.image_proj_norm,
        lambda photo: inner.get_image_features(pixel_values(photo, 768)),
    )
    read = inner.language_model.encoder.layers[-1].final_layer_norm
    let_photos_matter(read, say, factor=4.0)
    let_words_vary(last, say)


def make_pair(name, folder, *, full):
    """Return BLIP or GIT in the form that `edge-captions convert` gives them."""
    model = BUILDERS[name](full=full)
    text = model.config.text_config if name == "blip" else model.config
    if name == "blip":
        sharpen(model.text_decoder.cls.predictions.transform.LayerNorm)
        vision = model.vision_model
    else:
        last = model.git.encoder.layer[-1].output.LayerNorm
        sharpen(last, 600.0 if full else 6.0)
        vision = model.git.image_encoder
    size = model.config.vision_config.image_size
    if full:
        norm = getattr(vision, "vision_model", vision).post_layernorm
        let_photos_matter(norm, lambda photo: vision(pixel_values(photo, size)))
    EXPORTERS[name](model, folder)
    files = {
        "encoder": folder / "encoder.onnx",
        "decoder": folder / "decoder.onnx",
        "tokenizer": write_words(folder, text.vocab_size),
    }
    eos = text.sep_token_id if name == "blip" else text.eos_token_id
    generate = {"bos_token_id": text.bos_token_id, "eos_token_id": eos}
    config = family_config(files, squashed(size), generate)
    return model, EncoderDecoderCaptioner(config), config


def florence2_inputs(model, pixels):
    image = [model.config.image_token_id] * FLORENCE2_PLACES
    return {"input_ids": torch.tensor([image + PROMPT]), "pixel_values": pixels}


def pixel_values(photo, size):
    return torch.from_numpy(to_pixel_values(photo, squashed(size)))


def squashed(size):
    return {"size": (size, size), "mean": [0.5] * 3, "std": [0.5] * 3}
