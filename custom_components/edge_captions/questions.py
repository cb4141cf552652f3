"""Questions about pictures, and what a model answers."""

from collections.abc import Iterable
from dataclasses import dataclass
import json
from typing import Any, Final, Self

from .records import Json, Model

MAX_QUESTION: Final = 4000
"""Characters that the runtime takes."""
_FITS: Final = {"running": 0, "recommended": 1, "fits": 2}


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask about a picture; None leaves it to the runtime."""

    text: str
    language: str | None = None
    schema: Json | None = None
    """The JSON schema that the answer follows."""
    model: str | None = None

    def to_form(self) -> dict[str, str]:
        """Return the fields of a form."""
        form = {"question": self.text}
        for name in ("language", "model"):
            if (text := getattr(self, name)) is not None:
                form[name] = text
        if self.schema is not None:
            form["schema"] = json.dumps(dict(self.schema))
        return form


@dataclass(frozen=True, slots=True)
class PictureAnswer:
    """What a model said of a picture; nobody checked it."""

    text: str
    data: Any
    """What the schema asked for."""
    language: str
    model: str
    origin: str
    """model | stored"""
    photo_id: str | None
    seconds: float
    notes: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """Return the record."""
        return cls(
            text=str(data["answer"]),
            data=data["data"],
            language=str(data["language"]),
            model=str(data["model"]),
            origin=str(data.get("origin", "model")),
            photo_id=data.get("photo_id"),
            seconds=float(data.get("seconds") or 0),
            notes=tuple(data.get("notes") or ()),
        )


def able_model(models: Iterable[Model]) -> Model | None:
    """Return the best model that answers questions; those that can now come first."""
    able = [model for model in models if model.answers]
    return min(able, key=_distance, default=None)


def _distance(model: Model) -> tuple[bool, int]:
    return not model.can_answer, _FITS.get(model.fit, len(_FITS))
