"""Score the captioner on dev: PyTorch, ONNX float32 and ONNX int8 side by side."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
import logging
from pathlib import Path
import time
from typing import Any, Protocol

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from edge_runtime.evaluation.metrics import (
    CaptionScores,
    score_captions,
)
from edge_runtime.families.decoding import SearchSettings, StepFunction

from .data import Split, Vocabulary, normalize, write_bytes
from .export import PARTS, cache_names
from .search import BEAM, GREEDY, best_caption

_LOGGER = logging.getLogger(__name__)

BEGIN, END = "<!-- scores:begin -->", "<!-- scores:end -->"
TIMED_PHOTOS = 50
_HEADER = (
    "| model | decoding | BLEU-1 | BLEU-2 | BLEU-3 | BLEU-4 | ROUGE-L | CIDEr-D "
    "| same as PyTorch | MB | ms per photo |"
)


class Captioner(Protocol):
    """Something that encodes a photo and then predicts word after word."""

    def encode(self, pixels: Tensor) -> Any:
        """Return the photo's keys and values."""

    def step(self, memory: Any) -> StepFunction:
        """Return a fresh step function over a photo's keys and values."""


class TorchCaptioner:
    """The trained modules themselves."""

    def __init__(self, modules: nn.ModuleDict) -> None:
        modules.eval()
        self._encoder = modules["encoder"]
        self._decoder = modules["decoder"]

    @torch.inference_mode()
    def encode(self, pixels: Tensor) -> Any:
        """Return the photo's keys and values."""
        return self._decoder.photo_memory(self._encoder(normalize(pixels)))

    def step(self, memory: Any) -> StepFunction:
        """Return a fresh step function over a photo's keys and values."""
        past = self._decoder.empty_past(1)

        @torch.inference_mode()
        def run(tokens: Sequence[int], parents: Sequence[int]) -> Any:
            nonlocal past
            rows = list(parents)
            past = [(key[rows], value[rows]) for key, value in past]
            ids = torch.tensor(tokens).unsqueeze(1)
            logits, past = self._decoder(ids, memory, past)
            return logits[:, -1].numpy()

        return run


class OnnxCaptioner:
    """An exported pair of encoder and decoder."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._encoder, self._decoder = (
            onnxruntime.InferenceSession(
                folder / part, options, providers=["CPUExecutionProvider"]
            )
            for part in PARTS
        )
        past = [
            entry for entry in self._decoder.get_inputs() if ".decoder." in entry.name
        ]
        self._layers = len(past) // 2
        self._past_names = cache_names("past_key_values", "decoder", self._layers)
        self._photo_names = cache_names("past_key_values", "encoder", self._layers)
        _, self._heads, _, self._size = past[0].shape

    def encode(self, pixels: Tensor) -> Any:
        """Return the photo's keys and values."""
        values = normalize(pixels).contiguous().numpy()
        outputs = self._encoder.run(None, {"pixel_values": values})
        return dict(zip(self._photo_names, outputs, strict=True))

    def step(self, memory: Any) -> StepFunction:
        """Return a fresh step function over a photo's keys and values."""
        empty = np.zeros((1, self._heads, 0, self._size), np.float32)
        past = [empty] * len(self._past_names)

        def run(tokens: Sequence[int], parents: Sequence[int]) -> Any:
            nonlocal past
            past = [tensor[list(parents)] for tensor in past]
            feed = {
                "input_ids": np.array(tokens, np.int64)[:, None],
                **dict(zip(self._past_names, past, strict=True)),
                **memory,
            }
            logits, *past = self._decoder.run(None, feed)
            return logits[:, -1]

        return run


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    name: str
    decoding: str
    scores: CaptionScores
    identical: float
    """The part of captions equal to PyTorch's with the same decoding."""
    megabytes: float
    milliseconds: float
    """Median per photo on one thread, file decoding left out."""


def caption_all(
    captioner: Captioner,
    memories: Sequence[Any],
    settings: SearchSettings,
    words: Vocabulary,
) -> list[str]:
    """Return a caption for each encoded photo."""
    return [
        words.decode(best_caption(captioner.step(memory), settings))
        for memory in memories
    ]


def _milliseconds(
    captioner: Captioner, pixels: Tensor, settings: SearchSettings
) -> float:
    times: list[float] = []
    for photo in pixels[:TIMED_PHOTOS].split(1):
        started = time.perf_counter()
        best_caption(captioner.step(captioner.encode(photo)), settings)
        times.append(time.perf_counter() - started)
    return sorted(times)[len(times) // 2] * 1000


def evaluate(
    candidates: Sequence[tuple[str, Captioner, Sequence[Path]]],
    pixels: Tensor,
    split: Split,
    words: Vocabulary,
    settings: SearchSettings,
) -> list[Row]:
    """Return the table's rows; the first candidate is what others must equal."""
    torch.set_num_threads(1)
    rows: list[Row] = []
    expected: dict[str, list[str]] = {}
    for name, captioner, files in candidates:
        memories = [captioner.encode(photo) for photo in pixels.split(1)]
        for decoding, chosen in (
            ("greedy", replace(GREEDY, max_new_tokens=settings.max_new_tokens)),
            (f"beam {settings.num_beams}", settings),
        ):
            captions = caption_all(captioner, memories, chosen, words)
            same = expected.setdefault(decoding, captions)
            equal = sum(a == b for a, b in zip(captions, same, strict=True))
            row = Row(
                name,
                decoding,
                score_captions(captions, split.captions),
                equal / len(captions),
                sum(path.stat().st_size for path in files) / 1e6,
                _milliseconds(captioner, pixels, chosen),
            )
            rows.append(row)
            _LOGGER.info("%s", format_rows([row]).splitlines()[-1])
    return rows


def format_rows(rows: Sequence[Row]) -> str:
    """Return the table in Markdown."""
    lines = [
        _HEADER,
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        scores = [*row.scores.bleu, row.scores.rouge_l, row.scores.cider_d]
        cells = [
            row.name,
            row.decoding,
            *(f"{score:.4f}" for score in scores),
            f"{row.identical:.1%}",
            f"{row.megabytes:.1f}",
            f"{row.milliseconds:.0f}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def write_table(card: Path, table: str) -> None:
    """Put the table between the model card's markers."""
    text = card.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    _, marker, after = rest.partition(END)
    if not marker:
        raise SystemExit(f"{card}: the markers {BEGIN} and {END} are missing")
    write_bytes(card, f"{before}{BEGIN}\n{table}\n{END}{after}".encode())


def compare_settings(
    captioner: Captioner, pixels: Tensor, split: Split, words: Vocabulary
) -> list[tuple[SearchSettings, CaptionScores]]:
    """Return the scores of several ways to decode, best CIDEr-D first."""
    memories = [captioner.encode(photo) for photo in pixels.split(1)]
    results = [
        (
            settings,
            score_captions(
                caption_all(captioner, memories, settings, words), split.captions
            ),
        )
        for settings in (
            replace(
                BEAM,
                num_beams=beams,
                length_penalty=penalty,
                no_repeat_ngram_size=size,
            )
            for beams in (3,)
            for penalty in (0.0, 0.5, 0.7, 1.0)
            for size in (2, 3)
        )
    ]
    return sorted(results, key=lambda result: -result[1].cider_d)
