"""What is known about a photo beside its picture, and where each fact comes from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
import unicodedata

MAX_FACT_CHARS: Final = 200
_JOINERS: Final = frozenset("\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}")
"""Invisible, but Persian spelling and many emoji are wrong without them."""


class FactKind(StrEnum):
    """What a fact is about."""

    PLACE = "place"
    DATE = "date"
    """ISO 8601, cut off where nothing more is known."""
    PERSON = "person"
    ALBUM = "album"
    CAMERA = "camera"
    KEYWORD = "keyword"
    TEXT = "text"
    """Words that stand in the picture."""


class FactSource(StrEnum):
    """Where a fact was found."""

    REQUEST = "request"
    GPS = "gps"
    EXIF = "exif"
    XMP = "xmp"
    IPTC = "iptc"
    FILE_NAME = "file_name"
    FOLDER = "folder"
    PICASA = "picasa"
    OCR = "ocr"


class PlaceScope(StrEnum):
    """How large a place is; a smaller one says more."""

    CITY = "city"
    REGION = "region"
    COUNTRY = "country"


class TextPath(StrEnum):
    """Which way a text was made."""

    VISUAL = "visual"
    """The captioner's own words."""
    TEMPLATE = "template"
    LLM = "llm"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is known about a photo.

    Names are data, whatever they hold: they become one line that steers neither a
    terminal nor the direction of writing.
    """

    kind: FactKind
    value: str
    source: FactSource
    language: str = ""
    """Language tag of the value; empty: none is known, or it has none."""
    scope: PlaceScope | None = None
    """Of a place whose size is known."""
    within: tuple[str, ...] = ()
    """Wider places that hold this one; they may be said and need not be."""
    is_near: bool = False
    """The photo was taken near the place, not in it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", one_line(self.value))
        object.__setattr__(self, "within", tuple(one_line(w) for w in self.within))

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON takes it, without what is not said."""
        said: dict[str, Any] = {
            "kind": self.kind.value,
            "value": self.value,
            "source": self.source.value,
        }
        if self.language:
            said["language"] = self.language
        if self.scope is not None:
            said["scope"] = self.scope.value
        if self.within:
            said["within"] = list(self.within)
        if self.is_near:
            said["is_near"] = True
        return said

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> "Fact":
        """Return the fact of `to_dict`; ValueError or KeyError if it is none."""
        scope = said.get("scope")
        return cls(
            kind=FactKind(said["kind"]),
            value=str(said["value"]),
            source=FactSource(said["source"]),
            language=str(said.get("language", "")),
            scope=None if scope is None else PlaceScope(scope),
            within=tuple(str(place) for place in said.get("within", ())),
            is_near=said.get("is_near") is True,
        )


def one_line(text: str) -> str:
    """Return a text as one bounded line without control characters."""
    return in_one_line(text[: MAX_FACT_CHARS * 4])[:MAX_FACT_CHARS].rstrip()


def in_one_line(text: str) -> str:
    """Return a text without line breaks, control characters and turned directions."""
    spaced = "".join(_shown(c) for c in text)
    return " ".join(unicodedata.normalize("NFC", spaced).split())


def of_kind(facts: Iterable[Fact], kind: FactKind) -> tuple[Fact, ...]:
    """Return the facts of one kind, in their order."""
    return tuple(fact for fact in facts if fact.kind is kind)


def distinct(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """Return the facts that say something, each once; the first source counts."""
    found: dict[tuple[FactKind, str], Fact] = {}
    for fact in facts:
        if fact.value:
            found.setdefault((fact.kind, fact.value.casefold()), fact)
    return tuple(found.values())


def _shown(character: str) -> str:
    if character in _JOINERS:
        return character
    category = unicodedata.category(character)
    if category in {"Cf", "Cs", "Cn", "Co"}:
        return ""  # such as the marks that turn the direction of writing
    return " " if category[0] in "CZ" else character


def camera_name(make: str, model: str) -> str:
    """Return what a camera is called: no "NIKON CORPORATION NIKON D50"."""
    makers = make.lower().split()
    first = model.lower().partition(" ")[0]
    has_maker = model.lower().startswith(make.lower()) or first in makers
    return (model if has_maker else f"{make} {model}").strip()
