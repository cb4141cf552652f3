"""Tell nouns from verbs in a caption, by word lists, endings and what stands before."""

from collections.abc import Sequence
from enum import StrEnum

from . import lexicon as lx


class Tag(StrEnum):
    """What a word does in its sentence."""

    DETERMINER = "determiner"
    NUMBER = "number"
    ADJECTIVE = "adjective"
    NOUN = "noun"
    VERB = "verb"
    AUXILIARY = "auxiliary"
    PREPOSITION = "preposition"
    CONJUNCTION = "conjunction"
    RELATIVE = "relative"
    PRONOUN = "pronoun"
    ADVERB = "adverb"
    POSSESSIVE = "possessive"
    MARK = "mark"


_OPENERS = frozenset({Tag.DETERMINER, Tag.NUMBER, Tag.ADJECTIVE, Tag.POSSESSIVE})
_CLOSED: tuple[tuple[frozenset[str], Tag], ...] = (
    (frozenset(".,;:!?"), Tag.MARK),
    (lx.DETERMINERS, Tag.DETERMINER),
    (lx.NUMBERS, Tag.NUMBER),
    (lx.CONJUNCTIONS, Tag.CONJUNCTION),
    (lx.RELATIVES, Tag.RELATIVE),
    (lx.PRONOUNS, Tag.PRONOUN),
    (lx.AUXILIARIES, Tag.AUXILIARY),
)
_MIN_STEM = 2


def tag(words: Sequence[str]) -> list[Tag]:
    """Return the tag of each lower-case word."""
    tags: list[Tag] = []
    for index in range(len(words)):
        tags.append(_tag(words, index, tags))
    return tags


def singular(noun: str) -> str:
    """Return the singular of a noun; a word with no other form stays."""
    if noun in lx.IRREGULAR_PLURALS:
        return lx.IRREGULAR_PLURALS[noun]
    if not is_plural(noun) or noun in lx.PLURAL_ONLY:
        return noun
    if noun.endswith("ies") and len(noun) > len("cookies") - 2:
        return noun[:-1] if noun[:-1] in _IE_SINGULARS else f"{noun[:-3]}y"
    if noun.endswith(("ches", "shes", "xes", "sses", "zzes", "atoes")):
        return noun[:-2]
    return noun[:-1]


_IE_SINGULARS = frozenset(
    {"cookie", "movie", "hoodie", "selfie", "smoothie", "brownie"}
)


def is_plural(noun: str) -> bool:
    """Return whether a noun looks like more than one."""
    if noun in lx.IRREGULAR_PLURALS or noun in lx.PLURAL_ONLY:
        return True
    return (
        noun.endswith("s")
        and not noun.endswith(("ss", "'s"))
        and noun not in lx.SINGULAR_IN_S
        and len(noun) > _MIN_STEM
    )


def _tag(  # noqa: PLR0911 - rules in the order that they apply
    words: Sequence[str], index: int, before: list[Tag]
) -> Tag:
    word = words[index]
    previous = before[-1] if before else Tag.MARK
    if word == "'s" and previous is Tag.NOUN:
        return Tag.POSSESSIVE
    if word == "that" and previous in {Tag.PREPOSITION, Tag.VERB}:
        return Tag.DETERMINER
    if word == "her" and not _opens_noun(words, index):
        return Tag.PRONOUN
    if word == "one" and not _opens_noun(words, index):
        return Tag.PRONOUN
    for listed, kind in _CLOSED:
        if word in listed:
            return kind
    if word in lx.ADVERBS and not (previous in _OPENERS and _opens_noun(words, index)):
        return Tag.NOUN if previous in _OPENERS and word == "back" else Tag.ADVERB
    if word in lx.PREPOSITIONS:
        return Tag.PREPOSITION
    return _open_class(words, index, before, previous)


