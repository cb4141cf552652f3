"""The gate on facts and numbers: each is there, once, where it makes sense."""

from collections.abc import Iterator
from typing import Final

from ..facts import Fact, FactKind
from .dates import date_words
from .gate_case import (
    ORDINAL,
    Case,
    GateCode,
    GateReason,
    fact_tokens,
    tokens_of,
    word_set,
)
from .noun_phrases import NounPhrase
from .tagging import is_plural
from .wordforms import same_word

LINKS: Final = {
    FactKind.CAMERA: word_set("at in near by"),
    FactKind.ALBUM: word_set("at from during of album"),
}
_WHERE: Final = word_set("in at on near")
_NOWHERE: Final = word_set("in at on near named called")
_IS: Final = word_set("is are was were")
_ENDINGS: Final = frozenset({"", "s", "'"})


def repeats(case: Case) -> GateReason | None:
    """Check that nothing is said twice."""
    words = [token for token in case.tokens if token.isalnum()]
    runs = [tuple(words[i : i + 3]) for i in range(len(words) - 2)]
    again = next((run for run in runs if runs.count(run) > 1), None)
    if again is not None:
        return GateReason(GateCode.REPEATS, " ".join(again))
    for fact in case.asked.facts:
        places = list(_places(case.tokens, _required(fact)))
        if len(places) > 1 and fact.kind is not FactKind.PERSON:
            return GateReason(GateCode.REPEATS, _said(fact))
    return None


def facts_kept(case: Case) -> GateReason | None:
    """Check that every fact is there, where it makes sense."""
    for fact in case.asked.facts:
        places = list(_places(case.tokens, _required(fact)))
        if not places:
            return GateReason(GateCode.FACT_LOST, f"{fact.kind} {_said(fact)}")
        is_date = case.asked.has_exact_dates and fact.kind is FactKind.DATE
        if is_date and not _is_whole(case.tokens, places, fact):
            return GateReason(GateCode.FACT_LOST, f"{fact.kind} {_said(fact)}")
        for start, end in places:
            if not _stands_right(case.tokens, start, end, fact):
                return GateReason(GateCode.FACT_MISPLACED, _said(fact))
    return None


def numbers_kept(case: Case) -> GateReason | None:
    """Check that no number is new, and nothing has become several."""
    known = {token for token in tokens_of(case.asked.caption) if token[0].isdigit()}
    for fact in case.asked.facts:
        known |= {token for token in fact_tokens(fact) if token[0].isdigit()}
    for token in case.tokens:
        number = ORDINAL.sub(r"\1", token)
        if token[0].isdigit() and number not in known:
            return GateReason(GateCode.INVENTED_NUMBER, token)
    for phrase in case.said.phrases:
        if _is_made_plural(phrase, case):
            return GateReason(GateCode.INVENTED_NUMBER, phrase.noun)
    return None


def _said(fact: Fact) -> str:
    return date_words(fact.value) if fact.kind is FactKind.DATE else fact.value


def _is_made_plural(phrase: NounPhrase, case: Case) -> bool:
    """Return whether the caption has one of what the text has several of."""
    same = [p for p in case.source.phrases if same_word(p.lemma, phrase.lemma)]
    alone = bool(same) and not any(is_plural(p.noun) for p in same)
    return alone and is_plural(phrase.noun) and not is_plural(phrase.lemma)


def _required(fact: Fact) -> tuple[str, ...]:
    """Return the words of a fact that must stand in the text, one after another."""
    if fact.kind is FactKind.DATE:
        return tuple(tokens_of(fact.value[:4]))
    value = fact.value
    if fact.kind is FactKind.PLACE:
        value = value.partition(",")[0]
    return tuple(token for token in tokens_of(value) if token[0].isalnum())


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
    if fact.kind is FactKind.DATE:
        return _date_stands_right(tokens, start, fact)
    link = tokens[start - 2] if start > 1 and before in {"the", "a"} else before
    return link in LINKS[fact.kind]


def _date_start(tokens: tuple[str, ...], year: int, fact: Fact) -> int:
    """Return where the date begins that ends with a year."""
    known = {*fact_tokens(fact), ","}
    start = year
    while start and ORDINAL.sub(r"\1", tokens[start - 1]) in known:
        start -= 1
    return start


def _is_whole(
    tokens: tuple[str, ...], places: list[tuple[int, int]], fact: Fact
) -> bool:
    """Return whether day and month stand before a year where they are known."""
    wanted = set(tokens_of(date_words(fact.value).lower()))
    for year, end in places:
        said = tokens[_date_start(tokens, year, fact) : end]
        if wanted <= {ORDINAL.sub(r"\1", token) for token in said}:
            return True
    return False


def _date_stands_right(tokens: tuple[str, ...], year: int, fact: Fact) -> bool:
    """Return whether "on" leads to a day, and "in" to a month or a year."""
    start = _date_start(tokens, year, fact)
    has_day = any(token[0].isdigit() for token in tokens[start:year])
    if tokens[start] == "," or not start:
        return True
    is_there = tokens[start - 2] in _IS if start > 1 else False  # "is on 8 May 2008"
    return tokens[start - 1] == ("on" if has_day else "in") and not is_there
