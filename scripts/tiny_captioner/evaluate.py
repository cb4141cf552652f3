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
from edge_runtime.families.encoder_decoder import side_by_side

from .data import Split, Vocabulary, write_bytes
from .looks import WHOLE, Look, each_look_at
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

    def __init__(self, modules: nn.ModuleDict, looks: Sequence[Look] = WHOLE) -> None:
        modules.eval()
        self._looks = looks
        self._encoder = modules["encoder"]
        self._decoder = modules["decoder"]

    @torch.inference_mode()
    def encode(self, pixels: Tensor) -> Any:
        """Return the photo's keys and values."""
        seen = [self._encoder(look) for look in each_look_at(pixels, self._looks)]
        return self._decoder.photo_memory(torch.cat(seen, dim=1))

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
    """Exported graphs: an encoder, perhaps a connector behind it, and a decoder."""

    def __init__(
        self, *graphs: Path, looks: Sequence[Look] = WHOLE, threads: int = 1
    ) -> None:
        self._looks = looks
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        *self._photo, self._decoder = (
            onnxruntime.InferenceSession(
                path, options, providers=["CPUExecutionProvider"]
            )
            for path in graphs
        )
        self._shapes = {entry.name: entry.shape for entry in self._decoder.get_inputs()}
        outputs = [entry.name for entry in self._decoder.get_outputs()]
        self._cache = [_past(name) for name in outputs if name != "logits"]

    def encode(self, pixels: Tensor) -> Any:
        """Return what the decoder takes from the photo."""
        return side_by_side(
            [
                self._see({"pixel_values": look.numpy()})
                for look in each_look_at(pixels, self._looks)
            ]
        )

    def _see(self, found: dict[str, Any]) -> dict[str, Any]:
        """Return what the decoder takes from one look."""
        for session in self._photo:
            feed = {entry.name: found[entry.name] for entry in session.get_inputs()}
            names = [entry.name for entry in session.get_outputs()]
            found |= dict(zip(names, session.run(None, feed), strict=True))
        photo = {_past(name): value for name, value in found.items()}
        return {name: value for name, value in photo.items() if name in self._shapes}

    def step(self, memory: Any) -> StepFunction:
        """Return a fresh step function over what was taken from a photo."""
        empty = {name: self._empty(name) for name in self._cache}
        feed = {**empty, **memory}

        def run(tokens: Sequence[int], parents: Sequence[int]) -> Any:
            for name in self._cache:
                feed[name] = feed[name][list(parents)]
            feed["input_ids"] = np.array(tokens, np.int64)[:, None]
            logits, *present = self._decoder.run(None, feed)
            feed.update(zip(self._cache, present, strict=True))
            return logits[:, -1]

        return run

    def _empty(self, name: str) -> Any:
        """Return a cache of one beam and no word."""
        shape = [size if isinstance(size, int) else 0 for size in self._shapes[name]]
        return np.zeros((1, *shape[1:]), np.float32)


def _past(name: str) -> str:
    return name.replace("present.", "past_key_values.")


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


def _compared_settings() -> list[SearchSettings]:
    """Return every number of beams, and other n-grams for the one that ships."""
    found = [
        replace(BEAM, num_beams=beams, length_penalty=penalty, no_repeat_ngram_size=3)
        for beams in (1, 2, 3, 4, 5)
        for penalty in (0.0, 0.7, 1.0)
    ]
    shorter = [
        replace(settings, no_repeat_ngram_size=2)
        for settings in found
        if settings.num_beams == BEAM.num_beams
    ]
    return found + shorter


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
        for settings in _compared_settings()
    ]
    return sorted(results, key=lambda result: -result[1].cider_d)
