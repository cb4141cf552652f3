"""Which captioners clients may name, and how they come by their names."""

from collections.abc import Iterable
from dataclasses import dataclass
import hashlib
from typing import Final

from ...inference.registry import ANSWERING
from ...manifest import ModelSpec, Tuning
from ...schemas import Task
from ...selection import Selection
from ...service import Service
from .errors import DropInModelUnknownError

BEST: Final = "edge-captions"
"""Stands for the best captioner that is here, whichever that is."""
LATEST: Final = ":latest"


@dataclass(frozen=True, slots=True)
class Named:
    """A captioner under the name that clients use."""

    name: str
    spec: ModelSpec

    @property
    def is_best(self) -> bool:
        """Return whether no certain captioner was named."""
        return self.name == BEST

    @property
    def digest(self) -> str:
        """Return what changes when the model's files do."""
        parts = (f"{file.path} {file.sha256}" for file in self.spec.files)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


async def captioners(service: Service) -> list[Named]:
    """Return the captioners that can answer now, the best one first, by its alias."""
    selection = await service.selection()
    specs = list(_usable(selection))
    best = [Named(BEST, specs[0])] if specs else []
    return [*best, *(Named(spec.id, spec) for spec in specs)]


async def find(service: Service, name: str) -> Named:
    """Return the captioner of a name; raise DropInModelUnknownError."""
    wanted = name.removesuffix(LATEST)
    known = await captioners(service)
    for named in known:
        if named.name == wanted:
            return named
    here = ", ".join(named.name for named in known) or "none"
    row = service.runtime.manifest.get(wanted)
    cure = ""
    if row is not None and row.task is Task.IMAGE_TO_TEXT:
        cure = f"; get it with: edge-captions download {row.id}"
    raise DropInModelUnknownError(
        f"model '{name[:100]}' not found, captioners here: {here}{cure}"
    )


async def answering_captioner(service: Service, named: Named) -> Named | None:
    """Return the captioner that answers a question put to a name; None: none does."""
    asked = await captioners(service) if named.is_best else [named]
    return next((n for n in asked if n.spec.family in ANSWERING), None)


async def answering_model(service: Service) -> str:
    """Return how to come by a model that answers questions, as words of a message."""
    rows = [
        row
        for row in service.runtime.manifest.for_task(Task.IMAGE_TO_TEXT)
        if row.tuning is Tuning.INSTRUCT
    ]
    selection = await service.selection()
    entry = selection.get(Task.IMAGE_TO_TEXT)
    for model in _usable(selection):
        if model.family in ANSWERING:
            return f"or ask {model.id}, which is here and answers questions"
    able = {c.model.id for c in (entry.running, entry.recommended, *entry.others) if c}
    for row in rows:
        if row.id in able:
            return f"or get one that answers questions: edge-captions download {row.id}"
    reasons = {r.model_id: r.reasons for r in entry.rejected if r.reasons}
    rows.sort(key=lambda row: row.total_bytes or 0)
    for row in rows:
        if row.id in reasons:
            why = reasons[row.id][0].problem
            return f"a model that answers questions, such as {row.id}, {why}"
    return "no model that answers questions is known here"


def _usable(selection: Selection) -> Iterable[ModelSpec]:
    entry = selection.get(Task.IMAGE_TO_TEXT)
    for choice in (entry.running, *entry.others):
        if choice is not None and choice.installed:
            yield choice.model
