"""SentencePiece's unigram tokenizer: the likeliest way to cut a text into pieces."""

from collections.abc import Sequence
import json
from pathlib import Path
from typing import Any, Final
import unicodedata

from ..errors import ModelBrokenError

_SPACE: Final = "\N{LOWER ONE EIGHTH BLOCK}"
_MAX_PIECE: Final = 32
_UNKNOWN_COST: Final = 10.0


class UnigramTokenizer:
    """Pieces with their scores; the index of a piece is its id."""

    def __init__(self, pieces: Sequence[tuple[str, float]], unknown: int) -> None:
        self._pieces = [piece for piece, _ in pieces]
        self._scores = {p: (score, i) for i, (p, score) in enumerate(pieces) if p}
        self._unknown = unknown
        known = [score for _, score in pieces if score > -1e6]  # noqa: PLR2004
        self._lowest = min(known, default=0.0) - _UNKNOWN_COST

    def __len__(self) -> int:
        """Return the number of ids."""
        return len(self._pieces)

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text, without an end."""
        plain = " ".join(unicodedata.normalize("NFKC", text).split())
        return self._best(_SPACE + plain.replace(" ", _SPACE)) if plain else []

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of ids."""
        joined = "".join(self._pieces[index] for index in ids)
        return " ".join(joined.replace(_SPACE, " ").split())

    def _best(self, text: str) -> list[int]:
        """Return the pieces whose scores add up highest (Viterbi)."""
        best: list[tuple[float, int, int]] = [(0.0, 0, -1)]
        """Per end: the sum, where the last piece begins, and its id."""
        for end in range(1, len(text) + 1):
            sums = [
                (best[start][0] + found[0], start, found[1])
                for start in range(max(0, end - _MAX_PIECE), end)
                if (found := self._scores.get(text[start:end])) is not None
            ]
            unknown = (best[end - 1][0] + self._lowest, end - 1, self._unknown)
            best.append(max([unknown, *sums]))
        ids: list[int] = []
        end = len(text)
        while end:
            _, start, index = best[end]
            ids.append(index)
            end = start
        return ids[::-1]


def read_json(path: str) -> dict[str, Any]:
    """Return the object that a file holds."""
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as err:
        raise ModelBrokenError(f"{path}: can't be read ({err})") from None
    if not isinstance(document, dict):
        raise ModelBrokenError(f"{path}: must hold a JSON object")
    return document


def load_unigram(path: str, document: dict[str, Any]) -> UnigramTokenizer:
    """Return the tokenizer that a tokenizer.json describes."""
    try:
        model = document["model"]
        pieces = [(str(piece), float(score)) for piece, score in model["vocab"]]
        return UnigramTokenizer(pieces, int(model["unk_id"]))
    except (KeyError, TypeError, ValueError) as err:
        raise ModelBrokenError(
            f"{path}: must hold a unigram model with 'vocab' and 'unk_id' ({err})"
        ) from None
