"""The gate: whether a language model's text may stand for a caption and its facts.

A pure function that trusts nothing. The model may order and join the words of the
caption and of the facts; a word of its own that names, counts, paints or does something
is an invention, whatever it is. What is lost counts as well: a fact, or a thing of the
caption.
"""

from collections.abc import Iterable
import re
from typing import Final

from ..facts import Fact, FactKind, of_kind
from . import lexicon as lx
from .gate_case import (
    TOKEN,
    Asked,
    Case,
    GateCode,
    GateReason,
    fact_tokens,
    plain,
    tokens_of,
    word_set,
)
from .gate_facts import LINKS, facts_kept, numbers_kept, repeats
from .language import is_language
from .noun_phrases import NounPhrase, ParsedCaption, parse
from .tagging import is_plural
from .wordforms import forms, same_word

_MARKUP: Final = re.compile(
    r"[*#`<>{}\[\]|\\\"_~^=@\n\t"
    "\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}"
    r"]|https?:|(?<!\w)'\w|^[-"
    "\N{BULLET}"
    r"]|:\s"
    r"|[\U0001F000-\U0001FAFF]"
)
_GROUPS: Final = word_set("crowd couple family team audience")
_JOINING: Final = word_set(
    "a an the in on at of with and while who that where as is are was were "
    "photo photograph picture image pictured photographed taken seen shown"
)
"""Words that join, and say nothing of their own."""
_CHATTER: Final = word_set(
    "sure certainly okay ok here's caption captions sentence rewrite rewritten revised "
    "note please sorry hello hi i i'm we you your my our me us let's assistant user ai "
    "instruction instructions prompt task answer output fact facts description ignore "
    "language model"
)
_MALE: Final = word_set("man boy guy men boys policeman fisherman groom father")
_FEMALE: Final = word_set("woman girl lady women girls bride waitress mother")
_PRONOUNS: Final = (
    (word_set("he him his himself"), _MALE),
    (word_set("she her hers herself"), _FEMALE),
    (word_set("they them their"), lx.PEOPLE | word_set("men women children people")),
    (word_set("it its"), lx.ANIMALS | lx.VEHICLES),
)
_PICTURES: Final = word_set("photo photograph picture image")


def gate(text: str, asked: Asked) -> GateReason | None:
    """Return the first thing that is wrong with a text, or None if it may pass."""
    case = Case(
        asked=asked,
        text=text,
        source=parse(asked.caption),
        said=parse(text),
        tokens=tuple(TOKEN.findall(plain(text))),
    )
    found = (check(case) for check in _CHECKS)
    return next((reason for reason in found if reason is not None), None)


def named_person(caption: str, facts: Iterable[Fact]) -> bool:
    """Return whether one name can only mean the one person that a caption has."""
    names = of_kind(facts, FactKind.PERSON)
    return len(names) == 1 and only_person(parse(caption)) is not None


def only_person(caption: ParsedCaption) -> NounPhrase | None:
    """Return the one person that a caption names; None if it has none or several."""
    people = [phrase for phrase in caption.phrases if phrase.lemma in lx.PEOPLE]
    if len(people) != 1:
        return None
    person = people[0]
    several = is_plural(person.noun) or person.lemma in _GROUPS
    counted = person.opener in lx.NUMBERS - lx.INDEFINITE
    return None if several or counted else person


def _form(case: Case) -> GateReason | None:
    text = case.text.strip()
    if not any(c.isalpha() for c in text):
        return GateReason(GateCode.EMPTY, "")
    if mark := _MARKUP.search(text):
        return GateReason(GateCode.MARKUP, repr(mark.group()))
    if not text.endswith((".", "!", "?")):
        return GateReason(GateCode.CUT_OFF, "")
    if len(text) > case.asked.max_chars:
        detail = f"{len(text)} characters, {case.asked.max_chars} were asked for"
        return GateReason(GateCode.TOO_LONG, detail)
    return None


def _chatter(case: Case) -> GateReason | None:
    known = _known_words(case)
    words = [w for w in case.tokens if w in _CHATTER and not _is_known(w, known)]
    if words or "?" in case.text:
        return GateReason(GateCode.CHATTER, words[0] if words else "a question")
    if not is_language(case.text, "en"):
        return GateReason(GateCode.WRONG_LANGUAGE, "")
    return None


