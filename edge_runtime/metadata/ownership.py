"""Decide what may be written: a person's words are never replaced, nor hidden.

All of it is pure: the photo without our own words goes in, what may be added comes out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .exif import description
from .gathering import (
    Gathered,
    alt_texts_of,
    captions_of,
    hierarchical_of,
    keywords_of,
    unique,
)
from .model import EMBEDDED, FoundText, same_language
from .namespaces import qualified
from .provenance import text_hash
from .request import CaptionToWrite, KeptReason, KeptText
from .xmp import ALT_TEXT, DESCRIPTION, SUBJECT, TAGS_LIST, XmpData
from .xmp_block import CAPTION_WRITER, LANGUAGE_FIELDS, LIST_FIELDS, Additions
from .xmp_values import DEFAULT_LANGUAGE, Shape

_ARRAYS = frozenset({Shape.ALT, Shape.BAG, Shape.SEQ})


@dataclass(slots=True)
class Decision:
    """What may be added to one packet, and what was left as it is."""

    additions: Additions = field(default_factory=Additions)
    mirror: str = ""
    """The text for the fields that hold only one, in the photo's own file."""
    kept: list[KeptText] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Target:
    """The packet that is to be written to."""

    xmp: XmpData | None
    """None: there is none yet."""
    source: str
    """`embedded`, or the sidecar's name."""


def decide(
    base: Gathered, hashes: frozenset[str], target: Target, caption: CaptionToWrite
) -> Decision:
    """Return what may be written into a photo that holds none of our words.

    `hashes` are those of our earlier texts, which other programs may have copied.
    """
    decision = Decision()
    persons = _not_ours(captions_of(base), hashes)
    name = LANGUAGE_FIELDS[DESCRIPTION]
    added = _languages(decision, name, caption.texts, persons, target)
    if DEFAULT_LANGUAGE in added:
        decision.mirror = added[DEFAULT_LANGUAGE]
        texts = {DEFAULT_LANGUAGE: decision.mirror}
        decision.additions.alternatives["tiff:ImageDescription"] = texts
    name = LANGUAGE_FIELDS[ALT_TEXT]
    persons = _not_ours(alt_texts_of(base), hashes)
    _languages(decision, name, caption.alt_texts, persons, target)
    _keywords(decision, base, target, caption.keywords)
    writer = qualified(CAPTION_WRITER)
    if added and (target.xmp is None or target.xmp.first(writer) is None):
        by = f"Edge Captions ({caption.provenance.model})"
        decision.additions.texts[CAPTION_WRITER] = by
    return decision


def why_no_exif(base: Gathered) -> KeptText | None:
    """Return why EXIF's description is not ours to write, or None."""
    if base.exif is None or not description(base.exif):
        return None
    name = "exif:ImageDescription"
    return KeptText(name, DEFAULT_LANGUAGE, KeptReason.CAMERA, name)


def _not_ours(found: list[FoundText], hashes: frozenset[str]) -> list[FoundText]:
    return [text for text in found if text_hash(text.text) not in hashes]


def _languages(
    decision: Decision,
    name: str,
    texts: Mapping[str, str],
    persons: list[FoundText],
    target: Target,
) -> dict[str, str]:
    """Add the languages that are free; return what was added."""
    added: dict[str, str] = {}
    for language, text in texts.items():
        blocking = _blocking(name, language, persons, target)
        if blocking is None:
            added[language] = text
        else:
            kept = KeptText(name, language, KeptReason.PERSON, blocking.place)
            decision.kept.append(kept)
    if added and not persons:
        first = next(iter(texts.values()))
        added = {DEFAULT_LANGUAGE: first} | added
    if added:
        decision.additions.alternatives[name] = added
    return added


def _blocking(
    name: str, language: str, persons: list[FoundText], target: Target
) -> FoundText | None:
    """Return the person's text that stands against ours in a language, or None.

    A text in a language of its own joins a person's text only where that one stands,
    and only if that one's language is known: a program would otherwise show ours in
    its place.
    """
    here = [f for f in persons if f.place == name and f.source == target.source]
    known = {" ".join(f.text.split()) for f in here}
    for found in persons:
        if found not in here and " ".join(found.text.split()) not in known:
            return found
    for found in here:
        if same_language(found.language, language):
            return found
        if found.language == DEFAULT_LANGUAGE and not _has_twin(found, here):
            return found
    value = None if target.xmp is None else target.xmp.first(qualified(name))
    if here and (value is None or value.shape is not Shape.ALT):
        return here[0]
    return None


def _has_twin(default: FoundText, here: list[FoundText]) -> bool:
    return any(f.text == default.text and f.language != DEFAULT_LANGUAGE for f in here)


def _keywords(
    decision: Decision, base: Gathered, target: Target, words: tuple[str, ...]
) -> None:
    """Add keywords to the list that is there, or a list that hides no other one.

    Some programs read only the first list they find, so a new one repeats the words
    of the others.
    """
    if not words:
        return
    seen = base
    if target.source == EMBEDDED:  # what stands beside the photo stays there
        seen = Gathered(base.kind, [], base.embedded, base.exif, base.iptc)
    flat = keywords_of(seen)
    paths = ["/".join(path) for path in hierarchical_of(seen)]
    # digiKam takes a slash for a step down in the tree
    plain = [word for word in words if "/" not in word]
    for key, others, new in (
        (SUBJECT, flat, list(words)),
        (TAGS_LIST, paths or [w for w in flat if "/" not in w], plain),
    ):
        name = LIST_FIELDS[key]
        value = None if target.xmp is None else target.xmp.first(key)
        there = [] if value is None else value.texts()
        if value is not None and there and value.shape not in _ARRAYS:
            decision.kept.append(KeptText(name, "", KeptReason.FORM, name))
            continue
        wanted = new if there else unique([*others, *new])
        known = {word.casefold() for word in there}
        missing = _new_words(wanted, known)
        if missing and (there or new):
            decision.additions.lists[name] = missing


def _new_words(words: Iterable[str], known: set[str]) -> list[str]:
    found = []
    for word in words:
        if word.casefold() not in known:
            known.add(word.casefold())
            found.append(word)
    return found
