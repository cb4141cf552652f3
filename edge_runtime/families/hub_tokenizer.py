"""Tokenizers of the model hub: `tokenizer.json`, read by the package `tokenizers`."""

from collections.abc import Iterable
from typing import Final

from tokenizers import Tokenizer

from ..errors import ModelBrokenError

_SPARE_OUTPUTS: Final = 1024
"""Decoders have more outputs than tokens: rounded up, or places in a picture."""


class HubTokenizer:
    """Texts to ids and back, with the ids that begin and end a caption."""

    never: tuple[int, ...] = ()
    spare = _SPARE_OUTPUTS

    def __init__(self, path: str, bos: int, eos: int) -> None:
        self._tokenizer = open_tokenizer(path)
        self._words = self._tokenizer.get_vocab_size(with_added_tokens=False)
        self.bos, self.eos = bos, eos
        if max(bos, eos) >= len(self) + self.spare:
            raise ModelBrokenError(
                f"{path}: has {len(self)} tokens, none with the id {max(bos, eos)} "
                "that begins or ends a caption: the files don't belong together"
            )

    def __len__(self) -> int:
        """Return the number of ids."""
        size: int = self._tokenizer.get_vocab_size()
        return size

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text, with the begin and end that the model wants."""
        ids: list[int] = self._tokenizer.encode(text).ids
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of ids, without marks and places."""
        words = [index for index in ids if index < self._words]
        text: str = self._tokenizer.decode(words, skip_special_tokens=True)
        return text.strip()


def open_tokenizer(path: str) -> Tokenizer:
    """Return the tokenizer of a file."""
    try:
        return Tokenizer.from_file(path)
    except Exception as err:  # noqa: BLE001 - the package raises nothing narrower
        raise ModelBrokenError(
            f"{path}: can't be read as a tokenizer ({err})"
        ) from None
