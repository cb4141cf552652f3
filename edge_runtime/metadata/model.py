"""What a photo says about itself, wherever in the file or beside it that stands."""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from .xmp_values import DEFAULT_LANGUAGE

SIDECAR: Final = "sidecar"
EMBEDDED: Final = "embedded"


class FileKind(StrEnum):
    """Kinds of files whose metadata are known."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    HEIC = "heic"
    AVIF = "avif"
    TIFF = "tiff"
    RAW = "raw"
    GIF = "gif"
    OTHER = "other"
    """Nothing is read from the file itself; a sidecar beside it is."""


class Zone(StrEnum):
    """How sure the time zone of a date is."""

    KNOWN = "known"
    FROM_GPS = "from_gps"
    """Worked out from the satellites' time, which is UTC."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class FoundText:
    """A text and the place where it was found."""

    text: str
    language: str
    """A language tag, or `x-default` where none is said."""
    place: str
    """The field, such as `dc:description` or `iptc:Caption-Abstract`."""
    source: str
    """`embedded`, or the name of the sidecar."""
    ours: bool = False
    """We wrote it, and nobody changed it since."""


@dataclass(frozen=True, slots=True)
class DateTaken:
    """When the photo was taken, as exactly as it is known."""

    value: str
    """ISO 8601, cut off where nothing more is known; an offset only if one is."""
    zone: Zone
    place: str
    source: str


@dataclass(frozen=True, slots=True)
class Camera:
    """What took the photo."""

    make: str = ""
    model: str = ""
    lens: str = ""


@dataclass(frozen=True, slots=True)
class Position:
    """Where the photo was taken, in WGS 84."""

    latitude: float
    longitude: float
    altitude_m: float | None = None
    """Above sea level; negative below it."""
    direction_deg: float | None = None
    """Where the camera looked, clockwise from north."""


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the picture as stored: centre and size as shares of its sides."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is named in the photo."""

    name: str
    area: Area | None
    place: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """How a text that we wrote came about."""

    model: str
    model_version: str = ""
    verdict: str = ""
    """What the check against the picture said."""
    software: str = ""
    """Program and version that wrote it; filled in by the writer."""


@dataclass(frozen=True, slots=True)
class PhotoMetadata:
    """Everything that was found; the most trusted text stands first."""

    kind: FileKind
    captions: tuple[FoundText, ...] = ()
    titles: tuple[FoundText, ...] = ()
    alt_texts: tuple[FoundText, ...] = ()
    comments: tuple[FoundText, ...] = ()
    """Remarks that programs fill with all kinds of things; no captions."""
    keywords: tuple[str, ...] = ()
    hierarchical_keywords: tuple[tuple[str, ...], ...] = ()
    """From the widest term to the narrowest."""
    people: tuple[Person, ...] = ()
    rating: int | None = None
    """0 to 5 stars, or -1 for rejected."""
    taken: DateTaken | None = None
    camera: Camera | None = None
    position: Position | None = None
    orientation: int = 1
    """As EXIF counts it, 1 to 8."""
    software: str = ""
    provenance: Provenance | None = None
    sidecars: tuple[Path, ...] = ()
    problems: tuple[str, ...] = field(default=())
    """Blocks that could not be read, and why."""

    def caption(self, language: str | None = None) -> FoundText | None:
        """Return the caption in a language, else the one that speaks for itself."""
        if language is not None:
            for found in self.captions:
                if same_language(found.language, language):
                    return found
        defaults = (f for f in self.captions if f.language == DEFAULT_LANGUAGE)
        return next(defaults, self.captions[0] if self.captions else None)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        return asdict(self) | {
            "kind": self.kind.value,
            "sidecars": [str(path) for path in self.sidecars],
        }


def same_language(one: str, other: str) -> bool:
    """Return whether two tags mean one language: `de` stands for `de-AT` as well."""
    first, second = one.lower(), other.lower()
    if DEFAULT_LANGUAGE in {first, second}:
        return first == second
    return (
        first == second
        or first.startswith(f"{second}-")
        or second.startswith(f"{first}-")
    )
