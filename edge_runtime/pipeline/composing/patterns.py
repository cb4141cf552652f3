"""Texts with `{names}` to fill in and `[parts]` that go where a name is not known."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
import re
from typing import Final

from ...const import MAX_PATTERN
from ...errors import TemplateError
from ...yaml_reader import suggest

_PIECE: Final = re.compile(r"\{\{|\}\}|\[\[|\]\]|\{(?P<name>\w*)\}|[{}\[\]]|[^{}\[\]]+")
_DOUBLED: Final = frozenset({"{{", "}}", "[[", "]]"})
_BEFORE_MARK: Final = re.compile(r" +([.,;:!?])(?=\s|$)")


@dataclass(frozen=True, slots=True)
class _Piece:
    text: str
    is_name: bool
    part: int
    """Number of the `[part]` that it stands in; 0 outside."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A template that was checked; what is filled in is never read as one."""

    pieces: tuple[_Piece, ...]

    @property
    def names(self) -> frozenset[str]:
        """Return the names that it fills in."""
        return frozenset(piece.text for piece in self.pieces if piece.is_name)

    @classmethod
    def parse(cls, text: str, known: Collection[str]) -> "Pattern":
        """Return the pattern of a text; raise TemplateError if it is none."""
        if len(text) > MAX_PATTERN:
            raise TemplateError(
                f"a template has at most {MAX_PATTERN} characters, not {len(text)}"
            )
        pieces: list[_Piece] = []
        part = last = 0
        for found in _PIECE.finditer(text):
            piece, name = found[0], found["name"]
            if name is not None:
                pieces.append(_Piece(_checked(name, known), is_name=True, part=part))
            elif piece == "[" and not part:
                part = last = last + 1
            elif piece == "]" and part:
                part = 0
            elif piece in {"{", "}", "[", "]"}:
                raise TemplateError(
                    f"the template has a '{piece}' too many; write it twice to mean it"
                )
            else:
                plain = piece[0] if piece in _DOUBLED else piece
                pieces.append(_Piece(plain, is_name=False, part=part))
        if part:
            raise TemplateError("the template has a '[' without its ']'")
        return cls(tuple(pieces))

    def fill(self, values: Mapping[str, str]) -> str:
        """Return the text with its names filled in, and without empty parts."""
        lacking = {p.part for p in self.pieces if p.is_name and not values[p.text]}
        text = "".join(
            values[piece.text] if piece.is_name else piece.text
            for piece in self.pieces
            if not (piece.part and piece.part in lacking)
        )
        return _BEFORE_MARK.sub(r"\1", re.sub(r"[ \t]{2,}", " ", text)).strip()


def _checked(name: str, known: Collection[str]) -> str:
    if name not in known:
        raise TemplateError(
            f"the template names '{{{name}}}', which is unknown; {suggest(name, known)}"
        )
    return name
