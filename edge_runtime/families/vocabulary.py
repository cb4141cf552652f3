"""Token ids to text: word-level vocabularies, and which kind a model has."""

from collections.abc import Iterable, Mapping
from pathlib import Path
import re
from typing import TYPE_CHECKING, Any, Final, Protocol

from ..errors import ModelBrokenError, ModelUnusableError
from .base import FamilyConfig
from .unigram import read_json

if TYPE_CHECKING:
    from .hub_tokenizer import HubTokenizer

PAD, BOS, EOS, UNK = "<pad>", "<bos>", "<eos>", "<unk>"
_SPECIAL: Final = (PAD, BOS, EOS, UNK)


class Words(Protocol):
    """What a captioner needs to know of its tokens."""

    bos: int
    eos: int
    never: tuple[int, ...]
    """Ids that must not be generated."""
    spare: int
    """How many more outputs than tokens a decoder may have."""

    def __len__(self) -> int:
        """Return the number of ids."""

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of token ids, without special tokens."""


class Vocabulary:
    """One token a line; the line's number is the id; special tokens are bracketed."""

    spare = 0

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


def load_words(config: FamilyConfig) -> Words:
    """Return a model's vocabulary, one word a line, or its hub tokenizer."""
    if "tokenizer" not in config.files:
        return Vocabulary.load(config.file("vocabulary"))
    return load_tokenizer(config)


def load_tokenizer(config: FamilyConfig) -> "HubTokenizer":
    """Return a model's hub tokenizer."""
    try:
        from .hub_tokenizer import HubTokenizer  # 10 MB, for those alone
    except ImportError as err:
        raise ModelUnusableError(
            f"the package tokenizers can't be loaded here ({err})"
        ) from None
    return HubTokenizer(config.file("tokenizer"), *_begin_and_end(config))


def _begin_and_end(config: FamilyConfig) -> tuple[int, int]:
    """Return the ids from the manifest's `generate`, else from `config.json`."""
    path = config.files.get("config")
    values: Mapping[str, Any] = read_json(path) if path else {}
    values = {**values, **config.generate}
    begin = values.get("decoder_start_token_id", values.get("bos_token_id"))
    end = values.get("eos_token_id")
    if not (isinstance(begin, int) and isinstance(end, int)):
        raise ModelBrokenError(
            f"{path or 'the manifest'}: must name eos_token_id, and "
            "decoder_start_token_id or bos_token_id"
        )
    return begin, end
