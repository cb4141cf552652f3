"""Conversations about a picture in the tokens of the model hub's files."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from ..errors import ModelBrokenError, ModelUnusableError
from ..sessions.chat_template import ChatTemplate, Kind, Piece
from .base import FamilyConfig
from .unigram import read_json

_TEMPLATE: Final = "chat_template"
_SETTINGS: Final = "tokenizer_config"
_PICTURE_MARKS: Final = {
    "image_token": "<image>",
    "image_start_token": "<|image_start|>",
    "image_end_token": "<|image_end|>",
}


class HubChat:
    """Tokenizer, chat template and the marks of a picture."""

    def __init__(self, config: FamilyConfig) -> None:
        try:
            from ..sessions.jinja_template import JinjaTemplate
            from .hub_tokenizer import open_tokenizer  # 10 MB, for those alone
        except ImportError as err:
            raise ModelUnusableError(
                f"a package that reads the hub's chats can't be loaded here ({err})"
            ) from None
        self._path = config.file("tokenizer")
        self._tokenizer = open_tokenizer(self._path)
        self._settings = read_json(config.file(_SETTINGS))
        path, source = self._source(config)
        texts = {name: self._mark(name) for name in ("bos_token", "eos_token")}
        self._template = ChatTemplate(path, JinjaTemplate(path, source, texts))
        self.end = self._id("eos_token")
        """The token that ends an answer."""
        self.image = self._id("image_token")
        """The token that stands where a part of the picture goes."""
        self._before = [self._id("image_start_token")]
        self._after = [self._id("image_end_token")]

    def around_picture(
        self, turns: Sequence[tuple[str, str]], opening: str
    ) -> tuple[list[int], list[int]]:
        """Return the tokens before and after the picture that a conversation is of."""
        pieces = self._template.pieces(turns, opening, picture=True)
        place = pieces.index(Piece(Kind.PICTURE))
        before, after = pieces[:place], pieces[place + 1 :]
        return [*self._ids(before), *self._before], [*self._after, *self._ids(after)]

    def text_of(self, tokens: Sequence[int]) -> str:
        """Return what tokens say, marks left out."""
        text: str = self._tokenizer.decode(tokens, skip_special_tokens=True)
        return text

    def _ids(self, pieces: Iterable[Piece]) -> list[int]:
        found: list[int] = []
        for piece in pieces:
            # what somebody says holds no marks, whatever it looks like
            self._tokenizer.encode_special_tokens = piece.kind is not Kind.FRAME
            found += self._tokenizer.encode(piece.text, add_special_tokens=False).ids
        return found

    def _source(self, config: FamilyConfig) -> tuple[str, str]:
        """Return the template's file and the template."""
        if _TEMPLATE in config.files:
            path = config.file(_TEMPLATE)
            try:
                return path, Path(path).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as err:
                raise ModelBrokenError(f"{path}: can't be read ({err})") from None
        path, source = config.file(_SETTINGS), self._settings.get(_TEMPLATE)
        if not isinstance(source, str):
            raise ModelBrokenError(
                f"{path}: holds no chat template, and the row names no file with the "
                f"role '{_TEMPLATE}'"
            )
        return path, source

    def _mark(self, name: str) -> str:
        """Return the text of a mark; the hub writes some as an object."""
        value: Any = self._settings.get(name, _PICTURE_MARKS.get(name, ""))
        text = value.get("content", "") if isinstance(value, dict) else value
        return text if isinstance(text, str) else ""

    def _id(self, name: str) -> int:
        text = self._mark(name)
        found: int | None = self._tokenizer.token_to_id(text) if text else None
        if found is None:
            raise ModelBrokenError(
                f"{self._path}: has no {name} '{text}': the files don't belong together"
            )
        return found
