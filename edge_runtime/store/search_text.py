"""Words of texts and queries, cut the same way for both. Pure."""

from dataclasses import dataclass
import re
from typing import Final, TypeAlias
import unicodedata

# Han, Hiragana and Katakana are written without spaces: each character is a word, and
# a query of several becomes a phrase
_UNSPACED: Final = re.compile(
    "([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f])"
)
_QUERY_PART: Final = re.compile(r'"([^"]*)"|(\S+)')
_ASCII_WORD: Final = re.compile("[A-Za-z0-9]+")
_MAX_QUERY: Final = 500

Word: TypeAlias = tuple[str, int, int]
"""A folded word, and its start and end in the text, in code points."""


@dataclass(frozen=True, slots=True)
class Term:
    """Words that must follow each other; the last may be the start of a longer one."""

    words: tuple[str, ...]
    is_prefix: bool

    def to_fts(self) -> str:
        """Return the term as FTS5 reads it: quoted, so that it is never syntax."""
        quoted = '"' + " ".join(self.words) + '"'
        return f"{quoted} *" if self.is_prefix else quoted


def searchable(text: str) -> str:
    """Return a text as it goes into the index; its tokenizer does the rest."""
    folded = fold(text)
    if folded.isascii():
        return folded
    storable = folded.encode(errors="replace").decode()
    return _UNSPACED.sub(r" \1 ", storable)


def fold(text: str) -> str:
    """Return a text without case and accents."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFD", text.casefold())
    bare = "".join(char for char in plain if not "\u0300" <= char <= "\u036f")
    return unicodedata.normalize("NFC", bare)


def query_terms(query: str) -> list[Term]:
    """Return what a query asks for: words, `"phrases"`, the last word unfinished."""
    terms = []
    query = query[:_MAX_QUERY]
    for part in _QUERY_PART.finditer(query):
        quoted, bare = part.groups()
        words = tuple(word for word, _, _ in words_of(quoted or bare or ""))
        is_last = part.end() == len(query)
        if words:
            terms.append(Term(words, is_prefix=bare is not None and is_last))
    return terms


def highlights(text: str, terms: list[Term]) -> tuple[int, list[tuple[int, int]]]:
    """Return how many terms a text has, and where: start and end, in code points."""
    words = words_of(text)
    places = [_places(words, term) for term in terms]
    spans = sorted({span for found in places for span in found})
    return sum(map(bool, places)), _merged(spans)


def words_of(text: str) -> list[Word]:
    """Return each word of a text, folded, with its start and end."""
    if text.isascii():
        return [
            (found[0].lower(), found.start(), found.end())
            for found in _ASCII_WORD.finditer(text)
        ]
    words = []
    start = None
    for index, char in enumerate(text):
        if _UNSPACED.match(char):
            if start is not None:
                words.append(_word(text, start, index))
            words.append(_word(text, index, index + 1))
            start = None
        elif _is_word_char(char):
            start = index if start is None else start
        elif start is not None:
            words.append(_word(text, start, index))
            start = None
    if start is not None:
        words.append(_word(text, start, len(text)))
    return [word for word in words if word[0]]


def _word(text: str, start: int, end: int) -> Word:
    return fold(text[start:end]), start, end


def _is_word_char(char: str) -> bool:
    # the tokenizer of the index is told the same
    category = unicodedata.category(char)
    return category[0] in "LNM" or category == "Co"


def _places(words: list[Word], term: Term) -> list[tuple[int, int]]:
    *before, last = term.words
    found = []
    for index in range(len(before), len(words)):
        word, _, end = words[index]
        if not (word.startswith(last) if term.is_prefix else word == last):
            continue
        start = index - len(before)
        if [one for one, _, _ in words[start:index]] == before:
            found.append((words[start][1], end))
    return found


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
