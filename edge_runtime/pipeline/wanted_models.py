"""The text models that answer for a request: light, for most requests have none."""

from dataclasses import dataclass

from ..manifest import ModelSpec


@dataclass(frozen=True, slots=True)
class TextModels:
    """The models that answer for a request; None where none does, or is wanted."""

    rewriter: ModelSpec | None = None
    translator: ModelSpec | None = None
    """A translator, or a language model that knows the language."""
    reader: ModelSpec | None = None
    notes: tuple[str, ...] = ()
    """Why a model that was asked for is not there."""

    @property
    def are_there(self) -> bool:
        """Return whether any of them has something to do."""
        return any((self.rewriter, self.translator, self.reader, self.notes))
