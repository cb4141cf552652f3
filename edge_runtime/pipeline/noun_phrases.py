"""The noun phrases of a caption: what it says is in the picture.

"a man in a red shirt is walking a dog on the beach" -> man, red shirt, dog, beach.
"""

from collections.abc import Sequence
from dataclasses import dataclass
import re
from typing import Final

from . import lexicon as lx
from .tagging import Tag, singular, tag

_TOKEN: Final = re.compile(
    r"n't\b|'(?:s|m|d|re|ve|ll)\b|[^\W_]+(?:-[^\W_]+)*|[&.,;:!?]", re.IGNORECASE
)
_INSIDE: Final = frozenset({Tag.DETERMINER, Tag.NUMBER, Tag.ADJECTIVE, Tag.NOUN})


@dataclass(frozen=True, slots=True)
class NounPhrase:
    """One thing that a caption names, with its place among the caption's words."""

    words: tuple[str, ...]
    """As they stand, without article and number: "red", "shirt"."""
    noun: str
    """The head as it stands; a compound such as "hot dog" has two words."""
    lemma: str
    """The head's singular."""
    start: int
    """Index of the first word, the article and number included."""
    core: int
    """Index of the first of `words`."""
    end: int
    """Index after the last word."""
    opener: str
    """The first article, number or possessive; empty if there is none."""

    @property
    def text(self) -> str:
        """Return the phrase without its article, as a scorer is asked."""
        return " ".join(self.words).lower()

    @property
    def modifiers(self) -> tuple[str, ...]:
        """Return the words before the head: "red" of "red shirt"."""
        return self.words[: len(self.words) - len(self.noun.split())]


@dataclass(frozen=True, slots=True)
class ParsedCaption:
    """A caption's words, their tags and the things that it names."""

    text: str
    words: tuple[str, ...]
    """As they stand, marks included."""
    tags: tuple[Tag, ...]
    phrases: tuple[NounPhrase, ...]


def parse(text: str) -> ParsedCaption:
    """Return a caption with the things that it names, in order."""
    words = tuple(_TOKEN.findall(text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")))
    lower = [word.lower() for word in words]
    tags = tag(lower)
    phrases = [
        phrase
        for start, end in _runs(lower, tags)
        if (phrase := _phrase(words, tags, start, end)) is not None
    ]
    return ParsedCaption(text, words, tuple(tags), tuple(phrases))


def _runs(words: Sequence[str], tags: Sequence[Tag]) -> list[tuple[int, int]]:
    """Return the stretches of words that can be one noun phrase."""
    runs: list[tuple[int, int]] = []
    start: int | None = None
    for index, kind in enumerate([*tags, Tag.MARK]):
        if start is not None and kind in _INSIDE and not _begins_anew(tags, index):
            continue
        if start is not None and _joins_adjectives(tags, index):
            continue
        if start is not None:
            runs.append((start, index))
        start = index if kind in _INSIDE else None
    return [run for run in runs if words[run[0] : run[1]]]


def _begins_anew(tags: Sequence[Tag], index: int) -> bool:
    """Return whether an article or number after a noun opens the next phrase."""
    return tags[index] in {Tag.DETERMINER, Tag.NUMBER} and tags[index - 1] is Tag.NOUN


def _joins_adjectives(tags: Sequence[Tag], index: int) -> bool:
    """Return whether this is the "and" of "a black and white dog"."""
    if index >= len(tags) or tags[index] not in {Tag.CONJUNCTION, Tag.MARK}:
        return False
    around = [tags[index - 1], *tags[index + 1 : index + 2]]
    return around == [Tag.ADJECTIVE, Tag.ADJECTIVE] and any(
        kind is Tag.NOUN for kind in _adjectives_then(tags, index + 1)
    )


def _adjectives_then(tags: Sequence[Tag], index: int) -> Sequence[Tag]:
    while index < len(tags) and tags[index] is Tag.ADJECTIVE:
        index += 1
    return tags[index : index + 1]


def _phrase(
    words: Sequence[str], tags: Sequence[Tag], start: int, end: int
) -> NounPhrase | None:
    """Return the thing that a stretch of words names; None if it names none."""
    core = start
    while core < end and tags[core] in {Tag.DETERMINER, Tag.NUMBER}:
        core += 1
    if core == end or tags[end - 1] is not Tag.NOUN:
        return None
    lower = [word.lower() for word in words]
    head = lower[end - 1]
    if head in lx.NON_THINGS and end - core == 1:
        return None
    followed_by_of = end < len(words) and lower[end] == "of"
    if head in lx.NON_THINGS or (head in lx.PARTITIVES and followed_by_of):
        return None
    if head in lx.LOOKED_AT and start and lower[start - 1] in lx.LOOKING:
        return None
    pair = tuple(lower[max(core, end - 2) : end])
    size = 2 if pair in lx.COMPOUNDS else 1
    noun = " ".join(lower[end - size : end])
    lemma = " ".join([*lower[end - size : end - 1], singular(head)])
    opener = lower[start] if core > start else _possessive(lower, tags, start)
    return NounPhrase(
        words=tuple(words[core:end]),
        noun=noun,
        lemma=lemma,
        start=start,
        core=core,
        end=end,
        opener=opener,
    )


def _possessive(words: Sequence[str], tags: Sequence[Tag], start: int) -> str:
    owned = start > 0 and tags[start - 1] is Tag.POSSESSIVE
    return words[start - 1] if owned else ""
