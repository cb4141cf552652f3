"""Photos, tokenizers and settings for proofs that compare whole captioners."""

from functools import partial
import json
from pathlib import Path

import numpy as np
from PIL import Image
import torch

from edge_runtime.families.base import FamilyConfig
from edge_runtime.selftest import load_samples
from edge_runtime.sessions.onnx import OnnxSession

MARGIN = 1e-2

torch.set_num_threads(1)  # graphs this small lose by more


def photos() -> list[Image.Image]:
    """Return twenty photos: the samples, and parts of them."""
    whole = [Image.open(sample.path).convert("RGB") for sample in load_samples()]
    parts = []
    for index, image in enumerate(whole * 2):
        left, top = (index % 3) * image.width // 6, (index % 2) * image.height // 3
        box = (left, top, left + image.width // 2, top + image.height // 2)
        parts.append(image.crop(box))
    return [*whole, *parts][:20]


def write_words(folder: Path, size: int) -> Path:
    """Write a tokenizer.json whose token 7 is the word w7."""
    document = {
        "version": "1.0",
        "added_tokens": [],
        "pre_tokenizer": {"type": "WhitespaceSplit"},
        "model": {
            "type": "WordLevel",
            "unk_token": "w0",
            "vocab": {f"w{index}": index for index in range(size)},
        },
    }
    path = folder / "tokenizer.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def up_to(tokens: list[int], eos: int) -> list[int]:
    return tokens[: tokens.index(eos)] if eos in tokens else tokens


def spoken(tokens: list[int], words: int) -> str:
    """Return the text of tokens; those beyond the words have none."""
    return " ".join(f"w{token}" for token in tokens if token < words)


def family_config(files, preprocess, generate) -> FamilyConfig:
    return FamilyConfig(
        files={role: str(path) for role, path in files.items()},
        preprocess=preprocess,
        generate=generate,
        open_session=partial(OnnxSession, threads=1, options={}),
    )


def sharpen(norm: torch.nn.LayerNorm, factor: float = 6.0) -> None:
    """Make the words' scores wide: the best token leaves the second behind."""
    with torch.no_grad():
        norm.weight *= factor


def calm(module: torch.nn.Module, factor: float = 0.3) -> None:
    """Make what a table or a product gives smaller beside what it is added to."""
    with torch.no_grad():
        module.weight *= factor


def smallest_margin(scores, tokens) -> float:
    """Return by how much the best token led, the end's included, where it led least."""
    margins = []
    for row in scores[: len(tokens) + 1]:
        best = np.sort(row[0].numpy())[-2:]
        margins.append(best[1] - best[0])
    return float(min(margins))


def let_photos_matter(norm, look, factor: float | None = None) -> None:
    """Leave in what a norm gives only what photos don't have in common.

    `look` runs the model's vision part on a photo. The rest is as wide as the whole
    was, or wider by a factor; too wide makes attention all or nothing, and then
    rounding decides, in PyTorch too.
    """
    places = torch.cat([found.flatten(0, 1) for found in seen_of(norm, look)])
    common = places.mean(0)
    factor = factor or float(places.std() / (places - common).std())
    with torch.no_grad():
        norm.bias -= common
        norm.bias *= factor
        norm.weight *= factor


def let_words_vary(norm, say) -> None:
    """Take away what all words have in common from what the last norm gives.

    `say` captions a photo with the model.
    """
    words = torch.cat([found[:, -1] for found in seen_of(norm, say)])
    with torch.no_grad():
        norm.bias -= words.mean(0)


def seen_of(norm, run) -> list[torch.Tensor]:
    """Return what a norm gives for six photos, without what is pooled."""
    seen = []
    hook = norm.register_forward_hook(lambda _, __, found: seen.append(found))
    with torch.no_grad():
        for photo in photos()[:6]:
            run(photo)
    hook.remove()
    return [found for found in seen if found.dim() == 3]
