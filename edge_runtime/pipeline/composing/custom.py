"""The person's own template of a caption, such as `{caption}[ ({place})]`."""

from collections.abc import Sequence
from typing import Final

from ...facts import Fact, FactKind, of_kind
from .language import LanguageData
from .patterns import Pattern
from .phrases import date_phrase, place_phrase

_KINDS: Final = {
    "place": FactKind.PLACE,
    "where": FactKind.PLACE,
    "date": FactKind.DATE,
    "when": FactKind.DATE,
    "year": FactKind.DATE,
    "people": FactKind.PERSON,
    "album": FactKind.ALBUM,
    "camera": FactKind.CAMERA,
    "keywords": FactKind.KEYWORD,
    "text": FactKind.TEXT,
}
NAMES: Final = ("caption", "hashtags", *_KINDS)
"""What a template may name: `where` and `when` are phrases, `place` and `date` bare."""


def parse_custom(template: str) -> Pattern:
    """Return the pattern of a person's template; raise TemplateError."""
    return Pattern.parse(template, NAMES)


def fill_custom(
    template: str,
    caption: str,
    facts: tuple[Fact, ...],
    data: LanguageData | None,
    hashtags: Sequence[str],
) -> tuple[str, tuple[Fact, ...]]:
    """Return the text of a template, and the facts that it tells."""
    pattern = parse_custom(template)
    values = {name: _value(name, facts, data) for name in _KINDS}
    values["caption"] = caption.rstrip(".")
    values["hashtags"] = " ".join(hashtags)
    kinds = {_KINDS[name] for name in pattern.names if name in _KINDS}
    return pattern.fill(values), tuple(fact for fact in facts if fact.kind in kinds)


def _value(name: str, facts: tuple[Fact, ...], data: LanguageData | None) -> str:
    found = of_kind(facts, _KINDS[name])
    plain = tuple(fact.value for fact in found)
    match name:
        case "year":
            return ", ".join(value[:4] for value in plain)
        case "where" if data is not None:
            return ", ".join(place_phrase(fact, data.place) for fact in found)
        case "when" if data is not None:
            return ", ".join(date_phrase(fact, data.date) for fact in found)
        case "date":
            return ", ".join(value[:10] for value in plain)
        case "people" if data is not None:
            return data.listed(plain)
        case _:
            return ", ".join(plain)
