"""What is to be written into a photo, how, and what came of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
import re
from typing import Any, Final

from ..const import LANGUAGE_PATTERN
from .errors import CaptionTextError
from .model import Provenance
from .sidecar import SidecarName

MAX_TEXT: Final = 10_000
MAX_KEYWORD: Final = 200
_MAX_KEYWORDS: Final = 200
_MAX_LANGUAGES: Final = 50
_NOT_TEXT: Final = re.compile(
    "[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]"
)


class WriteMode(StrEnum):
    """Where a caption goes."""

    SIDECAR = "sidecar"
    """Into an XMP file beside the photo, which is not touched."""
    EMBED = "embed"
    """Into the photo's own file: JPEG, PNG and WebP."""


@dataclass(frozen=True, slots=True)
class CaptionToWrite:
    """The words for one photo."""

    texts: Mapping[str, str]
    """Language tag to caption; the first one speaks where no language is asked for."""
    provenance: Provenance
    alt_texts: Mapping[str, str] = field(default_factory=dict)
    """What the picture shows, for people who can't see it; by language as well."""
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How to write."""

    sidecar_name: SidecarName = SidecarName.FULL
    keep_mtime: bool = True
    """Leave a rewritten photo its time of change, which some programs show as date."""
    fall_back: bool = True
    """Write a sidecar where embedding is refused; otherwise raise EmbedRefusedError."""
    add: bool = False
    """Leave what we wrote before in other languages, and our other keywords."""
    lock_timeout_s: float = 5.0


class KeptReason(StrEnum):
    """Why something was not written."""

    PERSON = "person"
    """A person's own words stand there, or speak for the photo already."""
    CAMERA = "camera"
    """The field holds what the camera put there."""
    FORM = "form"
    """What is there is written in a form that leaves no room for more."""
    ENCODING = "encoding"
    """The field's other texts are in an encoding that can't hold ours."""
    ROOM = "room"
    """The text is too long for this field."""


@dataclass(frozen=True, slots=True)
class WrittenText:
    """One text that was written."""

    field: str
    language: str


@dataclass(frozen=True, slots=True)
class KeptText:
    """A field that was left as it is."""

    field: str
    language: str
    reason: KeptReason
    where: str = ""
    """The place of the words that were kept, such as `iptc:Caption-Abstract`."""


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What became of a caption."""

    photo: Path
    mode: WriteMode
    """Where it went, or would have gone."""
    file: Path | None
    """The file that was written; None if nothing had to be changed."""
    written: tuple[WrittenText, ...] = ()
    """What of ours stands there now, also if it did so before."""
    kept: tuple[KeptText, ...] = ()
    instead: str = ""
    """Why a sidecar was written although embedding was asked for."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        return asdict(self) | {
            "photo": str(self.photo),
            "file": None if self.file is None else str(self.file),
        }


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """What became of a photo when our words were taken out again."""

    photo: Path
    removed: tuple[Path, ...] = ()
    """Sidecars that held nothing but our words."""
    rewritten: tuple[Path, ...] = ()
    """Files that our words were taken out of."""
    identical: bool | None = None
    """Whether all are to the byte what they were before; None: nothing was ours."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        return {
            "photo": str(self.photo),
            "removed": [str(path) for path in self.removed],
            "rewritten": [str(path) for path in self.rewritten],
            "identical": self.identical,
        }


def checked(caption: CaptionToWrite) -> CaptionToWrite:
    """Return the words trimmed; raise CaptionTextError for what can't be stored."""
    texts = _checked_texts(caption.texts, "caption")
    alt_texts = _checked_texts(caption.alt_texts, "alt text")
    keywords = dict.fromkeys(
        _checked_text(word, "keyword", MAX_KEYWORD) for word in caption.keywords
    )
    if not (texts or alt_texts or keywords):
        raise CaptionTextError("there is nothing to write: no caption and no keyword")
    if len(keywords) > _MAX_KEYWORDS:
        raise CaptionTextError(f"there are more than {_MAX_KEYWORDS} keywords")
    return replace(caption, texts=texts, alt_texts=alt_texts, keywords=tuple(keywords))


def _checked_texts(texts: Mapping[str, str], what: str) -> dict[str, str]:
    if len(texts) > _MAX_LANGUAGES:
        raise CaptionTextError(f"there are more than {_MAX_LANGUAGES} languages")
    for language in texts:
        if not re.fullmatch(LANGUAGE_PATTERN, language):
            raise CaptionTextError(
                f"'{language[:40]}' is no language code such as en, de or pt-BR"
            )
    return {
        language: _checked_text(text, what, MAX_TEXT)
        for language, text in texts.items()
    }


def _checked_text(text: str, what: str, limit: int) -> str:
    trimmed = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not trimmed:
        raise CaptionTextError(f"the {what} is empty")
    if len(trimmed) > limit:
        raise CaptionTextError(f"the {what} is longer than {limit} characters")
    odd = _NOT_TEXT.search(trimmed)
    if odd is not None:
        raise CaptionTextError(
            f"the {what} holds the character U+{ord(odd[0]):04X}, which is no text"
        )
    return trimmed
