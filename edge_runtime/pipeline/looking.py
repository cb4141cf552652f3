"""Whether things that a client looks for are in a photo: yes, no, or why neither.

A scorer's silence proves little, and it sees people everywhere: an answer takes more
than the check of a caption does, and is never a guess.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ..manifest.model import Thresholds
from ..schemas import LookedFor, Verdict
from . import lexicon as lx
from .check import Checked, Evidence
from .noun_phrases import NounPhrase, parse

NO_SCORER: Final = "no scorer is here that could look for it"
NOT_CHECKED: Final = "this answer was not checked against the photo"
_NARROWER: Final[Mapping[str, tuple[str, ...]]] = {
    "person": ("people", "man", "men", "woman", "women", "boy", "girl", "child"),
    "animal": ("dog", "cat", "bird", "horse", "cow", "sheep", "bear"),
    "vehicle": ("car", "truck", "bus", "motorcycle", "van"),
}
"""Things that are the wider one as well; captions hardly ever say the wide word."""
_LIVING: Final = lx.PEOPLE | lx.ANIMALS | {"animal"}
_NOT_REAL: Final = frozenset(
    {
        *("cartoon", "drawing", "figure", "figurine", "mannequin", "model"),
        *("painting", "poster", "sculpture", "statue", "toy"),
    }
)
"""In a caption, these make a thing that it names something else."""


@dataclass(frozen=True, slots=True)
class Sought:
    """A thing that is looked for, and what the scorer is asked about it."""

    asked: str
    """The client's own words."""
    phrase: NounPhrase | None
    """None: the words name no single thing."""

    @property
    def own_names(self) -> tuple[str, ...]:
        """Return the head, as a singular and as it stands."""
        if self.phrase is None:
            return ()
        return tuple(dict.fromkeys((self.phrase.lemma, self.phrase.noun)))

    @property
    def names(self) -> tuple[str, ...]:
        """Return the head and what is a kind of it."""
        kinds = (_NARROWER.get(name, ()) for name in self.own_names)
        return (*self.own_names, *(kind for group in kinds for kind in group))

    @property
    def whole(self) -> str | None:
        """Return the words where they say more than the head: "red car"."""
        if self.phrase is None or not self.phrase.modifiers:
            return None
        return self.phrase.text

    @property
    def questions(self) -> tuple[str, ...]:
        """Return the noun phrases that a scorer is asked."""
        return self.names if self.whole is None else (*self.names, self.whole)


def seek(things: Sequence[str]) -> tuple[Sought, ...]:
    """Return what to ask for each thing, doubles left out."""
    return tuple(Sought(thing, _single(thing)) for thing in dict.fromkeys(things))


def unanswered(things: Sequence[str], reason: str) -> tuple[LookedFor, ...]:
    """Return that nothing is known of any thing, and why."""
    return tuple(LookedFor(thing, reason=reason) for thing in dict.fromkeys(things))


def look(
    sought: Sought, evidence: Evidence, checked: Checked, thresholds: Thresholds
) -> LookedFor:
    """Return whether a thing is in the photo, as far as the evidence carries."""
    asked = sought.asked
    present, absent = thresholds.asked_present, thresholds.asked_absent
    if sought.phrase is None:
        return LookedFor(asked, reason=f"'{asked}' is no single thing to be seen")
    if present is None or absent is None:
        return LookedFor(asked, reason="the scorer is not measured on single things")
    known = [name for name in sought.names if name not in evidence.unknown]
    is_known = not evidence.unknown.issuperset(sought.own_names)
    if not is_known or sought.whole in evidence.unknown:
        return LookedFor(asked, reason=f"the scorer doesn't know '{asked}'")
    head = max(evidence.phrases.get(name, 0.0) for name in known)
    labels = max(evidence.nouns.get(name, 0.0) for name in sought.names)
    score = head if sought.whole is None else min(head, evidence.phrases[sought.whole])
    if head < absent and labels < thresholds.noun_absent:
        return LookedFor(asked, present=False, score=score)
    is_there = (
        _is_said(sought, checked)
        or _is_labelled(sought.phrase, head, labels, thresholds)
        or _is_seen(sought.phrase, head, labels, thresholds)
    )
    if is_there and (sought.whole is None or score >= present):
        return LookedFor(asked, present=True, score=score)
    return LookedFor(asked, score=score, reason="the scorer is not sure")


def _single(text: str) -> NounPhrase | None:
    """Return the one thing that words name, without a number; None: they don't."""
    parsed = parse(text.lower())
    if len(parsed.phrases) != 1:
        return None
    (phrase,) = parsed.phrases
    is_all = phrase.start == 0 and phrase.end == len(parsed.words)
    is_word = any(letter.isalpha() for letter in phrase.noun)
    is_counted = phrase.core > 1 or phrase.opener in lx.NUMBERS
    return phrase if is_all and is_word and not is_counted else None


def _is_said(sought: Sought, checked: Checked) -> bool:
    """Return whether a caption that the check is sure of names the thing."""
    if checked.verdict is not Verdict.SURE:
        return False
    parsed = parse(checked.text)
    if not _NOT_REAL.isdisjoint(word.lower() for word in parsed.words):
        return False
    said = {name for phrase in parsed.phrases for name in (phrase.lemma, phrase.noun)}
    return not said.isdisjoint(sought.names)


def _is_labelled(
    phrase: NounPhrase, head: float, labels: float, thresholds: Thresholds
) -> bool:
    """Return whether the image labels see it; a house is also in a castle's labels."""
    if thresholds.label_present is None or labels < thresholds.label_present:
        return False
    return phrase.lemma in _LIVING or head >= thresholds.noun_absent


def _is_seen(
    phrase: NounPhrase, head: float, labels: float, thresholds: Thresholds
) -> bool:
    """Return whether the scorer sees it; a living thing takes the labels as well."""
    if thresholds.asked_present is None or head < thresholds.asked_present:
        return False
    return phrase.lemma not in _LIVING or labels >= thresholds.noun_absent
