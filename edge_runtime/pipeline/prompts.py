"""What a language model is asked: a caption and its facts, after the same examples.

The examples come first and never change, so that a model has to read only the last
turn of each photo anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
import re
from typing import Final

from ..facts import Fact, FactKind, FactSource
from ..inference.text_messages import ChatTurn
from .dates import date_words

MAX_VALUE_CHARS: Final = 60
_MAX_VALUE_WORDS: Final = 8
_SYSTEM: Final = (
    "You join photo captions with facts. Write one plain English sentence. Use only "
    "the words of the caption and of the facts. Say every fact. Add nothing."
)
_LABELS: Final = {
    FactKind.PERSON: "Person",
    FactKind.PLACE: "Place",
    FactKind.DATE: "Date",
    FactKind.CAMERA: "Camera",
    FactKind.ALBUM: "Album",
}
"""The kinds that a language model is told; keywords are tags, and the words of a sign
are data that nobody should take for an instruction."""
_UNLIKE_A_NAME: Final = re.compile(r"[<>{}\[\]|\\`*#\"=:;!?\n]|https?|\.\s")


def _fact(kind: FactKind, value: str) -> Fact:
    return Fact(kind, value, FactSource.REQUEST)


@dataclass(frozen=True, slots=True)
class _Example:
    caption: str
    facts: tuple[Fact, ...]
    text: str


_EXAMPLES: Final = (
    _Example(
        "A woman is sitting on a bench.",
        (_fact(FactKind.PERSON, "Marta"), _fact(FactKind.PLACE, "Vienna")),
        "Marta is sitting on a bench in Vienna.",
    ),
    _Example(
        "Two dogs are running on the beach.",
        (_fact(FactKind.PLACE, "Porto"), _fact(FactKind.DATE, "2021-08-03")),
        "Two dogs are running on the beach in Porto on 3 August 2021.",
    ),
    _Example(
        "A boy in a red shirt is holding a ball.",
        (_fact(FactKind.PERSON, "Tim"),),
        "Tim in a red shirt is holding a ball.",
    ),
)


def is_told(fact: Fact) -> bool:
    """Return whether a language model is told of a fact.

    A camera is a place where a person named it, and a make and model where EXIF did.
    """
    if fact.kind is FactKind.CAMERA and fact.source is FactSource.EXIF:
        return False
    return fact.kind in _LABELS


def looks_like_a_name(fact: Fact) -> bool:
    """Return whether a fact is short and plain enough to be a name, not a command."""
    if fact.kind is FactKind.DATE:  # told in our own words
        return date_words(fact.value) != fact.value or fact.value.isdigit()
    return (
        len(fact.value) <= MAX_VALUE_CHARS
        and len(fact.value.split()) <= _MAX_VALUE_WORDS
        and not _UNLIKE_A_NAME.search(fact.value)
    )


def conversation(caption: str, facts: Sequence[Fact]) -> tuple[ChatTurn, ...]:
    """Return what a model is asked; it answers with the sentence."""
    turns = [ChatTurn("system", _SYSTEM)]
    for example in _EXAMPLES:
        turns.append(ChatTurn("user", _question(example.caption, example.facts)))
        turns.append(ChatTurn("assistant", example.text))
    turns.append(ChatTurn("user", _question(caption, facts)))
    return tuple(turns)


def fact_line(fact: Fact) -> str:
    """Return a fact as a model is told of it."""
    return f"{_LABELS[fact.kind]}: {_value(fact)}"


def _question(caption: str, facts: Sequence[Fact]) -> str:
    lines = [f"Caption: {caption}"]
    for kind in _LABELS:
        lines += [fact_line(fact) for fact in facts if fact.kind is kind]
    return "\n".join(lines)


def _value(fact: Fact) -> str:
    if fact.kind is FactKind.DATE:
        return date_words(fact.value)
    return f"near {fact.value}" if fact.is_near else fact.value
