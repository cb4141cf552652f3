"""What the gate looks at: a text beside what was asked, taken to pieces once."""

from dataclasses import dataclass
from enum import StrEnum
import re
from typing import Final

from ..facts import Fact, FactKind
from .dates import date_words
from .noun_phrases import ParsedCaption

TOKEN: Final = re.compile(
    r"'s\b|[^\W_]+(?:[-'][^\W_]+)*?(?='s\b)|[^\W_]+(?:[-'][^\W_]+)*|[^\w\s]"
)
ORDINAL: Final = re.compile(r"^(\d+)(?:st|nd|rd|th)$")


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
    OTHER_RELATION = "other_relation"


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
    has_exact_dates: bool = False
    """Whether the day of a date has to be there; else month or year are enough."""


@dataclass(frozen=True, slots=True)
class Case:
    """A text beside what was asked, taken to pieces once."""

    asked: Asked
    text: str
    source: ParsedCaption
    said: ParsedCaption
    tokens: tuple[str, ...]
    """Of the text, in lower case, marks included."""


def tokens_of(text: str) -> list[str]:
    """Return the words and marks of a text, in lower case."""
    return TOKEN.findall(plain(text))


def plain(text: str) -> str:
    """Return a text in lower case, with plain apostrophes."""
    return text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").lower()


def word_set(text: str) -> frozenset[str]:
    """Return the words of a list written as a text."""
    return frozenset(text.split())


def fact_tokens(fact: Fact) -> set[str]:
    """Return every word that a fact allows."""
    if fact.kind is FactKind.DATE:
        return set(tokens_of(date_words(fact.value)))
    texts = (fact.value, *fact.within)
    return {token for text in texts for token in tokens_of(text)}


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
    GateCode.OTHER_RELATION: "it changed where something is",
}
