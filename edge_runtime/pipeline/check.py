"""Decide what may be said about a photo: a pure function of captions and scores.

Being vague beats being wrong: the best caption without a missing thing, else the next
one, else what is left of one when the missing things are cut out, else what the image
labels see, else that it could not be told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from ..manifest.model import Thresholds, UnknownWord
from ..schemas import ImageLabel, Verdict
from . import lexicon as lx
from .cut import cut_down, named, with_article
from .noun_phrases import NounPhrase, ParsedCaption
from .tagging import singular

NOTHING_TOLD: Final = "a photo"
"""True of every photo: the text where nothing could be told."""
_KINDS: Final = (lx.ANIMALS, lx.VEHICLES)
_LIVING: Final = lx.PEOPLE | lx.ANIMALS


class Judgement(StrEnum):
    """What is thought of one thing that a caption names."""

    PRESENT = "present"
    UNSURE = "unsure"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a scorer said about one photo."""

    captions: Mapping[str, float]
    """Score of each whole text."""
    phrases: Mapping[str, float]
    """Probability of each noun phrase, without article, in lower case."""
    unknown: frozenset[str] = frozenset()
    """Phrases with a word that the scorer never learned."""
    labels: tuple[ImageLabel, ...] = ()
    nouns: Mapping[str, float] = field(default_factory=dict)
    """Probability of all labels of a noun, where the labels know it."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What may be said, and how far it is supported."""

    text: str
    verdict: Verdict
    doubted: tuple[str, ...]
    """Words of the best caption and of `text` that the photo doesn't seem to support,
    as they stand there."""
    reason: str
    """Why the text is another than the best caption; empty if it is that."""


@dataclass(frozen=True, slots=True)
class _Judged:
    """A caption with what is thought of each thing that it names."""

    parsed: ParsedCaption
    things: tuple[Judgement, ...]
    wrong_modifiers: frozenset[int]
    """Indexes of phrases whose thing is there, but not like that."""

    @property
    def missing(self) -> frozenset[int]:
        return frozenset(i for i, j in enumerate(self.things) if j is Judgement.ABSENT)

    @property
    def is_clean(self) -> bool:
        return not self.missing and not self.wrong_modifiers

    @property
    def doubted(self) -> tuple[str, ...]:
        """Return the heads that are not sure, and the modifiers that are wrong."""
        words: list[str] = []
        for index, phrase in enumerate(self.parsed.phrases):
            if self.things[index] is not Judgement.PRESENT:
                words.append(_as_it_stands(phrase))
            elif index in self.wrong_modifiers:
                words.append(" ".join(phrase.modifiers))
        return tuple(dict.fromkeys(words))


def check(
    captions: Sequence[ParsedCaption], evidence: Evidence, thresholds: Thresholds
) -> Checked:
    """Return what may be said of a photo; `captions` are the captioner's, best first.

    Raises ValueError without captions.
    """
    if not captions:
        raise ValueError("there is no caption to check")
    judged = [_judge(parsed, evidence, thresholds) for parsed in captions]
    best = judged[0]
    seen = _seen_for_sure(judged, evidence, thresholds)
    if seen is not None:
        reason = "the image labels see something else"
        return Checked(seen, Verdict.SURE, best.doubted, reason)
    for entry in judged:
        if entry.is_clean and entry.parsed.words:
            reason = "" if entry is best else "another wording fits the photo better"
            verdict = _verdict(entry, evidence, thresholds)
            doubted = _merged(best.doubted, entry.doubted)
            return Checked(entry.parsed.text, verdict, doubted, reason)
    for entry in judged:
        text = cut_down(entry.parsed, entry.missing, entry.wrong_modifiers)
        if text:
            kept = tuple(w for w in entry.doubted if f" {w} " in f" {text} ")
            doubted = _merged(best.doubted, kept)
            return Checked(text, Verdict.UNSURE, doubted, "cut down to what fits")
    text, verdict = _from_evidence(judged, evidence, thresholds)
    if text is not None:
        reason = "the captioner's words don't fit the photo"
        return Checked(text, verdict, best.doubted, reason)
    reason = "nothing in the captions fits the photo"
    return Checked(NOTHING_TOLD, Verdict.NONE, best.doubted, reason)


def _judge(
    parsed: ParsedCaption, evidence: Evidence, thresholds: Thresholds
) -> _Judged:
    named_here = {p.lemma for p in parsed.phrases} | {p.noun for p in parsed.phrases}
    rivals = _strong_labels(evidence, thresholds) - named_here
    things = tuple(
        Judgement.ABSENT
        if _is_said_before(parsed.phrases, index)
        else _judge_thing(phrase, rivals, evidence, thresholds)
        for index, phrase in enumerate(parsed.phrases)
    )
    wrong = frozenset(
        index
        for index, phrase in enumerate(parsed.phrases)
        if things[index] is Judgement.PRESENT
        and phrase.modifiers
        and phrase.text not in evidence.unknown
        and evidence.phrases.get(phrase.text, 1.0) < thresholds.noun_absent
    )
    return _Judged(parsed, things, wrong)


