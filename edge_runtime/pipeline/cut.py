"""Cut a caption down to what is supported, so that what stays is still English.

A caption is seen as a chain: the subject, then links ("is sitting on", "in", "wearing")
each with the thing it leads to. A thing that is not there goes with its link. What hung
on it goes too, unless it clearly belongs to the subject or to the whole scene.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from . import lexicon as lx
from .noun_phrases import NounPhrase, ParsedCaption
from .tagging import Tag, is_plural

_VOWELS = frozenset("aeiou")
_LOOSE_ENDS = frozenset({Tag.CONJUNCTION, Tag.MARK, Tag.RELATIVE, Tag.PREPOSITION})


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of words that stays."""

    start: int
    end: int
    bare: NounPhrase | None = None
    """A phrase whose modifiers go."""


def cut_down(
    parsed: ParsedCaption, missing: Collection[int], plain: Collection[int]
) -> str | None:
    """Return a caption without the phrases at `missing`; None if its subject is one.

    The phrases at `plain` lose their modifiers: "a red shirt" becomes "a shirt".
    """
    if not parsed.phrases or 0 in missing:
        return None
    pieces: list[_Piece] = []
    cut = False
    for index, phrase in enumerate(parsed.phrases):
        start = parsed.phrases[index - 1].end if index else 0
        if index in missing:
            cut = True
            continue
        if cut:
            kept = _anchored(parsed, pieces, start, phrase)
            if kept is None:
                continue
            start, cut = kept
        bare = phrase if index in plain else None
        pieces.append(_Piece(start, phrase.end, bare))
    tail = parsed.phrases[-1].end
    if not cut or (_is_finite(parsed, tail) and _lacks_verb(parsed, pieces, tail)):
        pieces.append(_Piece(tail, len(parsed.words)))
    return _join(_without_loose_end(_words(parsed, pieces), parsed))


def _anchored(
    parsed: ParsedCaption, pieces: Sequence[_Piece], start: int, phrase: NounPhrase
) -> tuple[int, bool] | None:
    """Return where a link begins to hold again after a cut; None if it hangs on it.

    The second value says whether what follows still has to be looked at.
    """
    first = start
    if parsed.tags[first] is Tag.CONJUNCTION and _is_finite(parsed, first + 1):
        first += 1  # "and holds a cup": the subject's second deed becomes its only one
    if _is_finite(parsed, first) and _lacks_verb(parsed, pieces, start):
        return first, False
    link = [word.lower() for word in parsed.words[start : phrase.start]]
    whole_scene = (
        phrase.lemma in lx.PLACES or phrase.noun in lx.PLACES
    ) and phrase.opener not in lx.POSSESSIVES
    clause = _begins_clause(parsed, _cut_words(pieces, start))
    if whole_scene and not clause and link and link[-1] in lx.SCENE_PREPOSITIONS:
        return phrase.start - 1, True
    return None


def _is_finite(parsed: ParsedCaption, index: int) -> bool:
    """Return whether a finite verb stands here: its subject is the caption's own."""
    if index >= len(parsed.words):
        return False
    word = parsed.words[index].lower()
    if parsed.tags[index] is Tag.AUXILIARY:
        return True
    return parsed.tags[index] is Tag.VERB and word.endswith("s")


def _lacks_verb(parsed: ParsedCaption, pieces: Sequence[_Piece], end: int) -> bool:
    """Return whether a finite verb at `end` can be the subject's.

    Not if it has one already, or if what was cut began a clause or shared its verb.
    """
    kept = [i for piece in pieces for i in range(piece.start, piece.end)]
    cut = _cut_words(pieces, end)
    if any(_is_finite(parsed, i) for i in kept) or _begins_clause(parsed, cut):
        return False
    joint = bool(cut) and parsed.tags[cut[0]] is Tag.CONJUNCTION
    return not joint or any(_is_finite(parsed, index) for index in cut)


def _cut_words(pieces: Sequence[_Piece], end: int) -> range:
    """Return the indexes between what was kept last and `end`."""
    return range(pieces[-1].end if pieces else 0, end)


def _begins_clause(parsed: ParsedCaption, words: range) -> bool:
    """Return whether a clause with a subject of its own begins in these words."""
    return any(
        parsed.tags[i] is Tag.RELATIVE or parsed.words[i].lower() == "as" for i in words
    )


def _words(parsed: ParsedCaption, pieces: Sequence[_Piece]) -> list[tuple[str, Tag]]:
    kept: list[tuple[str, Tag]] = []
    for piece in pieces:
        indexes = list(range(piece.start, piece.end))
        if piece.bare is not None:
            head = piece.end - len(piece.bare.noun.split())
            indexes = [i for i in indexes if i < piece.bare.core or i >= head]
        kept += [(parsed.words[i], parsed.tags[i]) for i in indexes]
    return kept


def _without_loose_end(
    words: list[tuple[str, Tag]], parsed: ParsedCaption
) -> list[tuple[str, Tag]]:
    """Return the words without what a cut left dangling at their end."""
    if len(words) == len(parsed.words):
        return words
    while words and words[-1][1] in _LOOSE_ENDS:
        words.pop()
    return words


def _join(words: Sequence[tuple[str, Tag]]) -> str:
    text = ""
    for place, (word, kind) in enumerate(words):
        glued = kind in {Tag.MARK, Tag.POSSESSIVE} or word.startswith(("'", "n't"))
        following = words[place + 1][0] if place + 1 < len(words) else ""
        text += "" if glued or not text else " "
        text += _agreeing(word, following)
    return text


def _agreeing(word: str, following: str) -> str:
    """Return a word, or the form of "a" that the next word asks for."""
    if word.lower() not in {"a", "an"}:
        return word
    right = article(following)
    return right.capitalize() if word[:1].isupper() else right


def article(noun: str) -> str:
    """Return "a" or "an", as the word after it asks for by its letters."""
    lower = noun.lower()
    if lower.startswith(("uni", "use", "one", "eu")):
        return "a"
    return "an" if lower[:1] in _VOWELS or lower.startswith(("hour", "x-ray")) else "a"


def named(phrase: NounPhrase) -> str | None:
    """Return a phrase that can stand by itself, such as "two dogs" or "water".

    None where only the caption around it says which thing is meant.
    """
    if phrase.opener in lx.INDEFINITE or not needs_article(phrase.noun):
        return with_article(phrase.text, phrase.noun)
    return f"the {phrase.text}" if phrase.lemma in lx.PLACES else None


def with_article(text: str, noun: str) -> str:
    """Return a phrase with "a" or "an", if one of its kind is counted."""
    return f"{article(text)} {text}" if needs_article(noun) else text


def needs_article(noun: str) -> bool:
    """Return whether a noun can't stand without an article."""
    return not is_plural(noun) and noun not in lx.MASS_NOUNS
