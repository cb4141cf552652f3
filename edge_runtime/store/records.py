"""Records of the store: what its methods take and return.

Times are Unix milliseconds in UTC, ids are ULIDs (26 characters that sort by time).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntFlag, StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeAlias, TypedDict

from ..schemas import Verdict
from .file_records import NewFile, PhotoFile

Json: TypeAlias = Mapping[str, Any]
NO_JSON: Final[Json] = MappingProxyType({})


class SourceKind(StrEnum):
    """Where photos come from, which decides what is kept of them."""

    LIBRARY = "library"
    """A folder of the person's photos: kept, suggested, reviewed."""
    CAMERA = "camera"
    """Frames in a ring that retention bounds; never in the review queue."""
    REQUEST = "request"
    """Uploads; stored only where the caller asks."""


class SuggestionState(StrEnum):
    """What became of a generated text."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    EDITED = "edited"
    REJECTED = "rejected"


class CaptionOrigin(StrEnum):
    """Whose words a caption is."""

    PERSON = "person"
    """Written by a person, or a suggestion that a person edited."""
    ACCEPTED = "accepted"
    """A suggestion taken as it was."""
    IMPORTED = "imported"
    """Found in the photo's metadata."""


class TagOrigin(IntFlag):
    """Why a photo has a tag; it can have it for several reasons."""

    CAPTION = 1
    """A hashtag in one of its captions; goes with it."""
    PERSON = 2
    IMPORTED = 4


class AlbumKind(StrEnum):
    """What holds the photos of an album together."""

    TAG = "tag"
    """Every tag is an album: it comes and goes with the tag."""
    PLACE = "place"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Source:
    """A folder, a camera or the requests of clients."""

    id: str
    kind: SourceKind
    name: str
    path: str | None = None
    settings: Json = field(default_factory=dict)
    created_at: int = 0


@dataclass(frozen=True, slots=True)
class NewPhoto:
    """A photo that the store may not know yet."""

    source_id: str
    picture_hash: str
    """Hex sha256 of the coded picture without its metadata."""
    width: int
    height: int
    perceptual_hash: int | None = None
    """64 bits, unsigned."""
    taken_at: int | None = None
    camera: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    place: Json | None = None
    people: tuple[str, ...] = ()
    stored_bytes: int = 0
    """What the runtime itself keeps on disk for it (thumbnails)."""
    file: NewFile | None = None


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo; its id stays when its file moves or its metadata change."""

    id: str
    source_id: str
    picture_hash: str
    perceptual_hash: int | None
    width: int
    height: int
    taken_at: int | None
    added_at: int
    deleted_at: int | None
    camera: str | None
    latitude: float | None
    longitude: float | None
    place: Json | None
    people: tuple[str, ...]
    stored_bytes: int
    has_caption: bool
    is_pending: bool
    """A suggestion waits for a person; always False for a camera's frames."""
    verdict: Verdict | None
    """Of the newest suggestion."""
    problem: str | None = None
    """Code of the error that kept it from being described."""


class PhotoChanges(TypedDict, total=False):
    """What can change about a photo; what is left out stays."""

    picture_hash: str
    perceptual_hash: int | None
    width: int
    height: int
    taken_at: int | None
    camera: str | None
    latitude: float | None
    longitude: float | None
    place: Json | None
    people: tuple[str, ...]
    stored_bytes: int
    problem: str | None


@dataclass(frozen=True, slots=True)
class PhotoFilter:
    """Which photos a list or a search shows; None leaves a question open."""

    has_caption: bool | None = None
    pending: bool | None = None
    verdict: Verdict | None = None
    tag: str | None = None
    album_id: str | None = None
    source_id: str | None = None
    year: int | None = None
    month: str | None = None
    """Such as `2026-11`, in UTC."""
    place: str | None = None
    """One of the names of where it was taken."""
    person: str | None = None
    """Somebody who is in it, by name."""
    undescribed: bool = False
    """True: neither a caption nor ever a suggestion, and no reason against one."""
    unwritten: bool = False
    """True: captions changed since they were last written into metadata."""
    deleted: bool = False
    """True lists the photos in the bin, and only them."""


@dataclass(frozen=True, slots=True)
class NewSuggestion:
    """A generated text, on its way into the store."""

    photo_id: str
    language: str
    text: str
    raw_text: str = ""
    verdict: Verdict = Verdict.UNCHECKED
    doubted: tuple[str, ...] = ()
    score: float | None = None
    provenance: Json = field(default_factory=dict)
    """model, revision, prompt, scorer, timings, notes."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A generated text beside a photo; only a person makes it the caption."""

    id: str
    photo_id: str
    language: str
    text: str
    raw_text: str
    state: SuggestionState
    verdict: Verdict
    doubted: tuple[str, ...]
    score: float | None
    provenance: Json
    stale: bool
    """The picture was edited after the text was made."""
    created_at: int
    decided_at: int | None


@dataclass(frozen=True, slots=True)
class SuggestionFilter:
    """Which suggestions a list shows; None leaves a question open."""

    state: SuggestionState | None = None
    language: str | None = None
    photo_id: str | None = None
    source_id: str | None = None
    verdict: Verdict | None = None
    with_cameras: bool = False
    """Also those of camera frames, which nobody reviews."""


@dataclass(frozen=True, slots=True)
class Caption:
    """The caption of a photo in one language."""

    photo_id: str
    language: str
    text: str
    origin: CaptionOrigin
    created_at: int
    suggestion_id: str | None = None


@dataclass(frozen=True, slots=True)
class CaptionChange:
    """What a caption was before it was replaced; `caption` None: there was none."""

    caption: Caption | None
    replaced_at: int


@dataclass(frozen=True, slots=True)
class Decision:
    """A suggestion after a person decided, and the caption that is there now."""

    suggestion: Suggestion
    caption: Caption | None


@dataclass(frozen=True, slots=True)
class PhotoDetails:
    """Everything the store knows about one photo."""

    photo: Photo
    files: tuple[PhotoFile, ...]
    captions: tuple[Caption, ...]
    suggestions: tuple[Suggestion, ...]
    """Newest first."""
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SimilarPhoto:
    """An earlier frame that looks the same."""

    photo_id: str
    distance: int
    """Bits of the perceptual hash that differ."""
    added_at: int


@dataclass(frozen=True, slots=True)
class Retention:
    """How much of a camera's ring is kept; None: no such bound."""

    days: float | None = None
    count: int | None = None
    stored_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Photos that left the store, and the files that are now to be deleted."""

    photo_ids: tuple[str, ...]
    files: tuple[Path, ...]
    """Thumbnails, as absolute paths; some may not exist."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag and how many photos have it."""

    name: str
    """What identifies it: NFC, casefolded."""
    display: str
    """As it was first written."""
    photos: int


@dataclass(frozen=True, slots=True)
class Shelf:
    """A month, a place or a person, and how many photos are of it."""

    name: str
    photos: int


@dataclass(frozen=True, slots=True)
class Album:
    """A set of photos under a name; a tag's album has the tag's name as its id."""

    id: str
    kind: AlbumKind
    name: str
    photos: int


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A photo that a search found, and where its words are."""

    photo: Photo
    field: str
    """caption, tags, people, suggestion, place or file."""
    text: str
    highlights: tuple[tuple[int, int], ...]
    """Start and end of each match in `text`, in code points."""


@dataclass(frozen=True, slots=True)
class Rating:
    """How good a person found a caption."""

    photo_id: str
    stars: int
    rater: str
    suggestion_id: str | None
    rated_at: int
