"""From a caption and facts to a text, by templates: quick and true to the facts."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
import re
from typing import Final

from ...facts import Fact, FactKind, FactSource, TextPath, of_kind
from ...schemas import Style
from ..sentence import to_sentence
from .custom import fill_custom
from .hashtags import hashtags, keywords
from .language import LanguageData, Languages
from .people import with_name
from .phrases import date_phrase, extra_sentences, place_phrase
from .styles import RULES, TITLE_CHARS, StyleRule, fit, told

_MIN_CAPTION: Final = 8
"""A caption shorter than this says nothing: then a fact goes."""
_ENDS: Final = ".!?…"


@dataclass(frozen=True, slots=True)
class Draft:
    """A checked caption, and what is known beside it."""

    caption: str
    language: str
    """Of the caption."""
    facts: tuple[Fact, ...] = ()
    style: Style = Style.PLAIN
    template: str = ""
    """The person's own, of the style `custom`."""


@dataclass(frozen=True, slots=True)
class Composed:
    """A text, and how it came about."""

    text: str
    path: TextPath
    reason: str
    """Why this path was taken."""
    facts: tuple[Fact, ...] = ()
    """The facts that the text tells."""
    title: str = ""
    hashtags: tuple[str, ...] = ()
    """Proposed; a person accepts them."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """A caption and what goes with it, before they are put together."""

    base: str
    """The caption without its full stop, a name in it where one fits."""
    is_named: bool
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Composer:
    """Puts captions and facts together."""

    languages: Languages = field(default_factory=Languages)

    def compose(self, draft: Draft) -> Composed:
        """Return the text of a draft in its style; raise TemplateError."""
        data = self.languages.get(draft.language)
        facts = told(draft.facts, draft.style)
        if draft.style is Style.CUSTOM:
            return _custom(draft, facts, data)
        if not draft.caption and draft.style is not Style.KEYWORDS:
            return Composed("", TextPath.VISUAL, "there is no caption to add facts to")
        if data is None:
            reason = f"nothing here has templates for '{draft.language}'"
            return Composed(draft.caption, TextPath.VISUAL, reason)
        tags = hashtags(draft.caption, draft.facts, data)
        return replace(_in_style(draft, facts, data, tags), hashtags=tags)


def _in_style(
    draft: Draft, facts: tuple[Fact, ...], data: LanguageData, tags: tuple[str, ...]
) -> Composed:
    match draft.style:
        case Style.KEYWORDS:
            text = ", ".join(keywords(draft.caption, facts, data))
            return Composed(text, TextPath.TEMPLATE, "keywords were asked for", facts)
        case Style.NOTIFICATION:
            return _notification(draft, facts, data)
        case Style.SOCIAL:
            made = _sentence(draft, facts, data)
            return replace(made, text=" ".join([made.text, *tags]).strip())
        case _:
            return _sentence(draft, facts, data)


def _sentence(draft: Draft, facts: tuple[Fact, ...], data: LanguageData) -> Composed:
    """Return a caption with facts, cut to the style's length where it has one."""
    rule = RULES[draft.style]
    parts = _parts(_seen(draft, data), facts, data)
    text = _put_together(parts, data, rule)
    if rule.max_chars is not None and len(text) > rule.max_chars:
        return _cut(parts, data, rule, rule.max_chars)
    if not facts:
        reason = "no facts are known" if not draft.facts else _untold(draft.style)
        return Composed(text, TextPath.VISUAL, reason)
    return Composed(text, TextPath.TEMPLATE, "facts are known", facts)


def _untold(style: Style) -> str:
    return f"the style '{style.value}' tells none of what is known"


def _seen(draft: Draft, data: LanguageData) -> str:
    """Return the caption; a text alternative never says that it is of a picture."""
    if draft.style is not Style.ALT_TEXT:
        return draft.caption
    found = data.preamble.match(draft.caption)
    rest = draft.caption[found.end() :] if found else ""
    return to_sentence(rest) if rest else draft.caption


def _parts(caption: str, facts: tuple[Fact, ...], data: LanguageData) -> _Parts:
    base = caption.strip()
    names = of_kind(facts, FactKind.PERSON)
    named = None
    if len(names) == 1:
        named = with_name(base, names[0].value, data.person, data.joints)
    return _Parts(named or base, named is not None, facts)


