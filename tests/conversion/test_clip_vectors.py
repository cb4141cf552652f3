"""CLIP's vectors and scores are those of `transformers`, its processor included."""

import json
from pathlib import Path
import shutil

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
transformers = pytest.importorskip("transformers", reason="it is not installed")

from conversion.photo_models import family_config, photos  # noqa: E402

from edge_runtime.families.base import Question  # noqa: E402
from edge_runtime.families.bpe import BEGIN, END, byte_symbols  # noqa: E402
from edge_runtime.families.clip import ClipScorer  # noqa: E402

MEAN, STD = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
TEXTS = (
    "a dog on the grass",
    "Two dogs at the window, looking out",
    "a cup of coffee on a table",
    "A woman's photo of 24 mountains!",
    "caf\u00e9 and th\u00e9 \u2615 in the rain",
    "a photo",
    "the grass " * 120,
)
MERGES = ("t h", "th e</w>", "i n", "d o", "do g</w>", "o n</w>", "a n", "g r", "o t")


class OneSide(torch.nn.Module):
    """One tower of CLIP with its projection, as the hub's files have it."""

    def __init__(self, tower, projection):
        super().__init__()
        self.tower, self.projection = tower, projection

    def forward(self, inputs, attention_mask=None):
        masked = {} if attention_mask is None else {"attention_mask": attention_mask}
        return self.projection(self.tower(inputs, **masked).pooler_output)


def clip(*, full):
    words = {"vocab_size": 49408, "bos_token_id": 49406, "eos_token_id": 49407}
    text, vision = dict(words), {}
    if not full:
        small = {"hidden_size": 48, "intermediate_size": 96, "num_attention_heads": 4}
        small |= {"num_hidden_layers": 2}
        text |= small | {"vocab_size": 560, "bos_token_id": 558, "eos_token_id": 559}
        vision = {**small, "image_size": 224, "patch_size": 32}
    config = transformers.CLIPConfig(
        text_config=text,
        vision_config=vision,
        projection_dim=512 if full else 64,
        attn_implementation="eager",
    )
    torch.manual_seed(0)
    model = transformers.CLIPModel(config).eval()
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if weights.dim() > 1 and "position" not in name:
                fan_in = weights[0].numel()
                weights.normal_(std=1.2 / fan_in**0.5 if "embed" not in name else 0.5)
    return model


def export(model, folder: Path):
    """Write both towers and the tokenizer; return the files by role."""
    from edge_runtime.convert.graphs import Names, export_graph  # noqa: PLC0415

    paths = {role: folder / f"{role}.onnx" for role in ("vision_model", "text_model")}
    size = model.config.vision_config.image_size
    export_graph(
        OneSide(model.vision_model, model.visual_projection),
        (torch.zeros(1, 3, size, size),),
        paths["vision_model"],
        Names(["pixel_values"], ["image_embeds"], {"pixel_values": {0: "batch"}}),
    )
    ids = torch.full((2, 9), model.config.text_config.eos_token_id)
    axes = {0: "batch", 1: "words"}
    export_graph(
        OneSide(model.text_model, model.text_projection),
        (ids, torch.ones_like(ids)),
        paths["text_model"],
        Names(
            ["input_ids", "attention_mask"],
            ["text_embeds"],
            {"input_ids": axes, "attention_mask": axes, "text_embeds": {0: "batch"}},
        ),
    )
    return paths | write_pieces(folder, model.config.text_config.vocab_size)


def write_pieces(folder: Path, size: int):
    """Write vocab.json and merges.txt of CLIP's kind, begin and end as the last ids."""
    letters = byte_symbols()
    joined = [merge.replace(" ", "") for merge in MERGES]
    pieces = [*letters, *(f"{letter}</w>" for letter in letters), *joined]
    ids = {piece: index for index, piece in enumerate(pieces)}
    ids |= {BEGIN: size - 2, END: size - 1}
    vocabulary, merges = folder / "vocab.json", folder / "merges.txt"
    vocabulary.write_text(json.dumps(ids), encoding="utf-8")
    merges.write_text("\n".join(["#version: 0.2", *MERGES, ""]), encoding="utf-8")
    return {"vocabulary": vocabulary, "merges": merges}


def processors(files, size):
    tokenizer = transformers.CLIPTokenizer(
        vocab=str(files["vocabulary"]),
        merges=str(files["merges"]),
        bos_token=BEGIN,
        eos_token=END,
        unk_token=END,
        pad_token=END,
    )
    edge = {"shortest_edge": size}
    image = transformers.CLIPImageProcessorPil(
        size=edge, crop_size={"height": size, "width": size}
    )
    return tokenizer, image


def unit(found):
    vectors = getattr(found, "pooler_output", found).double().numpy()
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def check(folder, *, full):
    model = clip(full=full)
    files = export(model, folder)
    size = model.config.vision_config.image_size
    preprocess = {
        "size": (size, size),
        "resize": "crop",
        "resample": "bicubic",
        "mean": MEAN,
        "std": STD,
    }
    scorer = ClipScorer(family_config(files, preprocess, {}))
    tokenizer, image_processor = processors(files, size)
    told = [f"A photo depicts {text}" for text in TEXTS]
    read = tokenizer(
        told, padding=True, truncation=True, max_length=77, return_tensors="pt"
    )
    with torch.no_grad():
        texts = unit(model.get_text_features(**read))
        pixels = image_processor(photos(), return_tensors="pt")["pixel_values"]
        pictures = unit(model.get_image_features(pixel_values=pixels))

    assert read["input_ids"].shape[1] == 77  # the last text is longer than the limit
    for text, row, mask in zip(
        told, read["input_ids"], read["attention_mask"], strict=True
    ):
        assert scorer._tokenizer.ids(text) == row[mask.bool()].tolist()
    assert np.abs(scorer._embed(told) - texts).max() < 1e-3
    for photo, picture in zip(photos(), pictures, strict=True):
        seen = scorer.see(photo)
        assert np.abs(seen.embeds - picture).max() < 1e-3
        expected = 2.5 * np.maximum(texts @ picture, 0)
        found = scorer.score(seen, Question(captions=TEXTS)).captions
        assert found == pytest.approx(expected, abs=2.5e-3)
    assert np.linalg.norm(pictures[0] - pictures[1]) > 0.05
    assert np.linalg.norm(texts[0] - texts[1]) > 0.05


def test_vectors_and_scores_are_those_of_transformers(tmp_path):
    check(tmp_path, full=False)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_full_size_has_the_vectors_of_transformers(tmp_path):
    check(tmp_path, full=True)
    shutil.rmtree(tmp_path)
