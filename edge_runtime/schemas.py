"""Records that cross a boundary: between layers, processes and clients."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from .facts import Fact, FactKind, TextPath


class Task(StrEnum):
    """What a model is for; the names are Hugging Face's."""

    IMAGE_TO_TEXT = "image-to-text"
    TEXT_GENERATION = "text-generation"
    TRANSLATION = "translation"
    ZERO_SHOT_IMAGE_CLASSIFICATION = "zero-shot-image-classification"
    OCR = "ocr"


class Verdict(StrEnum):
    """How far the picture supports the text that is returned."""

    SURE = "sure"
    UNSURE = "unsure"
    NONE = "none"
    UNCHECKED = "unchecked"


class Style(StrEnum):
    """How a caption is meant to be used."""

    PLAIN = "plain"
    SHORT = "short"
    """At most 60 characters."""
    DETAILED = "detailed"
    """Everything that is known."""
    ALT_TEXT = "alt_text"
    """For those who can't see the picture."""
    SOCIAL = "social"
    """With hashtags."""
    KEYWORDS = "keywords"
    """No sentence."""
    NOTIFICATION = "notification"
    """A title and a sentence."""
    CUSTOM = "custom"
    """By a template of the person's own."""


class ReadText(StrEnum):
    """Which text in a picture is read, where a text reader is installed."""

    NEVER = "never"
    LARGE = "large"
    """What is large enough to matter."""
    ALL = "all"


@dataclass(frozen=True, slots=True)
class CaptionRequest:
    """One photo to describe."""

    path: str
    language: str = "en"
    verify: bool = True
    """Whether the caption is checked against the photo, where a scorer is there."""
    facts: tuple[Fact, ...] = ()
    """Given with the request."""
    find: tuple[FactKind, ...] = ()
    """What may be read from the photo itself."""
    root: str | None = None
    """The folder of the library that holds the photo; its name is no album."""
    position: tuple[float, float] | None = None
    """Where the photo was taken, for a copy that doesn't say so itself."""
    is_own_path: bool = True
    """Folder and file have the names that a person or a camera gave."""
    style: Style = Style.PLAIN
    template: str = ""
    """The person's own, of the style `custom`."""
    rewrite: bool = False
    """Whether a language model may join caption and facts, where one fits."""
    read_text: ReadText = ReadText.NEVER
    look_for: tuple[str, ...] = ()
    """Things to say of whether they are in the photo."""
    question: str = ""
    """To be answered in place of a caption, by a model that reads prompts."""
    schema: Mapping[str, Any] | None = None
    """The JSON schema that the answer follows."""
    max_tokens: int | None = None
    """Of the answer; None: as many as answers have."""


@dataclass(frozen=True, slots=True)
class LookedFor:
    """A thing that a client looks for, and whether it is in the photo."""

    thing: str
    """In the client's words."""
    present: bool | None = None
    """None: not sure enough for either."""
    score: float | None = None
    """The scorer's probability of it."""
    reason: str = ""
    """Why `present` is None."""


@dataclass(frozen=True, slots=True)
class ImageLabel:
    """A thing that an image classifier sees, by its short name."""

    name: str
    probability: float


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of text that stands in a picture."""

    text: str
    probability: float
    """Mean of the characters' probabilities."""
    height: float
    """Of the line, as a share of the picture's height."""


@dataclass(frozen=True, slots=True)
class VisualCaption:
    """What a captioner says about a picture, before any check or text stage."""

    text: str
    token_logprobs: tuple[float, ...]
    """Natural log-probability of each generated token, the end token included."""
    score: float
    """What the search ranked by: summed log-probability / tokens ** length_penalty."""


@dataclass(frozen=True, slots=True)
class CaptionResult:
    """A caption with what a person needs to judge it."""

    path: str
    caption: str
    raw_caption: str
    """The captioner's own words, its best guess before any check or text stage."""
    language: str
    model: str
    verdict: Verdict
    doubted: tuple[str, ...]
    """Words of `raw_caption`, and of `caption`, that the picture does not seem to
    support."""
    seconds: float
    """Wall seconds from the request to the answer."""
    log_probability: float | None = None
    """Mean natural log-probability per token of the raw caption."""
    stages: dict[str, float] | None = None
    notes: tuple[str, ...] = ()
    image_text_score: float | None = None
    """How well the picture supports `caption`, on the scorer's own scale."""
    scorer: str | None = None
    """Id of the model that checked the caption; None: nothing did."""
    style: Style = Style.PLAIN
    facts: tuple[Fact, ...] = ()
    """What was known beside the picture, and is told in `caption`."""
    text_path: TextPath = TextPath.VISUAL
    text_reason: str = ""
    """Why `caption` was made this way."""
    title: str = ""
    """Of a notification."""
    hashtags: tuple[str, ...] = ()
    """Proposed; only a person makes them tags."""
    looked_for: tuple[LookedFor, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form that the command line and clients see."""
        return asdict(self) | {"facts": [fact.to_dict() for fact in self.facts]}