def _put_together(parts: _Parts, data: LanguageData, rule: StyleRule) -> str:
    places = [
        place_phrase(fact, data.place, is_wide=rule.is_exact)
        for fact in of_kind(parts.facts, FactKind.PLACE)
        if not _says(parts.base, fact.value)
    ]
    dates = [
        date_phrase(fact, data.date, is_exact=rule.is_exact)
        for fact in of_kind(parts.facts, FactKind.DATE)
    ]
    where, when = ", ".join(places), ", ".join(dates)
    if when and "," in where:
        where += ","
    main = _wrapped(parts.base, where, when, data)
    extras = extra_sentences(parts.facts, data, with_people=not parts.is_named)
    return " ".join([main, *extras])


def _says(caption: str, name: str) -> bool:
    """Return whether a caption names something by itself, written as given."""
    return re.search(rf"\b{re.escape(name)}\b", caption) is not None


def _wrapped(base: str, where: str, when: str, data: LanguageData) -> str:
    if not (where or when):
        return to_sentence(base)
    inner = base.rstrip(_ENDS + " ")
    if data.aside_after.search(inner) is None:
        text = data.sentence.fill({"caption": inner, "place": where, "date": when})
        return to_sentence(text)
    first = where or when
    lead = first[0].upper() + first[1:]
    values = {"caption": inner, "Place": lead, "date": when if where else ""}
    return data.aside.fill(values)


def _cut(parts: _Parts, data: LanguageData, rule: StyleRule, room: int) -> Composed:
    """Return the text within a length: found facts go first, then phrases, then facts.

    A name that stands in the caption stays as long as the caption does.
    """
    in_base = FactKind.PERSON if parts.is_named else None
    facts = tuple(f for f in parts.facts if _is_kept(f) or f.kind is in_base)
    while True:
        kept = replace(parts, facts=facts)
        text = _put_together(kept, data, rule)
        spare = room - (len(text) - len(parts.base))
        if len(text) > room and spare >= _MIN_CAPTION:
            shorter = fit(parts.base.rstrip(_ENDS), spare - 1, data.cut_before)
            text = _put_together(replace(kept, base=shorter), data, rule)
            text = text.replace("….", "…")
        droppable = [fact for fact in facts if fact.kind is not in_base]
        if len(text) <= room or not droppable:
            break
        droppable.sort(key=lambda fact: fact.source is FactSource.REQUEST)
        facts = tuple(fact for fact in facts if fact is not droppable[0])
    if len(text) > room:
        text = fit(text.rstrip(_ENDS), room - 1, data.cut_before).rstrip(_ENDS) + "…"
    lost = [fact.value for fact in parts.facts if fact not in facts]
    reason = f"cut to {room} characters"
    reason += f"; left out: {', '.join(lost)}" if lost else ""
    path = TextPath.TEMPLATE if facts else TextPath.VISUAL
    return Composed(text, path, reason, facts)


def _is_kept(fact: Fact) -> bool:
    """Return whether a caption is rather cut than that a fact is left out."""
    return fact.source is FactSource.REQUEST or fact.kind is FactKind.PLACE


def _notification(
    draft: Draft, facts: tuple[Fact, ...], data: LanguageData
) -> Composed:
    """Return a title, the camera's name where it is known, and a sentence."""
    cameras = of_kind(facts, FactKind.CAMERA)
    rest = tuple(fact for fact in facts if fact not in cameras)
    made = _sentence(draft, rest, data)
    if cameras:
        title = data.title.fill({"camera": cameras[0].value})
    else:
        title = _subject(draft.caption.rstrip(_ENDS), data)
    title = fit(title, TITLE_CHARS, data.cut_before)
    reason = made.reason if rest else "a title and a sentence were asked for"
    return replace(
        made, title=title, facts=facts, path=TextPath.TEMPLATE, reason=reason
    )


def _subject(caption: str, data: LanguageData) -> str:
    """Return the words of a caption before the first that joins a phrase."""
    words = caption.split()
    ends = (i for i, word in enumerate(words) if i and word.lower() in data.cut_before)
    return " ".join(words[: next(ends, len(words))]).rstrip(",")


def _custom(
    draft: Draft, facts: tuple[Fact, ...], data: LanguageData | None
) -> Composed:
    tags: Sequence[str] = ()
    if data is not None and draft.caption:
        tags = hashtags(draft.caption, draft.facts, data)
    text, used = fill_custom(draft.template, draft.caption, facts, data, tags)
    reason = "your own template was asked for"
    return Composed(text, TextPath.TEMPLATE, reason, used, hashtags=tuple(tags))
