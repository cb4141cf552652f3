"""What a prompt asks of a captioner: a description with some wishes, or something else.

A captioner reads no prompt. It would describe the photo whatever it was asked, so a
prompt that holds one word that it could not follow is refused, and never passed over.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
import re
from typing import Final

from . import wish_words as ww

_WORD: Final = re.compile(r"[^\W\d_]+(?:[-'][^\W\d_]+)*|\d+")
_SENTENCE: Final = re.compile(r"[^.!?\n;:,]+[?]?")
_BRACES: Final = re.compile(r"[\[{].*[\]}]", re.DOTALL)
_KEY: Final = re.compile(r'"([a-z][a-z0-9_]{0,40})"\s*:')
_MAX_SHOWN: Final = 3
_MAX_LETTERS: Final = 30
_MAX_FIELDS: Final = 8


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a prompt asks for."""

    language: str | None = None
    """None: the prompt doesn't say."""
    detail: str = "normal"
    """`short`, `normal` or `rich`."""
    style: str = "plain"
    """`plain` or `alt_text`."""
    wants_json: bool = False
    fields: tuple[str, ...] = ()
    """The parts of an answer in JSON that the prompt names, in its order."""
    unfollowable: tuple[str, ...] = ()
    """Words that ask for more than a description; empty: the caption is the answer."""


def read_wishes(prompt: str, *, wants_json: bool = False) -> Wishes:
    """Return what a prompt asks for; none at all asks for a description."""
    text = " ".join(
        prompt.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").lower().split()
    )
    if not text:
        return Wishes(wants_json=wants_json)
    wants_json = wants_json or re.search(r"\bjson\b", text) is not None
    keys = tuple(_KEY.findall(text)) if wants_json else ()
    plain = _BRACES.sub(" ", text) if keys else text
    if other := _other_language(plain):
        return Wishes(other, _detail(plain), wants_json=wants_json, fields=keys)
    language = ww.IN_LANGUAGE.search(plain)
    code = None if language is None else ww.LANGUAGES[language["name"]]
    plain = ww.LENGTH.sub(" ", ww.IN_LANGUAGE.sub(" ", plain))
    plain = ww.FORM.sub(lambda found: " alt " if found["alt"] else " ", plain)
    return Wishes(
        language=code,
        detail=_detail(text),
        style="alt_text" if ww.ALT_TEXT & set(_words(text)) else "plain",
        wants_json=wants_json,
        fields=(keys or _named_fields(plain) if wants_json else ())[:_MAX_FIELDS],
        unfollowable=_unfollowable(plain, wants_json=wants_json),
    )


def language_of(text: str) -> str | None:
    """Return the language that a system message asks for, if it does."""
    found = ww.IN_LANGUAGE.search(" ".join(text.lower().split()))
    return None if found is None else ww.LANGUAGES[found["name"]]


def is_description_wish(text: str) -> bool:
    """Return whether a field's description asks for a description of the picture."""
    return not read_wishes(text, wants_json=True).unfollowable


def _unfollowable(text: str, *, wants_json: bool) -> tuple[str, ...]:
    known = ww.HARMLESS | (ww.JSON_WORDS if wants_json else frozenset())
    asks, unknown = False, list[str]()
    first: tuple[str, ...] = ()
    for sentence in _SENTENCE.findall(text):
        words = _words(sentence)
        if not words or ww.ROLE.match(" ".join(words)):
            continue
        first = first or tuple(words)
        spoken = " ".join(words)
        told = ww.POLITE.sub("", spoken)
        if any(pattern.match(told) for pattern in ww.QUESTIONS):
            asks = True
            continue
        if _is_question(told, sentence, is_polite=told != spoken):
            return _shown(words)
        unknown += [word for word in words if word not in known]
        asks = asks or bool(ww.ASKS & set(words)) or (wants_json and "json" in words)
    if unknown:
        return _shown(dict.fromkeys(unknown))
    return () if asks else _shown(first)


def _shown(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(word[:_MAX_LETTERS] for word in islice(words, _MAX_SHOWN))


def _is_question(told: str, sentence: str, *, is_polite: bool) -> bool:
    if ww.NEGATED.match(told):
        return False
    begins = told.partition(" ")[0] in ww.INTERROGATIVE | {"what"}
    return begins or (sentence.endswith("?") and not is_polite)


def _other_language(text: str) -> str | None:
    """Return the language of a prompt that asks for a description in it."""
    words = set(_words(text))
    spoken = " ".join(_words(text))
    for code, question in ww.OTHER_QUESTIONS.items():
        if question.match(spoken):
            return code
    for code, (asks, harmless) in ww.OTHER_LANGUAGES.items():
        if asks & words and words <= asks | harmless | {"json"}:
            is_english = words <= ww.HARMLESS
            return None if is_english else code
    return None


def _named_fields(text: str) -> tuple[str, ...]:
    names = (ww.FIELD_WORDS.get(word) for word in _words(text))
    return tuple(dict.fromkeys(name for name in names if name is not None))


def _detail(text: str) -> str:
    words = set(_words(text))
    if ww.RICH & words:
        return "rich"
    return "short" if ww.SHORT & words - _json_titles(words) else "normal"


def _json_titles(words: Iterable[str]) -> frozenset[str]:
    """Return words that name a part of the answer rather than its length."""
    return frozenset({"title", "headline"}) if "description" in words else frozenset()


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())
