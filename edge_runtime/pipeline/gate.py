"""The gate: whether a language model's text may stand for a caption and its facts.

A pure function that trusts nothing. The model may order and join the words of the
caption and of the facts; a word of its own that names, counts, paints or does something
is an invention, whatever it is. What is lost counts as well: a fact, or a thing of the
caption.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
import re
from typing import Final

from ..facts import Fact, FactKind, of_kind
from . import lexicon as lx
from .dates import date_words
from .language import is_language
from .noun_phrases import NounPhrase, ParsedCaption, parse
from .tagging import is_plural
from .wordforms import forms, same_word


class GateCode(StrEnum):
    """Why a text was turned away."""

    EMPTY = "empty"
    CUT_OFF = "cut_off"
    MARKUP = "markup"
    CHATTER = "chatter"
    TOO_LONG = "too_long"
    WRONG_LANGUAGE = "wrong_language"
    REPEATS = "repeats_itself"
    FACT_LOST = "fact_lost"
    FACT_MISPLACED = "fact_misplaced"
    THING_LOST = "thing_lost"
    INVENTED_NUMBER = "invented_number"
    INVENTED_WORD = "invented_word"
    PERSON_TWICE = "person_twice"
    OTHER_ORDER = "other_order"
    OTHER_MODIFIER = "other_modifier"


@dataclass(frozen=True, slots=True)
class GateReason:
    """One thing that is wrong with a text."""

    code: GateCode
    detail: str

    @property
    def sentence(self) -> str:
        """Return it in words."""
        return f"{_SENTENCES[self.code]}{f': {self.detail}' if self.detail else ''}"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a text has to say, and nothing else."""

    caption: str
    """The checked visual caption, in English."""
    facts: tuple[Fact, ...]
    """All of them have to be in the text."""
    max_chars: int = 200


@dataclass(frozen=True, slots=True)
class _Case:
    """A text beside what was asked, taken to pieces once."""

    asked: Asked
    text: str
    source: ParsedCaption
    said: ParsedCaption
    tokens: tuple[str, ...]
    """Of the text, in lower case, marks included."""


