"""English word forms: whether two words are the same word, inflected."""

from functools import cache
from typing import Final

from . import lexicon as lx
from .tagging import singular

_IRREGULAR_VERBS: Final = {
    "ran": "run", "sat": "sit", "stood": "stand", "held": "hold", "rode": "ride",
    "ridden": "ride", "wore": "wear", "worn": "wear", "drove": "drive",
    "driven": "drive", "flew": "fly", "flown": "fly", "threw": "throw",
    "thrown": "throw", "caught": "catch", "ate": "eat", "eaten": "eat",
    "drank": "drink", "slept": "sleep", "lain": "lie", "lay": "lie", "lying": "lie",
    "hung": "hang", "fell": "fall", "fallen": "fall", "swam": "swim", "saw": "see",
    "seen": "see", "shown": "show", "made": "make", "took": "take", "taken": "take",
    "gave": "give", "given": "give", "went": "go", "gone": "go", "came": "come",
    "got": "get", "built": "build", "led": "lead", "wrote": "write",
    "written": "write", "drew": "draw", "drawn": "draw", "blew": "blow",
    "blown": "blow", "grew": "grow", "grown": "grow", "left": "leave", "kept": "keep",
    "leapt": "leap", "has": "have", "had": "have", "having": "have",
}  # fmt: skip
_SPELLINGS: Final = {
    "colourful": "colorful", "grey": "gray", "motorbike": "motorcycle",
    "bike": "bicycle", "colour": "color", "neighbourhood": "neighborhood",
}  # fmt: skip
_MIN_STEM: Final = 2


@cache
def forms(word: str) -> frozenset[str]:
    """Return the base forms that a lower-case word can be an inflection of."""
    found = {word, singular(word)}
    if word in _IRREGULAR_VERBS:
        found.add(_IRREGULAR_VERBS[word])
    for ending in ("ing", "ed", "es", "s", "d"):
        stem = word.removesuffix(ending)
        if stem == word or len(stem) < _MIN_STEM or word in lx.NOUNS_IN_ING:
            continue
        found.add(stem)
        if ending in {"ing", "ed"}:
            found.add(f"{stem}e")
            if stem[-1] == stem[-2]:
                found.add(stem[:-1])
    if word.endswith(("ies", "ied")):
        found.add(f"{word[:-3]}y")
    return frozenset(found | {_SPELLINGS[f] for f in found if f in _SPELLINGS})


def same_word(a: str, b: str) -> bool:
    """Return whether two lower-case words are forms of one word."""
    return not forms(a).isdisjoint(forms(b))
