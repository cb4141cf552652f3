"""Records of studies, in which people compare captions of the same photos."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ..schemas import Verdict
from .records import Json


class StudyState(StrEnum):
    """Where a study stands."""

    PREPARING = "preparing"
    """Its captions are not all made yet."""
    OPEN = "open"
    """Whoever has a link can rate."""
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Variant:
    """One whole way from a photo to a caption."""

    name: str
    model: str
    """The captioner."""
    check: bool
    """The caption is held against the photo, and says less where less is seen."""
    options: Json = field(default_factory=dict)
    """What the stages after it are told, as in a request for a caption."""

    @classmethod
    def from_json(cls, data: Json) -> "Variant":
        """Return the variant that was stored."""
        return cls(data["name"], data["model"], data["check"], data["options"])

    def to_json(self) -> Json:
        """Return the variant as it is stored."""
        return {
            "name": self.name,
            "model": self.model,
            "check": self.check,
            "options": dict(self.options),
        }


@dataclass(frozen=True, slots=True)
class Study:
    """Photos, and the variants whose captions of them are compared."""

    id: str
    name: str
    language: str
    state: StudyState
    variants: tuple[Variant, ...]
    scorer: str | None
    """What gave every caption its image-text score; None: nothing did."""
    job_id: str | None
    """Makes the captions."""
    created_at: int


@dataclass(frozen=True, slots=True)
class StudyCaption:
    """What one variant says of one photo."""

    photo_id: str
    variant: int
    """Its place among the study's variants."""
    text: str
    verdict: Verdict
    score: float | None
    """How well the photo supports the text, on the scorer's scale."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Respondent:
    """Somebody who rates; the secret of the link is not kept."""

    id: str
    study_id: str
    number: int
    name: str
    """What the study's owner calls them; shown to the owner alone."""
    created_at: int
    rated_photos: int
    """Photos of which every caption has stars."""


@dataclass(frozen=True, slots=True)
class StudyRating:
    """One respondent's stars for one caption."""

    respondent: int
    """The respondent's number."""
    photo_id: str
    variant: int
    stars: int
    rated_at: int


Stars = Mapping[int, int]
"""Stars by the variant's place."""