def gate(text: str, asked: Asked) -> GateReason | None:
    """Return the first thing that is wrong with a text, or None if it may pass."""
    case = _Case(
        asked=asked,
        text=text,
        source=parse(asked.caption),
        said=parse(text),
        tokens=tuple(_TOKEN.findall(_plain(text))),
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


def _form(case: _Case) -> GateReason | None:
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


def _chatter(case: _Case) -> GateReason | None:
    known = _known_words(case)
    words = [w for w in case.tokens if w in _CHATTER and not _is_known(w, known)]
    if words or "?" in case.text:
        return GateReason(GateCode.CHATTER, words[0] if words else "a question")
    if not is_language(case.text, "en"):
        return GateReason(GateCode.WRONG_LANGUAGE, "")
    return None


def _repeats(case: _Case) -> GateReason | None:
    words = [token for token in case.tokens if token.isalnum()]
    runs = [tuple(words[i : i + 3]) for i in range(len(words) - 2)]
    again = next((run for run in runs if runs.count(run) > 1), None)
    if again is not None:
        return GateReason(GateCode.REPEATS, " ".join(again))
    for fact in case.asked.facts:
        places = list(_places(case.tokens, _required(fact)))
        if len(places) > 1 and fact.kind is not FactKind.PERSON:
            return GateReason(GateCode.REPEATS, fact.value)
    return None


def _facts(case: _Case) -> GateReason | None:
    for fact in case.asked.facts:
        places = list(_places(case.tokens, _required(fact)))
        if not places:
            return GateReason(GateCode.FACT_LOST, f"{fact.kind} {fact.value}")
        for start, end in places:
            if not _stands_right(case.tokens, start, end, fact):
                return GateReason(GateCode.FACT_MISPLACED, fact.value)
    return None


def _numbers(case: _Case) -> GateReason | None:
    known = {token for token in _tokens_of(case.asked.caption) if token[0].isdigit()}
    for fact in case.asked.facts:
        known |= {token for token in _fact_tokens(fact) if token[0].isdigit()}
    for token in case.tokens:
        number = _ORDINAL.sub(r"\1", token)
        if token[0].isdigit() and number not in known:
            return GateReason(GateCode.INVENTED_NUMBER, token)
    for phrase in case.said.phrases:
        if _is_made_plural(phrase, case):
            return GateReason(GateCode.INVENTED_NUMBER, phrase.noun)
    return None


def _is_made_plural(phrase: NounPhrase, case: _Case) -> bool:
    """Return whether the caption has one of what the text has several of."""
    same = [p for p in case.source.phrases if same_word(p.lemma, phrase.lemma)]
    alone = bool(same) and not any(is_plural(p.noun) for p in same)
    return alone and is_plural(phrase.noun) and not is_plural(phrase.lemma)


def _invented(case: _Case) -> GateReason | None:
    known = _known_words(case)
    for token in case.tokens:
        if not token[0].isalpha() or token in _JOINING:
            continue
        if not _is_known(token, known):
            return GateReason(GateCode.INVENTED_WORD, token)
    return None


def _people(case: _Case) -> GateReason | None:
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


def _things(case: _Case) -> GateReason | None:
    named = bool(of_kind(case.asked.facts, FactKind.PERSON))
    said = [token for token in case.tokens if token[0].isalpha()]
    for phrase in case.source.phrases:
        if named and phrase.lemma in lx.PEOPLE:
            continue
        words = phrase.noun.split()
        if not all(any(same_word(word, w) for w in said) for word in words):
            return GateReason(GateCode.THING_LOST, phrase.noun)
    return None


def _order(case: _Case) -> GateReason | None:
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


def _modifiers(case: _Case) -> GateReason | None:
    """Check that no blue shirt came of a red shirt and a blue car."""
    known = {w for fact in case.asked.facts for w in _fact_tokens(fact)}
    for phrase in case.said.phrases:
        same = [p for p in case.source.phrases if same_word(p.lemma, phrase.lemma)]
        if not same:
            continue
        allowed = {m.lower() for p in same for m in p.modifiers} | known
        wrong = [m for m in phrase.modifiers if m.lower() not in allowed]
        if wrong:
            return GateReason(GateCode.OTHER_MODIFIER, f"{wrong[0]} {phrase.noun}")
    return None


def _known_words(case: _Case) -> frozenset[str]:
    """Return every form of the words that the text may use."""
    words = set(_tokens_of(case.asked.caption))
    for fact in case.asked.facts:
        words |= _fact_tokens(fact)
        if fact.is_near:
            words.add("near")
    for pronouns, nouns in _PRONOUNS:
        if words & (nouns | pronouns):
            words |= pronouns
    return frozenset(form for word in words for form in forms(word))


def _is_known(token: str, known: frozenset[str]) -> bool:
    return not forms(token).isdisjoint(known)


def _fact_tokens(fact: Fact) -> set[str]:
    if fact.kind is FactKind.DATE:
        return set(_tokens_of(date_words(fact.value)))
    texts = (fact.value, *fact.within)
    return {token for text in texts for token in _tokens_of(text)}


def _required(fact: Fact) -> tuple[str, ...]:
    """Return the words of a fact that must stand in the text, one after another."""
    if fact.kind is FactKind.DATE:
        return tuple(_tokens_of(fact.value[:4]))
    value = fact.value
    if fact.kind is FactKind.PLACE:
        value = value.partition(",")[0]
    return tuple(token for token in _tokens_of(value) if token[0].isalnum())


def _places(
    tokens: tuple[str, ...], wanted: tuple[str, ...]
) -> Iterator[tuple[int, int]]:
    """Return where words stand together; the last one may have an ending."""
    size = len(wanted)
    if not size:
        return
    for start in range(len(tokens) - size + 1):
        found = tokens[start : start + size]
        if found[:-1] == wanted[:-1] and _is_inflected(found[-1], wanted[-1]):
            yield start, start + size


def _is_inflected(found: str, wanted: str) -> bool:
    return found == wanted or (
        found.removeprefix(wanted) in _ENDINGS and found.startswith(wanted)
    )


def _stands_right(tokens: tuple[str, ...], start: int, end: int, fact: Fact) -> bool:
    """Return whether a place is where something is, and a person somebody."""
    before = tokens[start - 1] if start else ""
    owns = end < len(tokens) and tokens[end] == "'s"
    if fact.kind is FactKind.PLACE:
        if fact.is_near:
            return before == "near"
        before_article = tokens[start - 2] if start > 1 and before == "the" else before
        return owns or before_article in _WHERE or (before == "," and start > 1)
    if fact.kind is FactKind.PERSON:
        return before not in _NOWHERE and not owns
    return True


def _tokens_of(text: str) -> list[str]:
    return _TOKEN.findall(_plain(text))


def _plain(text: str) -> str:
    return text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").lower()


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TOKEN: Final = re.compile(
    r"'s\b|[^\W_]+(?:[-'][^\W_]+)*?(?='s\b)|[^\W_]+(?:[-'][^\W_]+)*|[^\w\s]"
)
_ORDINAL: Final = re.compile(r"^(\d+)(?:st|nd|rd|th)$")
_MARKUP: Final = re.compile(
    r"[*#`<>{}\[\]|\\\"_~^=@\n\t\N{LEFT DOUBLE QUOTATION MARK}"
    r"\N{RIGHT DOUBLE QUOTATION MARK}]|https?:|(?<!\w)'\w|^[-\N{BULLET}]|:\s"
    r"|[\U0001F000-\U0001FAFF]"
)
_GROUPS: Final = _words("crowd couple family team audience")
_JOINING: Final = _words(
    "a an the in on at of with and while who that where as is are was were "
    "photo photograph picture image pictured photographed taken seen shown"
)
"""Words that join, and say nothing of their own."""
_CHATTER: Final = _words(
    "sure certainly okay ok here's caption captions sentence rewrite rewritten revised "
    "note please sorry hello hi i i'm we you your my our me us let's assistant user ai "
    "instruction instructions prompt task answer output fact facts description ignore "
    "language model"
)
_WHERE: Final = _words("in at on near")
_NOWHERE: Final = _words("in at on near named called")
_ENDINGS: Final = frozenset({"", "s", "'"})
_MALE: Final = _words("man boy guy men boys policeman fisherman groom father")
_FEMALE: Final = _words("woman girl lady women girls bride waitress mother")
_PRONOUNS: Final = (
    (_words("he him his himself"), _MALE),
    (_words("she her hers herself"), _FEMALE),
    (_words("they them their"), lx.PEOPLE | _words("men women children people")),
    (_words("it its"), lx.ANIMALS | lx.VEHICLES),
)
_SENTENCES: Final = {
    GateCode.EMPTY: "it wrote nothing",
    GateCode.CUT_OFF: "its text is no whole sentence",
    GateCode.MARKUP: "its text holds marks that are no part of a sentence",
    GateCode.CHATTER: "it talked instead of describing",
    GateCode.TOO_LONG: "its text is too long",
    GateCode.WRONG_LANGUAGE: "its text is in another language",
    GateCode.REPEATS: "it repeated itself",
    GateCode.FACT_LOST: "it lost a fact",
    GateCode.FACT_MISPLACED: "it put a fact where it makes no sense",
    GateCode.THING_LOST: "it lost something that is in the photo",
    GateCode.INVENTED_NUMBER: "it made up a number",
    GateCode.INVENTED_WORD: "it made something up",
    GateCode.PERSON_TWICE: "it made two of one person",
    GateCode.OTHER_ORDER: "it changed who does what",
    GateCode.OTHER_MODIFIER: "it changed how something looks",
}
_CHECKS: Final = (
    _form,
    _chatter,
    _repeats,
    _facts,
    _numbers,
    _invented,
    _people,
    _things,
    _order,
    _modifiers,
)
