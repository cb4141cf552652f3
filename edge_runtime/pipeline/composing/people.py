"""A name for "a man": only where one name meets one person in the caption. Pure."""

from dataclasses import dataclass
import re
from typing import Final

from .. import lexicon as lx
from ..noun_phrases import parse
from ..tagging import Tag
from .language import PersonWords

# named in the text, not in the pattern: `re` would look the name up in a 0.8 MB table
_APOSTROPHES: Final = "'\N{RIGHT SINGLE QUOTATION MARK}"
_WORD: Final = re.compile(rf"[^\W\d_]+(?:[{_APOSTROPHES}-][^\W\d_]+)*")
_OWNS: Final = re.compile(rf"[{_APOSTROPHES}]s\b| 's\b")
_THERE: Final = re.compile(r"there (?:is|are|'s) ", re.IGNORECASE)
_LYING: Final = {"lying": "lies", "tying": "ties", "dying": "dies", "being": "is"}
_MAX_ADJECTIVES: Final = 3
_SIBILANTS: Final = ("s", "sh", "ch", "x", "z", "o")


@dataclass(frozen=True, slots=True)
class _Mention:
    """The words of a caption that mean one person."""

    start: int
    end: int
    """Characters, the article included."""


def with_name(
    caption: str, name: str, words: PersonWords, joints: frozenset[str]
) -> str | None:
    """Return a caption with a name for its one person; None if it fits nobody.

    `joints` are words that join phrases: none stands between "a" and "man".
    """
    mention = _only_person(caption, words, joints)
    if mention is None:
        return None
    before, after = caption[: mention.start], caption[mention.end :]
    if words.verbs == "english" and not before.strip():
        after = _finite(caption, after)
    return f"{before}{name}{after}"


def _only_person(
    caption: str, words: PersonWords, joints: frozenset[str]
) -> _Mention | None:
    found = list(_WORD.finditer(caption))
    lower = [word[0].lower() for word in found]
    people = [
        i
        for i, word in enumerate(found)
        if word[0] in words.one or lower[i] in words.one
    ]
    several = len(people) != 1 or (words.more | words.other) & set(lower)
    if several or _THERE.match(caption):
        return None
    head = people[0]
    opener = next((i for i in range(head, -1, -1) if lower[i] in words.openers), -1)
    if opener < 0 or (words.where == "start" and opener):
        return None
    start, end = found[opener].start(), found[head].end()
    between = caption[start:end].split()[1:-1]
    doubtful = (
        _OWNS.match(caption[end:])  # what belongs to somebody may be there alone
        or _is_depicted(lower, opener, words)
        or _is_part(lower, head, words)
        or not _are_adjectives(between, joints)
    )
    return None if doubtful else _Mention(start, end)


def _is_depicted(lower: list[str], opener: int, words: PersonWords) -> bool:
    """Return whether the person is one of paint or stone."""
    return bool(words.depicted & set(lower[max(0, opener - 3) : opener]))


def _is_part(lower: list[str], head: int, words: PersonWords) -> bool:
    """Return whether the word is part of another, as in "baby elephant"."""
    following = lower[head + 1] if head + 1 < len(lower) else ""
    return following in lx.ANIMALS or following in words.depicted


def _are_adjectives(between: list[str], joints: frozenset[str]) -> bool:
    """Return whether nothing but adjectives stands before the word for the person."""
    if len(between) > _MAX_ADJECTIVES:
        return False
    return all(word.islower() and word not in joints for word in between)


def _finite(caption: str, after: str) -> str:
    """Return the rest with "stands" for "standing", where no other verb is finite."""
    parsed = parse(caption)
    finite = any(
        tag is Tag.AUXILIARY or (tag is Tag.VERB and _is_finite(word))
        for word, tag in zip(parsed.words, parsed.tags, strict=True)
    )
    if finite:
        return after
    done = re.match(r"((?: \w+ly)?) (\w+ing)\b", after)
    if done is None or (verb := third_person(done[2])) is None:
        return after
    rest = after[done.end() :]
    second = re.search(r" and (?:\w+ly )?(\w+ing)\b", rest)
    if second is not None and (another := third_person(second[1])) is not None:
        rest = rest[: second.start(1)] + another + rest[second.end() :]
    return f"{done[1]} {verb}{rest}"


def _is_finite(word: str) -> bool:
    lower = word.lower()
    past = lower.endswith("ed") or lower in lx.VERB_FORMS
    return not lower.endswith("ing") and not past and lower.endswith("s")


def third_person(progressive: str) -> str | None:
    """Return "stands" for "standing"; None for a word that is no known verb."""
    word = progressive.lower()
    if word in _LYING:
        return _LYING[word]
    if word in lx.NOUNS_IN_ING:
        return None
    stem = word.removesuffix("ing")
    doubled = len(stem) > 2 and stem[-1] == stem[-2]  # noqa: PLR2004
    choices = [stem, f"{stem}e", stem[:-1] if doubled else stem]
    base = next((verb for verb in choices if verb in lx.VERBS), None)
    if base is None:
        return None
    if base.endswith("y") and base[-2] not in "aeiou":
        return f"{base[:-1]}ies"
    if base == "have":
        return "has"
    return f"{base}es" if base.endswith(_SIBILANTS) else f"{base}s"