def _invented(case: Case) -> GateReason | None:
    known = _known_words(case)
    for token in case.tokens:
        if not token[0].isalpha() or token in _JOINING:
            continue
        if not _is_known(token, known):
            return GateReason(GateCode.INVENTED_WORD, token)
    return None


def _people(case: Case) -> GateReason | None:
    """Check that a name takes the place of the caption's person and joins nobody."""
    names = of_kind(case.asked.facts, FactKind.PERSON)
    if not names:
        return None
    person = only_person(case.source)
    if person is None or len(names) > 1:
        return GateReason(GateCode.PERSON_TWICE, "no one person to give a name to")
    for phrase in case.said.phrases:
        if phrase.lemma == person.lemma:
            return GateReason(GateCode.PERSON_TWICE, phrase.noun)
    return None


def _things(case: Case) -> GateReason | None:
    named = bool(of_kind(case.asked.facts, FactKind.PERSON))
    said = [token for token in case.tokens if token[0].isalpha()]
    for phrase in case.source.phrases:
        if named and phrase.lemma in lx.PEOPLE:
            continue
        words = phrase.noun.split()
        if not all(any(same_word(word, w) for w in said) for word in words):
            return GateReason(GateCode.THING_LOST, phrase.noun)
    return None


def _order(case: Case) -> GateReason | None:
    """Who does what to whom: things keep their order; a scene may come first."""
    wanted = [p.lemma for p in case.source.phrases if p.lemma not in lx.PLACES]
    if of_kind(case.asked.facts, FactKind.PERSON):
        wanted = [lemma for lemma in wanted if lemma not in lx.PEOPLE]
    said = [p.lemma for p in case.said.phrases if p.lemma in wanted]
    last = -1
    for lemma in dict.fromkeys(said):
        place = wanted.index(lemma)
        if place < last:
            return GateReason(GateCode.OTHER_ORDER, lemma)
        last = place
    return None


def _modifiers(case: Case) -> GateReason | None:
    """Check that no blue shirt came of a red shirt and a blue car."""
    known = {w for fact in case.asked.facts for w in fact_tokens(fact)}
    for phrase in case.said.phrases:
        same = [p for p in case.source.phrases if same_word(p.lemma, phrase.lemma)]
        if not same:
            continue
        allowed = {m.lower() for p in same for m in p.modifiers} | known
        wrong = [m for m in phrase.modifiers if m.lower() not in allowed]
        if wrong:
            return GateReason(GateCode.OTHER_MODIFIER, f"{wrong[0]} {phrase.noun}")
    return None


def _relations(case: Case) -> GateReason | None:
    """Check that what climbed a rock is not "in a rock" now."""
    for phrase in case.said.phrases:
        same = [p for p in case.source.phrases if p.lemma == phrase.lemma]
        link = _word_before(case.said, phrase)
        if not same or link not in lx.PREPOSITIONS:
            continue
        links = {_word_before(case.source, p) for p in same}
        if link not in links and not (link == "of" and _shows(case.said, phrase)):
            return GateReason(GateCode.OTHER_RELATION, f"{link} {phrase.noun}")
    return None


def _word_before(parsed: ParsedCaption, phrase: NounPhrase) -> str:
    return parsed.words[phrase.start - 1].lower() if phrase.start else ""


def _shows(parsed: ParsedCaption, phrase: NounPhrase) -> bool:
    """Return whether this is the thing of "a photo of a thing"."""
    before = [word.lower() for word in parsed.words[: phrase.start]]
    return before[-2:-1] != [] and before[-2] in _PICTURES


def _known_words(case: Case) -> frozenset[str]:
    """Return every form of the words that the text may use."""
    words = set(tokens_of(case.asked.caption))
    for fact in case.asked.facts:
        words |= fact_tokens(fact)
        if fact.is_near:
            words.add("near")
        words |= LINKS.get(fact.kind, frozenset())
    for pronouns, nouns in _PRONOUNS:
        if words & (nouns | pronouns):
            words |= pronouns
    return frozenset(form for word in words for form in forms(word))


def _is_known(token: str, known: frozenset[str]) -> bool:
    return not forms(token).isdisjoint(known)


_CHECKS: Final = (
    _form,
    _chatter,
    repeats,
    facts_kept,
    numbers_kept,
    _invented,
    _people,
    _things,
    _order,
    _modifiers,
    _relations,
)

__all__ = ["Asked", "GateCode", "GateReason", "gate", "named_person", "only_person"]