def _open_class(  # noqa: PLR0911 - rules in the order that they apply
    words: Sequence[str], index: int, before: list[Tag], previous: Tag
) -> Tag:
    word = words[index]
    if word.endswith("ing") and len(word) > len("ring"):
        return _in_ing(words, index, before, previous)
    if _is_participle(word):
        return _participle(words, index, previous)
    if word in lx.ADJECTIVES:
        return Tag.ADJECTIVE
    if word in lx.VERBS:
        return _base_form(words, index, before, previous)
    if _third_person(word) & lx.VERBS:
        return _s_form(words, index, before, previous)
    if _must_be_verb(words, index, before, previous):
        return Tag.VERB
    if word.endswith("ly") and word not in lx.NOUNS_IN_LY:
        return Tag.ADVERB
    return Tag.NOUN


def _in_ing(words: Sequence[str], index: int, before: list[Tag], previous: Tag) -> Tag:
    word = words[index]
    if word in lx.NOUNS_IN_ING and previous is not Tag.AUXILIARY:
        return Tag.NOUN
    if words[index - 1] in {"another", "one"} and index:
        return Tag.VERB
    if previous in _OPENERS:
        if _opens_noun(words, index):
            return Tag.ADJECTIVE
        return Tag.VERB if _is_bare_colour(words, before) else Tag.NOUN
    worn = previous is Tag.PREPOSITION and words[index - 1] in {"in", "on", "with"}
    if worn or (previous is Tag.VERB and words[index - 1].endswith("ing")):
        return Tag.ADJECTIVE if _opens_noun(words, index) else Tag.VERB
    return Tag.VERB


def _participle(words: Sequence[str], index: int, previous: Tag) -> Tag:
    if previous in _OPENERS:
        return Tag.ADJECTIVE
    if previous in {Tag.NOUN, Tag.PREPOSITION} and _opens_noun(words, index):
        return Tag.ADJECTIVE
    return Tag.VERB


def _base_form(
    words: Sequence[str], index: int, before: list[Tag], previous: Tag
) -> Tag:
    if index and words[index - 1] == "to":
        return Tag.VERB
    if previous in {Tag.PRONOUN, Tag.RELATIVE, Tag.ADVERB}:
        return Tag.VERB
    if previous is Tag.NOUN:
        return Tag.VERB if _follows_plural(words, index, before) else Tag.NOUN
    if previous is Tag.CONJUNCTION:
        return Tag.VERB if Tag.VERB in before else Tag.NOUN
    if _is_bare_colour(words, before) and not _has_finite(words, before):
        return Tag.VERB
    return Tag.NOUN


def _s_form(  # noqa: PLR0911 - rules in the order that they apply
    words: Sequence[str], index: int, before: list[Tag], previous: Tag
) -> Tag:
    if previous in {Tag.PRONOUN, Tag.RELATIVE, Tag.ADVERB}:
        return Tag.VERB
    if index and words[index - 1] in {"another", "one", "each"}:
        return Tag.VERB
    if previous is Tag.NOUN and words[_opening(before)] in lx.INDEFINITE:
        return Tag.VERB  # no plural follows "a"
    finite = _has_finite(words, before)
    if previous is Tag.CONJUNCTION:
        return Tag.VERB if finite else Tag.NOUN
    if previous is Tag.NOUN and not finite:
        if words[index] not in lx.NOUN_VERBS or not _in_object(words, before):
            return Tag.VERB
        # "in black jacket stands" has no other verb, and its noun an adjective
        complete = Tag.VERB not in before and before[-2] is Tag.ADJECTIVE
        return Tag.VERB if complete else Tag.NOUN
    if not finite and _is_bare_colour(words, before):
        return Tag.NOUN if words[index] in lx.COLOURED else Tag.VERB
    if previous is Tag.MARK and index and not finite:
        return Tag.NOUN if words[index] in lx.NOUN_VERBS else Tag.VERB
    return Tag.NOUN


