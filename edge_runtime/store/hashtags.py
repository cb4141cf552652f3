"""Hashtags in a caption, and what makes two tags the same. Pure."""

from collections.abc import Iterator
import re
from typing import Final
import unicodedata

from .errors import InvalidValueError

MAX_TAG: Final = 100
"""Longest tag in code points; a longer word is no tag."""
_SIGN: Final = re.compile("[#\uff03]")  # the second is Japanese keyboards' wide one
_ADDRESS: Final = re.compile(r"(?:[a-z][a-z0-9+.-]*://|www\.)\S+", re.IGNORECASE)
_JOINERS: Final = "\u200c\u200d"  # part of words in Persian and Indic scripts
_WITHOUT_JOINERS: Final = str.maketrans("", "", _JOINERS)
_NOT_BEFORE: Final = "&#\uff03/"  # `&#39;`, `##`, `page/#part`


def hashtags(text: str) -> dict[str, str]:
    """Return the tags of a text: identity to the form in which it is first written."""
    found: dict[str, str] = {}
    plain = _ADDRESS.sub(" ", text)
    for display in _words(plain):
        found.setdefault(tag_name(display), display)
    return found


def tag_name(text: str) -> str:
    """Return what identifies a tag; raise InvalidValueError if a text can't be one."""
    display = tag_display(text)
    return unicodedata.normalize("NFC", display.casefold())


def tag_display(text: str) -> str:
    """Return a tag as it is shown: composed characters, single spaces, no `#`."""
    one_line = " ".join(unicodedata.normalize("NFC", text).split())
    display = one_line.lstrip("#\uff03 ")
    visible = display.translate(_WITHOUT_JOINERS)
    if not visible or len(display) > MAX_TAG or not visible.isprintable():
        raise InvalidValueError(f"a tag has 1 to {MAX_TAG} printable characters")
    return display


def _words(text: str) -> Iterator[str]:
    for sign in _SIGN.finditer(text):
        if not _may_precede(text[: sign.start()][-1:]):
            continue
        word = _word_at(text, sign.end())
        if len(word) <= MAX_TAG and any(map(str.isalpha, word)):
            yield unicodedata.normalize("NFC", word)


def _may_precede(before: str) -> bool:
    return not (before and (_in_word(before) or before in _NOT_BEFORE))


def _word_at(text: str, start: int) -> str:
    end = start
    while end < len(text) and _in_word(text[end]):
        end += 1
    word = text[start:end].rstrip(_JOINERS)
    starts_well = word[:1].isalnum() or word[:1] == "_"
    return word if starts_well else ""


def _in_word(char: str) -> bool:
    if char.isalnum() or char == "_" or char in _JOINERS:
        return True
    # combining marks belong to their letter; variation selectors belong to emoji
    is_mark = unicodedata.category(char) in {"Mn", "Mc"}
    return is_mark and not "\ufe00" <= char <= "\ufe0f"
