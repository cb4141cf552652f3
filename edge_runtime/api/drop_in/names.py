"""Which captioners clients may name, and how they come by their names."""

from dataclasses import dataclass
import hashlib
from typing import Final

from ...answering import answers_questions, installed_captioners
from ...manifest import ModelSpec
from ...schemas import Task
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
    specs = list(installed_captioners(selection))
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
    return next((one for one in asked if answers_questions(one.spec)), None)