def _must_be_verb(
    words: Sequence[str], index: int, before: list[Tag], previous: Tag
) -> bool:
    """Return whether an unknown word in -s stands where only a verb can.

    "a brown dog bounds across": after "a" there is no plural.
    """
    word = words[index]
    if previous is not Tag.NOUN or not word.endswith("s") or word.endswith("ss"):
        return False
    if word in lx.SINGULAR_IN_S or word in lx.PLURAL_ONLY:
        return False
    return (
        words[_opening(before)] in lx.INDEFINITE
        and not _opens_noun(words, index)
        and not _has_finite(words, before)
    )


def _opening(before: Sequence[Tag]) -> int:
    """Return the index of the word that stands before the adjectives and nouns.

    0 where there is none: the first word is then part of the phrase itself.
    """
    place = len(before) - 1
    while place > 0 and (
        before[place] in {Tag.NOUN, Tag.ADJECTIVE}
        or (before[place] is Tag.CONJUNCTION and before[place - 1] is Tag.ADJECTIVE)
    ):
        place -= 1
    return max(place, 0)


def _is_bare_colour(words: Sequence[str], before: Sequence[Tag]) -> bool:
    """Return whether a colour stands for clothes: "in blue", "wearing red"."""
    if not before or words[len(before) - 1] not in lx.COLOURS:
        return False
    return words[_opening(before)] in {"in", "wearing", "all"}


def _follows_plural(words: Sequence[str], index: int, before: Sequence[Tag]) -> bool:
    """Return whether a base form after a noun is what several things do."""
    if any(word in lx.HELPING for word in words[:index]):
        return not _opens_noun(words, index) or words[index] not in lx.NOUN_VERBS
    if is_plural(words[index - 1]):
        return not _in_object(words, before)
    if _has_finite(words, before):
        return False
    opening = _opening(before)
    if opening and before[opening - 1] is Tag.CONJUNCTION:
        return not _opens_noun(words, index)  # "a woman and a girl ride"
    if words[index] in lx.NOUN_VERBS and (
        words[opening] in lx.INDEFINITE or _opens_noun(words, index)
    ):
        return False
    several = any(is_plural(word) for word in words[:index])
    return several or Tag.CONJUNCTION in before


def _opens_noun(words: Sequence[str], index: int) -> bool:
    """Return whether the next word could be part of the same noun phrase."""
    if index + 1 >= len(words):
        return False
    following = words[index + 1]
    closed = any(
        following in listed for listed, kind in _CLOSED if kind is not Tag.NUMBER
    )
    return not (closed or following in lx.PREPOSITIONS or following in lx.ADVERBS) and (
        not following.endswith("ing") or following in lx.NOUNS_IN_ING
    )


def _is_participle(word: str) -> bool:
    if word in lx.VERB_FORMS:
        return True
    return word.endswith("ed") and len(word) > len("red") and word not in lx.NOUNS_IN_ED


def _third_person(word: str) -> frozenset[str]:
    """Return the verbs of which this can be the third person."""
    if not word.endswith("s") or word.endswith("ss"):
        return frozenset()
    forms = {word[:-1]}
    if word.endswith("es"):
        forms.add(word[:-2])
    if word.endswith("ies"):
        forms.add(f"{word[:-3]}y")
    return frozenset(forms)


def _has_finite(words: Sequence[str], before: Sequence[Tag]) -> bool:
    """Return whether the clause has its finite verb by now."""
    for word, kind in zip(
        reversed(words[: len(before)]), reversed(before), strict=True
    ):
        if kind in {Tag.RELATIVE, Tag.MARK} or word == "as":
            return False
        if kind is Tag.AUXILIARY:
            return True
        if kind is Tag.VERB and not word.endswith("ing") and not _is_participle(word):
            return True
    return False


def _in_object(words: Sequence[str], before: Sequence[Tag]) -> bool:
    """Return whether the noun before has neither article nor a plural of its own.

    "on stone steps", "near train tracks": the next word is no verb, though it could be.
    """
    bare = before[_opening(before)] in {Tag.PREPOSITION, Tag.VERB}
    return bare and not is_plural(words[len(before) - 1])
