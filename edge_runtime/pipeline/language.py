"""Which language a short text is in: by its script, then by its small words."""

from collections.abc import Mapping
import re
from typing import Final
import unicodedata

_SMALL_WORDS: Final[Mapping[str, frozenset[str]]] = {
    language: frozenset(words.split())
    for language, words in {
        "en": "a an the of in on at is are and with his her their to by near front "
        "standing sitting wearing holding riding while next from that who",
        "de": "ein eine einen einem einer eines der die das den dem des und mit auf im "
        "in am an ist sind steht sitzt vor hinter neben bei zwei ihr sein nicht auch "
        "von zu zum zur hält trägt",
        "fr": "un une des le la les du de et avec sur dans en est sont devant au aux "
        "son sa ses à l d qui près",
        "es": "un una unos unas el la los las de del y con en sobre está están su sus "
        "al por que frente",
        "it": "un una uno il lo la gli le di del della e con su in è sono davanti al "
        "nel nella suo sua che",
        "pt": "um uma uns umas o a os as de do da e com em no na está estão seu sua "
        "ao que frente",
        "nl": "een de het en met op in is zijn staat zit voor achter naast bij twee "
        "haar van te naar die",
    }.items()
}
_SCRIPTS: Final[Mapping[str, str]] = {
    "ARABIC": "ar",
    "HEBREW": "he",
    "CYRILLIC": "ru",
    "GREEK": "el",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "HANGUL": "ko",
    "CJK": "zh",
    "THAI": "th",
    "DEVANAGARI": "hi",
}
"""First word of a character's name -> the language that most likely writes so."""
_WORD: Final = re.compile(r"[^\W\d_]+")
_MIN_HITS: Final = 2


def detect_language(text: str) -> str | None:
    """Return the language of a text, or None if it says too little to tell."""
    if (by_script := _of_script(text)) is not None:
        return by_script
    words = [word.lower() for word in _WORD.findall(text)]
    hits = {
        language: sum(word in small for word in words)
        for language, small in _SMALL_WORDS.items()
    }
    best = max(hits, key=lambda language: hits[language])
    rivals = [count for language, count in hits.items() if language != best]
    if hits[best] < min(_MIN_HITS, len(words)) or hits[best] <= max(rivals):
        return None
    return best


def is_language(text: str, wanted: str) -> bool:
    """Return whether nothing says that a text is in another language."""
    found = detect_language(text)
    primary = wanted.lower().partition("-")[0]
    if found is None or primary not in {*_SMALL_WORDS, *_SCRIPTS.values()}:
        return True
    return found == primary or {found, primary} == {"zh", "ja"}


def _of_script(text: str) -> str | None:
    """Return the language of the script that most letters are of; None if Latin."""
    counts: dict[str, int] = {}
    for character in text:
        if character.isalpha():
            script = unicodedata.name(character, "LATIN").split()[0].partition("-")[0]
            counts[script] = counts.get(script, 0) + 1
    if not counts:
        return None
    if counts.get("HIRAGANA", 0) + counts.get("KATAKANA", 0):
        return "ja"
    most = max(counts, key=lambda script: counts[script])
    return _SCRIPTS.get(most)
