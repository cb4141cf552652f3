"""Flickr8k-style folders: photos, captions, vocabulary and cached features."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
import json
import logging
import os
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
import torch
from torch.nn import functional

from edge_runtime.evaluation.metrics import tokenize_caption

_LOGGER = logging.getLogger(__name__)

IMAGE_SIZE = 224
REGIONS = 49
FEATURE_SIZE = 1280
SPECIAL_TOKENS = ("<pad>", "<bos>", "<eos>", "<unk>")
PAD, BOS, EOS, UNK = range(len(SPECIAL_TOKENS))

# The Lite family's own input: (value - 127) / 128 of values in 0..255
PIXEL_MEAN = 127.0
PIXEL_SCALE = 128.0


@dataclass(frozen=True, slots=True)
class Split:
    """The photos of one split with their reference captions."""

    names: tuple[str, ...]
    folder: Path
    captions: tuple[tuple[str, ...], ...]

    @property
    def tokens(self) -> list[list[list[str]]]:
        """The tokenised captions of each photo."""
        return [[tokenize_caption(text) for text in group] for group in self.captions]


def read_split(data: Path, name: str) -> Split:
    """Return the split `name` of a folder with `captions_{name}.json`."""
    captions = json.loads((data / f"captions_{name}.json").read_text("utf-8"))
    names = tuple(sorted(captions))
    return Split(names, data / name, tuple(tuple(captions[key]) for key in names))


class Vocabulary:
    """Words and their ids; the line number in `vocabulary.txt` is the id."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = tuple(words)
        self._ids = {word: index for index, word in enumerate(self.words)}

    def __len__(self) -> int:
        return len(self.words)

    @classmethod
    def build(cls, captions: list[list[list[str]]], minimum: int) -> "Vocabulary":
        """Return the words that occur at least `minimum` times, commonest first."""
        counts = Counter(
            word for group in captions for caption in group for word in caption
        )
        kept = [word for word, count in counts.items() if count >= minimum]
        kept.sort(key=lambda word: (-counts[word], word))
        return cls((*SPECIAL_TOKENS, *kept))

    @classmethod
    def read(cls, path: Path) -> "Vocabulary":
        """Return the vocabulary of a file with one token a line."""
        return cls(path.read_text("utf-8").splitlines())

    def write(self, path: Path) -> None:
        """Write one token a line."""
        write_bytes(path, ("\n".join(self.words) + "\n").encode())

    def encode(self, caption: Sequence[str], limit: int) -> list[int]:
        """Return `<bos> words <eos>`, at most `limit` words."""
        ids = [self._ids.get(word, UNK) for word in caption[:limit]]
        # A cut caption has no end: the model must not learn to stop there
        return [BOS, *ids, EOS] if len(caption) <= limit else [BOS, *ids]

    def decode(self, ids: Sequence[int]) -> str:
        """Return the words up to `<eos>`; clitics are joined to their word."""
        words: list[str] = []
        for index in ids:
            if index == EOS:
                break
            if index not in (PAD, BOS):
                words.append(self.words[index])
        return " ".join(words).replace(" '", "'").replace(" n't", "n't")


def encode_captions(
    vocabulary: Vocabulary, captions: list[list[list[str]]], limit: int
) -> torch.Tensor:
    """Return padded ids [photos, captions of a photo, limit + 2]."""
    group = max(len(texts) for texts in captions)
    ids = torch.full((len(captions), group, limit + 2), PAD, dtype=torch.long)
    for row, texts in enumerate(captions):
        for column, caption in enumerate(texts):
            encoded = vocabulary.encode(caption, limit)
            ids[row, column, : len(encoded)] = torch.tensor(encoded)
    return ids


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file so that it is either whole or not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)


def load_photo(path: Path) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return a photo as RGB [224, 224, 3], squashed to the square."""
    with Image.open(path) as image:
        photo = image.convert("RGB")
        if photo.size != (IMAGE_SIZE, IMAGE_SIZE):
            photo = photo.resize((IMAGE_SIZE, IMAGE_SIZE), Image.Resampling.BICUBIC)
        return np.asarray(photo)


def cached_pixels(split: Split, cache: Path) -> torch.Tensor:
    """Return all photos as uint8 [photos, 224, 224, 3], decoded once."""
    if not cache.exists():
        shape = (len(split.names), IMAGE_SIZE, IMAGE_SIZE, 3)
        temporary = cache.with_suffix(".tmp")
        cache.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.lib.format.open_memmap(temporary, "w+", np.uint8, shape)
        for row, name in enumerate(split.names):
            pixels[row] = load_photo(split.folder / name)
        pixels.flush()
        temporary.replace(cache)
    return torch.from_numpy(np.load(cache, mmap_mode="c"))


def half_precision() -> torch.autocast:
    """Return a context in bfloat16 where this CPU computes in it, else in float32.

    Without the instructions bfloat16 is emulated, and a hundred times slower.
    """
    supported = bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())  # noqa: SLF001
    return torch.autocast("cpu", torch.bfloat16, enabled=supported)


def normalize(pixels: torch.Tensor) -> torch.Tensor:
    """Return uint8 [batch, 224, 224, 3] as the encoder's input, channels last."""
    values = (pixels.float() - PIXEL_MEAN) / PIXEL_SCALE
    return values.permute(0, 3, 1, 2)


def augment(
    images: torch.Tensor, generator: torch.Generator, *, crop: float = 0.6
) -> torch.Tensor:
    """Return random crops (area from `crop` to 1), half of them mirrored."""
    count = images.shape[0]

    def uniform(low: float, high: float) -> torch.Tensor:
        return low + (high - low) * torch.rand(count, generator=generator)

    side = uniform(crop, 1.0).sqrt()
    stretch = uniform(-0.15, 0.15).exp()
    width, height = (side * stretch).clamp(max=1), (side / stretch).clamp(max=1)
    mirror = torch.where(uniform(0, 1) < 0.5, -1.0, 1.0)  # noqa: PLR2004
    theta = torch.zeros(count, 2, 3)
    theta[:, 0, 0] = width * mirror
    theta[:, 1, 1] = height
    theta[:, 0, 2] = uniform(-1, 1) * (1 - width)
    theta[:, 1, 2] = uniform(-1, 1) * (1 - height)
    grid = functional.affine_grid(theta, list(images.shape), align_corners=False)
    views = functional.grid_sample(
        images, grid, padding_mode="reflection", align_corners=False
    )
    gain = uniform(0.85, 1.15).view(-1, 1, 1, 1)
    shift = uniform(-0.1, 0.1).view(-1, 1, 1, 1)
    return views * gain + shift


def batches(
    count: int, size: int, generator: torch.Generator
) -> Iterator[torch.Tensor]:
    """Yield shuffled row numbers, `size` at a time, the rest dropped."""
    order = torch.randperm(count, generator=generator)
    for start in range(0, count - size + 1, size):
        yield order[start : start + size]