def _judge_thing(
    phrase: NounPhrase,
    rivals: frozenset[str],
    evidence: Evidence,
    thresholds: Thresholds,
) -> Judgement:
    if _is_contradicted(phrase, rivals, evidence, thresholds):
        return Judgement.ABSENT
    if phrase.noun in evidence.unknown:
        strict = thresholds.unknown_word is UnknownWord.ABSENT
        return Judgement.ABSENT if strict else Judgement.UNSURE
    seen = _label_probability(phrase, evidence)
    if thresholds.label_present is not None and seen >= thresholds.label_present:
        return Judgement.PRESENT
    probability = evidence.phrases.get(phrase.noun)
    if probability is None:
        return Judgement.UNSURE
    present, absent = _bounds(phrase, thresholds)
    if probability >= present:
        return Judgement.PRESENT
    return Judgement.ABSENT if probability < absent else Judgement.UNSURE


def _is_said_before(phrases: Sequence[NounPhrase], index: int) -> bool:
    """Return whether a caption names a thing twice: "a dog is running on a dog"."""
    return phrases[index].noun in {phrase.noun for phrase in phrases[:index]}


def _bounds(phrase: NounPhrase, thresholds: Thresholds) -> tuple[float, float]:
    """Return where a thing counts as present, and as absent."""
    present, absent = thresholds.living_present, thresholds.living_absent
    if present is not None and absent is not None and phrase.lemma in _LIVING:
        return present, absent
    return thresholds.noun_present, thresholds.noun_absent


def _is_contradicted(
    phrase: NounPhrase,
    rivals: frozenset[str],
    evidence: Evidence,
    thresholds: Thresholds,
) -> bool:
    """Return whether a label sees another thing of the same kind: a cat, not a dog."""
    if not ({phrase.lemma, phrase.noun} & evidence.nouns.keys()):
        return False  # the labels know nothing of it, so their silence says nothing
    same_kind = any(
        phrase.lemma in kind and not rivals.isdisjoint(kind) for kind in _KINDS
    )
    return same_kind and _label_probability(phrase, evidence) < thresholds.noun_absent


def _label_probability(phrase: NounPhrase, evidence: Evidence) -> float:
    found = (evidence.nouns.get(name, 0.0) for name in (phrase.lemma, phrase.noun))
    return max(found)


def _strong_labels(evidence: Evidence, thresholds: Thresholds) -> frozenset[str]:
    if thresholds.label_present is None:
        return frozenset()
    return frozenset(
        singular(label.name)
        for label in evidence.labels
        if label.probability >= thresholds.label_present
    )


def _verdict(judged: _Judged, evidence: Evidence, thresholds: Thresholds) -> Verdict:
    """Return how far a caption without missing things is supported."""
    phrases = judged.parsed.phrases
    if not phrases or any(thing is not Judgement.PRESENT for thing in judged.things):
        return Verdict.UNSURE
    named_here = {phrase.lemma for phrase in phrases}
    left_out = _strong_labels(evidence, thresholds) - named_here
    # An animal that the labels see and the caption leaves out: something is odd.
    if any(
        not left_out.isdisjoint(kind) and named_here.isdisjoint(kind)
        for kind in (lx.ANIMALS,)
    ):
        return Verdict.UNSURE
    score = evidence.captions.get(judged.parsed.text)
    true = score is not None and score >= thresholds.caption_sure
    return Verdict.SURE if true else Verdict.UNSURE


def _seen_for_sure(
    judged: Sequence[_Judged], evidence: Evidence, thresholds: Thresholds
) -> str | None:
    """Return what the labels are sure of, where the captions are not and miss it.

    An animal goes before any caption that is not sure, another thing only before one
    that would have to be cut.
    """
    if thresholds.label_sure is None or not evidence.labels:
        return None
    label, best = evidence.labels[0], judged[0]
    name = singular(label.name)
    if label.probability < thresholds.label_sure:
        return None
    if any(name in {phrase.lemma, phrase.noun} for phrase in best.parsed.phrases):
        return None
    if any(entry.is_clean for entry in judged) and name not in lx.ANIMALS:
        return None
    if best.is_clean and _verdict(best, evidence, thresholds) is Verdict.SURE:
        return None
    return _photo_of(label.name)


def _photo_of(name: str) -> str:
    return f"{NOTHING_TOLD} of {with_article(name, name.rpartition(' ')[2])}"


def _from_evidence(
    judged: Sequence[_Judged], evidence: Evidence, thresholds: Thresholds
) -> tuple[str | None, Verdict]:
    """Return a text of what is seen for certain; None if that is nothing."""
    if thresholds.label_present is not None and evidence.labels:
        label = evidence.labels[0]
        sure = thresholds.label_sure
        if label.probability >= thresholds.label_present:
            enough = sure is not None and label.probability >= sure
            verdict = Verdict.SURE if enough else Verdict.UNSURE
            return _photo_of(label.name), verdict
    present = [
        (evidence.phrases.get(phrase.noun, 0.0), text)
        for entry in judged
        for index, phrase in enumerate(entry.parsed.phrases)
        if entry.things[index] is Judgement.PRESENT
        and index not in entry.wrong_modifiers
        and (text := named(phrase)) is not None
    ]
    if not present:
        return None, Verdict.NONE
    return f"{NOTHING_TOLD} of {max(present)[1]}", Verdict.UNSURE


def _merged(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))


def _as_it_stands(phrase: NounPhrase) -> str:
    return " ".join(phrase.words[-len(phrase.noun.split()) :])
