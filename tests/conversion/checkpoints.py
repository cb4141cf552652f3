"""Small checkpoints on the disk, in the form of the hub."""

import json
from pathlib import Path
import struct

from conversion.random_models import (
    BERT_WORDS,
    BUILDERS,
    FLORENCE2_WORDS,
    GPT2_WORDS,
    marian,
    write_word_pieces,
)

PICTURES = {
    "size": {"height": 64, "width": 64},
    "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.25, 0.25, 0.25],
    "resample": 3,
    "do_resize": True,
    "do_rescale": True,
    "do_normalize": True,
}


LARGE = {"size": {"height": 768, "width": 768}}
WORDS = {
    "vit_gpt2": GPT2_WORDS,
    "distilvit": GPT2_WORDS,
    "blip": BERT_WORDS,
    "git": BERT_WORDS,
    "florence2": FLORENCE2_WORDS,
}


def write_captioner(folder: Path, kind: str, **how: float) -> Path:
    """Write ViT-GPT2, BLIP, GIT or Florence-2 with all a folder holds."""
    model = BUILDERS[kind](**how)
    model.save_pretrained(folder)
    write_word_pieces(folder, WORDS[kind])
    settings = json.dumps(PICTURES if kind != "florence2" else PICTURES | LARGE)
    (folder / "preprocessor_config.json").write_text(settings, encoding="utf-8")
    (folder / "README.md").write_text("---\nlicense: mit\n---\n", encoding="utf-8")
    return folder


def write_translator(folder: Path) -> Path:
    """Write a Marian model with SentencePiece files that cut texts into letters."""
    marian(gain=0.8).save_pretrained(folder)  # calm enough for int8
    letters = [chr(code) for code in range(33, 127)]
    pieces = ["\N{LOWER ONE EIGHTH BLOCK}", *letters]
    names = ["</s>", "<unk>", *pieces]
    names += [f"word{n}" for n in range(299 - len(names))] + ["<pad>"]
    table = {name: index for index, name in enumerate(names)}
    (folder / "vocab.json").write_text(json.dumps(table), encoding="utf-8")
    data = b"".join(_piece(piece, -1.0 - i / 100) for i, piece in enumerate(pieces))
    (folder / "source.spm").write_bytes(data)
    languages = {"source_lang": "en", "target_lang": "fr"}
    (folder / "tokenizer_config.json").write_text(json.dumps(languages))
    return folder


def _piece(text: str, score: float) -> bytes:
    """Return a piece as SentencePiece writes it: a message of a protocol buffer."""
    name = text.encode()
    message = b"\x0a" + bytes([len(name)]) + name + b"\x15" + struct.pack("<f", score)
    return b"\x0a" + bytes([len(message)]) + message
