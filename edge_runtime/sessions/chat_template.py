"""A conversation as a model's own chat template wants it, its texts kept apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import itemgetter
import re
from typing import Any, Final

from ..errors import ModelUnusableError

_MARK: Final = "\N{LEFT BLACK LENTICULAR BRACKET}{}\N{RIGHT BLACK LENTICULAR BRACKET}"
_PICTURE: Final = _MARK.format("picture")
# What the templates of vision models write where a picture goes. The projector brings
# its own marks around a picture, so the template's are taken away with it.
_PLACES: Final = re.compile(
    r"<\|vision_start\|><\|image_pad\|><\|vision_end\|>"
    r"|<start_of_image>|<image_soft_token>|\(<image>\./</image>\)"
    r"|<\|image\|>|<image>|\[IMG\]"
)
_UNREAD_PARTS: Final = re.compile(r"['\"]type['\"]\s*:")


class Kind(StrEnum):
    """What a piece of a conversation is."""

    FRAME = "frame"
    """Written by the template: its marks count."""
    TEXT = "text"
    """Said by somebody: no mark in it counts."""
    PICTURE = "picture"


@dataclass(frozen=True, slots=True)
class Piece:
    """One part of a conversation, in its order."""

    kind: Kind
    text: str = ""


class ChatTemplate:
    """The template of one file; a base checkpoint has none."""

    def __init__(self, path: str, formatter: Any | None) -> None:
        self._path = path
        self._formatter = formatter

    def pieces(
        self, turns: Sequence[tuple[str, str]], opening: str, *, picture: bool = False
    ) -> list[Piece]:
        """Return a conversation in pieces; the picture opens what the user says first.

        Raises ModelUnusableError if the template leaves out what is said.
        """
        marks = [_MARK.format(number) for number in range(len(turns))]
        roles = [role for role, _ in turns]
        if picture:
            frame = self._frame_with_picture(roles, marks)
        else:
            frame = self._frame(roles, marks)
        texts = (Piece(Kind.TEXT, text) for _, text in turns)
        cuts = list(zip(marks, texts, strict=True))
        if picture:
            cuts.append((_PICTURE, Piece(Kind.PICTURE)))
        return self._cut(frame + opening, cuts)

    def _cut(self, frame: str, cuts: list[tuple[str, Piece]]) -> list[Piece]:
        pieces: list[Piece] = []
        found = [(frame.find(mark), mark, piece) for mark, piece in cuts]
        placed = sorted(found, key=itemgetter(0))
        if placed and placed[0][0] < 0:
            raise ModelUnusableError(
                f"{self._path}: its chat template leaves out a part of the prompt"
            )
        for _, mark, piece in placed:
            before, _, frame = frame.partition(mark)
            pieces += [Piece(Kind.FRAME, before), piece]
        return [piece for piece in [*pieces, Piece(Kind.FRAME, frame)] if _says(piece)]

    def _frame(self, roles: Sequence[str], texts: Sequence[str]) -> str:
        """Return the conversation with a mark in the place of each text."""
        if self._formatter is None:  # a base checkpoint goes on with a plain text
            return "\n\n".join(texts) + "\n"
        messages = _messages(roles, texts)
        try:
            return self._render(messages)
        except ModelUnusableError:
            if list(roles[:2]) != ["system", "user"]:
                raise
        # Some templates know no system: it opens the first thing that the user says.
        joined = f"{texts[0]}\n\n{texts[1]}"
        return self._render([*_messages(["user"], [joined]), *messages[2:]])

    def _frame_with_picture(self, roles: Sequence[str], marks: Sequence[str]) -> str:
        """Return the conversation with marks for its texts and its picture."""
        first = roles.index("user")
        if self._formatter is not None:
            contents: list[Any] = [[{"type": "text", "text": mark}] for mark in marks]
            contents[first] = [{"type": "image"}, *contents[first]]
            try:
                frame = self._render(_messages(roles, contents))
            except ModelUnusableError:  # it knows texts alone
                frame = ""
            places = _PLACES.findall(frame)
            if len(places) == 1 and not _UNREAD_PARTS.search(frame):
                return _PLACES.sub(lambda _: _PICTURE, frame)
        texts = list(marks)
        texts[first] = f"{_PICTURE}\n{texts[first]}"
        return self._frame(roles, texts)

    def _render(self, messages: list[dict[str, Any]]) -> str:
        if self._formatter is None:
            raise ModelUnusableError(f"{self._path}: it has no chat template")
        try:
            prompt: str = self._formatter(messages=messages).prompt
        except Exception as err:  # noqa: BLE001 - a template can raise anything
            reason = str(err).strip().splitlines()[:1] or [type(err).__name__]
            raise ModelUnusableError(
                f"{self._path}: its chat template can't be used ({reason[0]})"
            ) from None
        return prompt


def _messages(roles: Sequence[str], contents: Sequence[Any]) -> list[dict[str, Any]]:
    pairs = zip(roles, contents, strict=True)
    return [{"role": role, "content": content} for role, content in pairs]


def _says(piece: Piece) -> bool:
    return piece.kind is Kind.PICTURE or bool(piece.text)
