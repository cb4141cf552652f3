"""CLIP's tokenizer: byte-pair encoding of lower-cased words, in plain Python."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
import json
from pathlib import Path
from typing import Final
import unicodedata

from ..errors import ModelBrokenError

BEGIN: Final = "<|startoftext|>"
END: Final = "<|endoftext|>"
_END_OF_WORD: Final = "</w>"
_CONTRACTIONS: Final = ("'s", "'t", "'re", "'ve", "'m", "'ll", "'d")
_CACHED_WORDS: Final = 4096


class BytePairTokenizer:
    """Texts to ids, with begin and end tokens, cut to `limit` ids."""

    def __init__(
        self, ids: Mapping[str, int], merges: Sequence[tuple[str, str]], limit: int = 77
    ) -> None:
        missing = [token for token in (BEGIN, END) if token not in ids]
        if missing:
            raise ModelBrokenError(f"the tokenizer lacks {', '.join(missing)}")
        self._ids = ids
        self._ranks = {pair: rank for rank, pair in enumerate(merges)}
        self._limit = limit
        self._bytes = byte_symbols()
        self._word = lru_cache(_CACHED_WORDS)(self._encode_word)
        self.end = ids[END]

    @classmethod
    def load(cls, vocabulary: str, merges: str) -> "BytePairTokenizer":
        """Read `vocab.json` and `merges.txt`."""
        try:
            ids = json.loads(Path(vocabulary).read_text(encoding="utf-8"))
            lines = Path(merges).read_text(encoding="utf-8").splitlines()
            pairs = [_pair(line) for line in lines if not line.startswith("#version")]
            return cls({str(k): int(v) for k, v in ids.items()}, pairs)
        except (OSError, ValueError, AttributeError, TypeError) as err:
            raise ModelBrokenError(
                f"{vocabulary}, {merges}: can't be read as a tokenizer ({err})"
            ) from None

    def ids(self, text: str) -> list[int]:
        """Return the ids of a text, begin and end included."""
        plain = unicodedata.normalize("NFC", text).lower()
        found = [i for piece in pieces(plain) for i in self._word(piece)]
        return [self._ids[BEGIN], *found[: self._limit - 2], self.end]

    def _encode_word(self, word: str) -> tuple[int, ...]:
        symbols = [self._bytes[byte] for byte in word.encode()]
        symbols[-1] += _END_OF_WORD
        while len(symbols) > 1:
            ranked = [
                (self._ranks[pair], place)
                for place, pair in enumerate(pairwise(symbols))
                if pair in self._ranks
            ]
            if not ranked:
                break
            place = min(ranked)[1]
            symbols[place : place + 2] = ["".join(symbols[place : place + 2])]
        try:
            return tuple(self._ids[symbol] for symbol in symbols)
        except KeyError as err:
            raise ModelBrokenError(f"the tokenizer has no id for {err}") from None


def byte_symbols() -> list[str]:
    """Return the printable character that stands for each of the 256 bytes."""
    plain = {*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(0x100, 0x200))
    return [chr(byte if byte in plain else next(others)) for byte in range(0x100)]


def pieces(text: str) -> Iterator[str]:
    """Yield contractions, runs of letters, single digits, and runs of other signs."""
    place = 0
    while place < len(text):
        kind = _kind(text[place])
        end = place + 1
        if text.startswith(_CONTRACTIONS, place):
            found = (c for c in _CONTRACTIONS if text.startswith(c, place))
            end = place + len(next(found))
        elif kind in "LO":
            while end < len(text) and _kind(text[end]) == kind:
                end += 1
        if kind != " ":
            yield text[place:end]
        place = end


def _kind(character: str) -> str:
    """Return L for a letter, N for a digit, a space, or O for another sign."""
    if character.isspace():
        return " "
    category = unicodedata.category(character)[0]
    return category if category in "LN" else "O"


def _pair(line: str) -> tuple[str, str]:
    left, right = line.split(" ")
    return left, right
