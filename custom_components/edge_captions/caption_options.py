"""How a photo should be described."""

from collections.abc import Mapping
from dataclasses import dataclass
import json
from typing import Final

MAX_THINGS: Final = 10
"""Most things that the runtime looks for in one picture."""


@dataclass(frozen=True, slots=True)
class CaptionOptions:
    """How a photo should be described; None leaves it to the runtime."""

    language: str | None = None
    style: str | None = None
    detail: str | None = None
    context: Mapping[str, str] | None = None
    verify: bool | None = None
    refresh: bool | None = None
    store: bool | None = None
    two_phase: bool | None = None
    source: str | None = None
    """The camera that the picture comes from."""
    look_for: tuple[str, ...] = ()
    """Things to say of whether they are in the picture."""

    def to_form(self) -> dict[str, str]:
        """Return the fields of a form."""
        form: dict[str, str] = {}
        for name in ("language", "style", "detail", "source"):
            if (text := getattr(self, name)) is not None:
                form[name] = text
        for name in ("verify", "refresh", "store", "two_phase"):
            if (switch := getattr(self, name)) is not None:
                form[name] = "true" if switch else "false"
        if self.look_for:
            form["look_for"] = ",".join(self.look_for)
        if self.context:
            form["context"] = json.dumps(dict(self.context))
        return form
