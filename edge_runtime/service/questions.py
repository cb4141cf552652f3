"""What a client asks: which photo, and how it should be described."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
import json
from pathlib import Path
from typing import Any, Final, Self

from ..jobs import Priority

PLAIN: Final = "plain"
NORMAL: Final = "normal"
SHORT: Final = "short"
RICH: Final = "rich"


@dataclass(frozen=True, slots=True)
class CaptionOptions:
    """How a photo should be described."""

    language: str = "en"
    model: str | None = None
    """The captioner to use; None: the best that is here."""
    style: str = ""
    """Empty: as the settings say, and short for a camera."""
    detail: str = NORMAL
    context: Mapping[str, str] = field(default_factory=dict)
    """Facts that the person knows about the photo."""
    template: str = ""
    """The person's own, of the style `custom`."""
    rewrite: bool | None = None
    """May a language model join caption and facts? None: as the settings say."""
    read_text: str = ""
    """Which text in the photo is read; empty: as the settings say."""
    verify: bool = True
    refresh: bool = False
    """Describe it anew, whatever is stored."""
    look_for: tuple[str, ...] = ()
    """Things to say of whether they are in the photo."""
    question: str = ""
    """To be answered in place of a caption, by the model that is named."""
    schema: Mapping[str, Any] | None = None
    """The JSON schema that the answer follows."""
    max_tokens: int | None = None

    @classmethod
    def asking(
        cls,
        model: str,
        question: str,
        *,
        language: str,
        schema: Mapping[str, Any] | None = None,
        max_tokens: int | None = None,
        refresh: bool = False,
    ) -> Self:
        """Return the options of a question that a certain model answers."""
        return cls(
            model=model,
            question=question,
            language=language,
            schema=schema,
            max_tokens=max_tokens,
            refresh=refresh,
            verify=False,
        )

    def key(self, picture_hash: str) -> str:
        """Return what makes two questions the same."""
        parts = [
            picture_hash,
            self.language,
            self.model or "",
            self.style,
            self.detail,
            self.template,
            self.rewrite,
            self.read_text,
            self.verify,
            sorted(self.context.items()),
            list(self.look_for),
            [self.question, self.schema, self.max_tokens],
        ]
        return json.dumps(parts)

    @property
    def is_plain(self) -> bool:
        """Return whether a stored caption, made without wishes, answers it."""
        return (
            self.style in {"", PLAIN}
            and not self.template
            and self.rewrite is None
            and not self.read_text
            and self.detail == NORMAL
            and self.verify
            and not self.context
            and not self.question
        )


@dataclass(frozen=True, slots=True)
class Question:
    """One photo to be described."""

    options: CaptionOptions
    path: Path | None = None
    """A file that is to be described; of an upload, or in an allowed folder."""
    photo_id: str | None = None
    """A photo of the store, instead of a path."""
    name: str = "the photo"
    """What messages call it: uploads lie under names that say nothing."""
    is_upload: bool = False
    source: str | None = None
    """The camera that the picture comes from."""
    store: bool = False
    two_phase: bool = False
    priority: Priority = Priority.WAITING
    started_by: str = ""
    take: Callable[[], Path] | None = None
    """Keeps an upload's file after its request; the path is where it lies then."""

    @property
    def is_kept(self) -> bool:
        """Return whether the photo is to be stored."""
        return self.store or self.source is not None

    def to_params(self) -> dict[str, Any]:
        """Return the JSON form for a job."""
        values = {name: getattr(self, name) for name in _STORED}
        path = None if self.path is None else str(self.path)
        return {**values, "path": path, "options": asdict(self.options)}

    @classmethod
    def from_params(cls, params: Mapping[str, Any], priority: int) -> Self:
        """Return the question that a job holds."""
        options = {**params["options"]}
        options["look_for"] = tuple(options.get("look_for", ()))
        values = {name: params[name] for name in _STORED}
        path = params["path"]
        return cls(
            options=CaptionOptions(**options),
            path=None if path is None else Path(path),
            priority=Priority(priority),
            **values,
        )


_STORED: Final = ("photo_id", "name", "is_upload", "source", "store", "two_phase")
