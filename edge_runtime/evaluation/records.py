"""What an evaluation notes about each photo."""

from dataclasses import asdict, dataclass, field
from typing import Any, Self

from ..errors import EdgeRuntimeError, PhotoError
from ..schemas import CaptionResult, Verdict


@dataclass(frozen=True, slots=True)
class PhotoResult:
    """What one model said about one photo, or why it said nothing."""

    name: str
    raw_caption: str = ""
    caption: str = ""
    verdict: str = Verdict.NONE.value
    doubted: tuple[str, ...] = ()
    seconds: float | None = None
    """None: there was no caption."""
    stages: dict[str, float] = field(default_factory=dict)
    image_text_score: float | None = None
    worker_peak_bytes: int = 0
    """The most memory that the captioner's worker had up to then."""
    error: dict[str, str] | None = None
    """`code` and `message`; such a photo is scored as an empty caption."""

    @property
    def is_final(self) -> bool:
        """Return whether another try would end the same way.

        A photo fails for good; a worker that died may do better next time.
        """
        if self.error is None:
            return True
        kind = EdgeRuntimeError.by_code.get(self.error["code"], EdgeRuntimeError)
        return issubclass(kind, PhotoError)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> Self:
        """Return the result that a JSON object holds; raises TypeError, KeyError."""
        return cls(**{**row, "doubted": tuple(row["doubted"])})


def photo_result(name: str, answer: CaptionResult, peak_bytes: int) -> PhotoResult:
    """Return what is noted of an answer."""
    return PhotoResult(
        name=name,
        raw_caption=answer.raw_caption,
        caption=answer.caption,
        verdict=answer.verdict.value,
        doubted=answer.doubted,
        seconds=answer.seconds,
        stages=dict(answer.stages or {}),
        image_text_score=answer.image_text_score,
        worker_peak_bytes=peak_bytes,
    )


def failed_result(name: str, error: EdgeRuntimeError, peak_bytes: int) -> PhotoResult:
    """Return what is noted of a photo that got no caption."""
    return PhotoResult(name=name, error=error.to_dict(), worker_peak_bytes=peak_bytes)
