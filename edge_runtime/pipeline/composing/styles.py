"""Styles of a caption: which facts each tells, and how long it may be."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ...facts import Fact, FactKind, FactSource
from ...schemas import Style

SHORT_CHARS: Final = 60
ALT_CHARS: Final = 150
TITLE_CHARS: Final = 40
MAX_HASHTAGS: Final = 5


@dataclass(frozen=True, slots=True)
class StyleRule:
    """What a style says of what is known."""

    tells: frozenset[FactKind]
    """Facts that were found; those that the request gave are always told."""
    max_chars: int | None = None
    is_exact: bool = False
    """Dates with their day, places with their country."""


_ALL: Final = frozenset(FactKind)
_WHERE_AND_WHO: Final = frozenset({FactKind.PLACE, FactKind.PERSON})
RULES: Final[Mapping[Style, StyleRule]] = {
    # text is only read where it was asked for, or is large
    Style.PLAIN: StyleRule(_WHERE_AND_WHO | {FactKind.TEXT}),
    Style.SHORT: StyleRule(_WHERE_AND_WHO, SHORT_CHARS),
    Style.DETAILED: StyleRule(_ALL - {FactKind.KEYWORD}, is_exact=True),
    # what can be read in a picture is part of its text alternative
    Style.ALT_TEXT: StyleRule(_WHERE_AND_WHO | {FactKind.TEXT}, ALT_CHARS),
    Style.SOCIAL: StyleRule(_WHERE_AND_WHO),
    Style.KEYWORDS: StyleRule(_ALL - {FactKind.CAMERA}),
    Style.NOTIFICATION: StyleRule(frozenset({FactKind.PERSON})),
    Style.CUSTOM: StyleRule(_ALL),
}


def told(facts: Iterable[Fact], style: Style) -> tuple[Fact, ...]:
    """Return the facts that a style tells, in their order."""
    tells = RULES[style].tells
    return tuple(
        fact
        for fact in facts
        if fact.kind in tells or fact.source is FactSource.REQUEST
    )


def fit(text: str, max_chars: int, cut_before: frozenset[str]) -> str:
    """Return a sentence's words within a length: whole phrases go from its end."""
    words = text.split()
    while len(" ".join(words)) > max_chars:
        ends = [i for i, w in enumerate(words) if i and w.lower() in cut_before]
        if not ends:
            break
        words = words[: ends[-1]]
        while len(words) > 1 and words[-1].lower().rstrip(",") in cut_before:
            words.pop()
    shortened = " ".join(words).rstrip(",;:")
    if len(shortened) <= max_chars:
        return shortened
    cut = shortened[: max(1, max_chars - 1)]
    whole = cut.rpartition(" ")[0]
    return f"{whole or cut}…"
