"""Hashtags and keywords that a caption and its facts propose; a person accepts them."""

from collections.abc import Iterable, Iterator
import re
import unicodedata

from ...facts import Fact, FactKind, FactSource, PlaceScope, of_kind
from ..noun_phrases import parse
from .language import LanguageData
from .phrases import day_of, occasion_on
from .styles import MAX_HASHTAGS

_MIN_TAG, _MAX_TAG = 2, 30
_MAX_READ_WORDS = 3


def hashtags(
    caption: str, facts: Iterable[Fact], data: LanguageData
) -> tuple[str, ...]:
    """Return at most five hashtags, the most telling first, each with its #."""
    known = tuple(facts)
    things = _things(caption, data)
    if of_kind(known, FactKind.PERSON):
        nameless = {word.lower() for word in data.person.one}
        things = [thing for thing in things if thing.lower() not in nameless]
    wanted = [*_of_facts(known, data), *things, *_wider(known)]
    found: dict[str, str] = {}
    for words in wanted:
        tag = as_tag(words)
        if tag:
            found.setdefault(tag.casefold(), f"#{tag}")
    return tuple(found.values())[:MAX_HASHTAGS]


def keywords(
    caption: str, facts: Iterable[Fact], data: LanguageData
) -> tuple[str, ...]:
    """Return what the caption and the facts name, each once."""
    known = tuple(facts)
    named = [
        *_things(caption, data),
        *(fact.value for fact in known if fact.kind is not FactKind.DATE),
        *(place for fact in known for place in fact.within),
        *(fact.value[:4] for fact in of_kind(known, FactKind.DATE)),
    ]
    return tuple({name.casefold(): name for name in reversed(named)}.values())[::-1]


def as_tag(words: str) -> str:
    """Return words as one tag: letters and digits, each word's start a capital."""
    parts = re.findall(r"[\w\u200c\u200d]+", unicodedata.normalize("NFC", words))
    parts = [part.replace("_", "") for part in parts]
    several = len(parts) > 1
    tag = "".join(p[:1].upper() + p[1:] if several else p for p in parts)
    fits = _MIN_TAG <= len(tag) <= _MAX_TAG or (tag and ord(tag[0]) > 0x2E7F)  # noqa: PLR2004
    return tag if fits and any(map(str.isalpha, tag)) else ""


def _of_facts(facts: tuple[Fact, ...], data: LanguageData) -> Iterator[str]:
    for fact in of_kind(facts, FactKind.PLACE):
        if not fact.is_near:
            yield fact.value.partition(",")[0]
    for fact in of_kind(facts, FactKind.DATE):
        day = day_of(fact)
        occasion = None if day is None else occasion_on(day, data.date)
        if occasion is not None:
            yield occasion.tag + fact.value[:4]
    for fact in of_kind(facts, FactKind.TEXT):
        if len(fact.value.split()) <= _MAX_READ_WORDS:
            yield fact.value
    for fact in facts:
        given = fact.source is FactSource.REQUEST
        if fact.kind is FactKind.KEYWORD or (given and fact.kind is FactKind.PERSON):
            yield fact.value


def _wider(facts: tuple[Fact, ...]) -> Iterator[str]:
    for fact in of_kind(facts, FactKind.PLACE):
        if fact.scope is not PlaceScope.COUNTRY and fact.within:
            yield fact.within[-1]


def _things(caption: str, data: LanguageData) -> list[str]:
    """Return the things that a caption names."""
    if data.language == "en":
        named = [phrase.lemma for phrase in parse(caption).phrases]
    else:  # German, for one, writes its nouns with a capital
        words = re.findall(r"(?<=\s)[^\W\d_]+", caption)
        named = [word for word in words if word[:1].isupper()]
    return [word for word in named if word.lower() not in data.no_tags]
