"""Which model answers a question about a photo, and how to come by one."""

from collections.abc import Iterator
import json
import math
from typing import Any, Final

from .errors import ModelCannotAnswerError, ModelUnknownError, ModelUnusableError
from .inference.registry import ANSWERING
from .manifest import Manifest, ModelSpec
from .schemas import Task
from .selection import Choice, ReasonCode, Selection, TaskSelection
from .units import human_bytes

MAX_QUESTION: Final = 4000
"""Characters of a question; the context of small models holds no more."""
MAX_TOKENS: Final = 2000
"""Most tokens of an answer that can be asked for."""


def answers_questions(spec: ModelSpec) -> bool:
    """Return whether a model reads what it is asked, and doesn't just describe."""
    return spec.family in ANSWERING


def answering_model(
    manifest: Manifest, selection: Selection, asked: str | None = None
) -> ModelSpec:
    """Return the model that was asked for, or the best that is here.

    One that was asked for need not be here; raises what to do where none answers.
    """
    if asked is None:
        for spec in installed_captioners(selection):
            if answers_questions(spec):
                return spec
        raise ModelCannotAnswerError(
            "no model that is installed can answer; "
            + how_to_get_answers(selection, manifest)
        )
    row = manifest.get(asked)
    if row is None:
        raise ModelUnknownError(
            f"unknown model '{asked[:100]}'; " + how_to_get_answers(selection, manifest)
        )
    if not answers_questions(row):
        raise ModelCannotAnswerError(
            f"{row.id} answers no questions about photos; "
            + how_to_get_answers(selection, manifest)
        )
    return row


def data_of(answer: str) -> Any:
    """Return the JSON of an answer that a schema bound; a finite number at most."""
    return json.loads(answer, parse_float=_finite)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):  # a schema lets a model write 1e999
        raise ModelUnusableError(
            f"the model answered with a number that is too large ({text[:40]}): "
            "ask in other words, or with a schema of whole numbers"
        )
    return number


def installed_captioners(selection: Selection) -> Iterator[ModelSpec]:
    """Return the captioners that can run now, the best one first."""
    entry = selection.get(Task.IMAGE_TO_TEXT)
    for choice in (entry.running, *entry.others):
        if choice is not None and choice.installed:
            yield choice.model


def how_to_get_answers(selection: Selection, manifest: Manifest) -> str:
    """Return what to do for an answer, as the end of a message."""
    for spec in installed_captioners(selection):
        if answers_questions(spec):
            return f"ask {spec.id}, which is here and answers questions"
    entry = selection.get(Task.IMAGE_TO_TEXT)
    absent = list(_absent(entry)) or list(_absent(entry, licensed=True))
    if not absent:
        return _why_none(entry, manifest)
    best = absent[0]
    words = f"get one that answers questions: {_command(best)}"
    sized = [choice for choice in absent if choice.download_bytes is not None]
    smallest = min(sized, key=lambda choice: choice.download_bytes or 0, default=best)
    return words if smallest is best else f"{words}, or {_command(smallest)}"


def _absent(entry: TaskSelection, *, licensed: bool = False) -> Iterator[Choice]:
    """Return the models that would answer after a download, the best first.

    `licensed`: those whose licence has to be accepted before.
    """
    for choice in (entry.recommended, *entry.others):
        if choice is None or choice.needs_license is not licensed:
            continue
        if answers_questions(choice.model):
            yield choice


def _command(choice: Choice) -> str:
    size, accept = choice.download_bytes, ""
    amount = "" if size is None else f" ({human_bytes(size)})"
    if choice.needs_license:
        accept = "--accept-license "
        amount += f", if you accept its licence {choice.model.license}"
    return f"edge-captions download {accept}{choice.model.id}{amount}"


def _why_none(entry: TaskSelection, manifest: Manifest) -> str:
    """Return what keeps the model away that is the nearest to run here."""
    rows = {row.id: row for row in manifest.for_task(entry.task)}
    found = [
        (reasons[0].code is not ReasonCode.LIBRARY_MISSING, row.total_bytes or 0, one)
        for one in entry.rejected
        if (row := rows.get(one.model_id)) and answers_questions(row)
        if (reasons := one.reasons)
    ]
    if not found:
        return "no model that answers questions is known here"
    _, size, nearest = min(found, key=lambda one: one[:2])
    amount = f" ({human_bytes(size)})" if size else ""
    return (
        f"one that answers questions, such as {nearest.model_id}{amount}, "
        f"{nearest.reasons[0].sentence}"
    )
