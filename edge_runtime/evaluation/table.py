"""The scores as a table: rows of words and numbers, one column a model."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from ..schemas import Verdict
from ..units import human_bytes, printable
from .evaluation import Evaluation
from .scores import ModelEvaluation, SetScores, Spread

WIDTH: Final = 80
_LABEL_WIDTH: Final = 26
_GAP: Final = 3
_MIN_COLUMN: Final = 13
_NAMED: Final = 5
_NOTHING: Final = "-"
_FEW_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class Section:
    """Rows that belong together."""

    title: str
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    """A label, and a cell for each model."""


def headline(evaluation: Evaluation) -> str:
    """Return what was evaluated on, in a line."""
    photos = evaluation.dataset.photos
    mean = fmean(len(photo.references) for photo in photos)
    title = printable(evaluation.dataset.title)
    return f"{title}: {_photos(len(photos))} with {mean:.3g} references each"


def sections(evaluation: Evaluation) -> list[Section]:
    """Return all rows; raw captions get rows of their own if checks changed any."""
    models = evaluation.models
    differs = any(model.differs for model in models)
    parts = [("captions", list(_score_rows([m.checked for m in models])))]
    if differs:
        parts = [
            ("captions as shown", list(_score_rows([m.checked for m in models]))),
            ("the captioners' own words", list(_score_rows([m.raw for m in models]))),
        ]
    parts += [
        ("verdicts", list(_verdict_rows(models))),
        ("seconds per photo (median, p95)", list(_time_rows(models))),
        ("worker", [("peak memory", _cells(models, _peak))]),
    ]
    return [Section(title, tuple(rows)) for title, rows in parts if rows]


def notes(evaluation: Evaluation) -> list[str]:
    """Return what has to be said beside the numbers."""
    lines = [f"{name}: left out, {why}" for name, why in evaluation.left_out.items()]
    if skipped := evaluation.dataset.skipped:
        lines.append(f"absent and skipped: {_photos(len(skipped))}")
    for model in evaluation.models:
        if not model.failed:
            continue
        lines.append(
            f"{model.model_id}: {_photos(len(model.failed))} without a caption, scored "
            "as an empty one:"
        )
        for result in model.failed[:_NAMED]:
            error = result.error or {}
            lines.append(f"  {result.name}: {error.get('message')}")
        if len(model.failed) > _NAMED:
            lines.append(f"  and {len(model.failed) - _NAMED} more")
    return [printable(line) for line in lines]


def table_lines(evaluation: Evaluation, width: int = WIDTH) -> list[str]:
    """Return the table; models that don't fit beside each other follow below."""
    names = [model.model_id for model in evaluation.models]
    column = max(_MIN_COLUMN, *(len(name) for name in names)) + _GAP
    fitting = max((width - _LABEL_WIDTH) // column, 1)
    lines: list[str] = []
    for first in range(0, len(names), fitting):
        chosen = slice(first, first + fitting)
        cells = "".join(f"{name:>{column}}" for name in names[chosen])
        lines.append(" " * _LABEL_WIDTH + cells)
        for section in sections(evaluation):
            lines.append(section.title)
            for label, row in section.rows:
                cells = "".join(f"{cell:>{column}}" for cell in row[chosen])
                lines.append(f"  {label:{_LABEL_WIDTH - 2}}{cells}")
        lines.append("")
    return lines[:-1]


def _photos(count: int) -> str:
    return "1 photo" if count == 1 else f"{count} photos"


def _score_rows(sets: Sequence[SetScores]) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "CIDEr-D", tuple(f"{s.corpus.cider_d:.4f}" for s in sets)
    for order in range(4):
        cells = tuple(f"{s.corpus.bleu[order]:.4f}" for s in sets)
        yield f"BLEU-{order + 1}", cells
    yield "ROUGE-L", tuple(f"{s.corpus.rouge_l:.4f}" for s in sets)
    if any(s.meteor is not None for s in sets):
        yield "METEOR", tuple(_number(s.meteor, "{:.4f}") for s in sets)
    yield "words per caption", tuple(f"{s.mean_words:.1f}" for s in sets)
    yield "different captions", tuple(str(s.distinct) for s in sets)


def _verdict_rows(
    models: Sequence[ModelEvaluation],
) -> Iterator[tuple[str, tuple[str, ...]]]:
    for verdict in Verdict:
        counts = tuple(model.verdicts.get(verdict.value, 0) for model in models)
        if any(counts):
            yield verdict.value, tuple(map(str, counts))
    if any(model.failed for model in models):
        yield "no caption", tuple(str(len(model.failed)) for model in models)
    if any(model.image_text_score is not None for model in models):
        yield (
            "mean image-text score",
            tuple(_number(m.image_text_score, "{:.3f}") for m in models),
        )


def _time_rows(
    models: Sequence[ModelEvaluation],
) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "in all", tuple(_spread(model.seconds) for model in models)
    stages = [model.stages for model in models]
    for name in dict.fromkeys(name for found in stages for name in found):
        yield name, tuple(_spread(found.get(name)) for found in stages)


def _cells(
    models: Sequence[ModelEvaluation], cell: Callable[[ModelEvaluation], str]
) -> tuple[str, ...]:
    return tuple(cell(model) for model in models)


def _peak(model: ModelEvaluation) -> str:
    return human_bytes(model.worker_peak_bytes) if model.worker_peak_bytes else _NOTHING


def _number(value: float | None, form: str) -> str:
    return _NOTHING if value is None else form.format(value)


def _spread(value: Spread | None) -> str:
    if value is None:
        return _NOTHING
    digits = 3 if value.p95 < _FEW_SECONDS else 1
    return f"{value.median:.{digits}f}  {value.p95:.{digits}f}"
