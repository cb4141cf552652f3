"""Word-level vocabularies: token ids to text."""

from collections.abc import Iterable
from pathlib import Path
import re
from typing import Final

from ..errors import ModelBrokenError

PAD, BOS, EOS, UNK = "<pad>", "<bos>", "<eos>", "<unk>"
_SPECIAL: Final = (PAD, BOS, EOS, UNK)


class Vocabulary:
    """One token a line; the line's number is the id; special tokens are bracketed."""

    def __init__(self, tokens: Iterable[str], source: str = "vocabulary") -> None:
        self.tokens = tuple(tokens)
        ids = {token: index for index, token in enumerate(self.tokens)}
        missing = [token for token in _SPECIAL if token not in ids]
        if missing:
            raise ModelBrokenError(f"{source}: lacks {', '.join(missing)}")
        self.bos, self.eos = ids[BOS], ids[EOS]
        self.never = tuple(ids[token] for token in (PAD, BOS, UNK))
        """Ids that must not be generated."""

    @classmethod
    def load(cls, path: str) -> "Vocabulary":
        """Read a vocabulary file."""
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as err:
            raise ModelBrokenError(f"{path}: can't be read ({err})") from None
        return cls(text.splitlines(), path)

    def __len__(self) -> int:
        return len(self.tokens)

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of token ids, without special tokens."""
        words = (self.tokens[index] for index in ids)
        text = " ".join(word for word in words if word not in _SPECIAL)
        return re.sub(r" (?='(?:s|re|ve|ll|d|m|t)\b|n't\b|[,.;:!?])", "", text)
