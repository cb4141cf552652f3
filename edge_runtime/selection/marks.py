"""One scale for what models are worth: one to five dots for quality and for speed."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from ..manifest.model import ModelSpec
from .facts import pace_text
from .model import Pace

OF: Final = 5
_QUALITY: Final = (20.0, 40.0, 60.0, 80.0)
"""Scores of `models.yaml` from which there is a dot more."""
_SPEED: Final = (1.0, 4.0, 15.0, 60.0)
"""Seconds per photo, each some four times the last, from which there is one less."""


@dataclass(frozen=True, slots=True)
class QualityMark:
    """How good a model is among those of its task."""

    dots: int
    score: float
    """0 to 100."""
    basis: str | None
    """`measured` by the makers of the manifest, `published`, or `estimated`."""
    source: str | None
    """Who says so, or what follows from what."""


@dataclass(frozen=True, slots=True)
class SpeedMark:
    """How fast a model is on this machine."""

    dots: int
    seconds: float
    source: str
    """`measured_here`, `measured_alike`, `estimated` or `guessed`."""


def quality_mark(spec: ModelSpec) -> QualityMark | None:
    """Return the mark of a model's score, or None if it has none."""
    score = spec.quality.get("score")
    if not isinstance(score, int | float):
        return None
    return QualityMark(
        dots=1 + sum(score >= least for least in _QUALITY),
        score=float(score),
        basis=spec.quality.get("basis"),
        source=spec.quality.get("source"),
    )


def speed_mark(pace: Pace | None) -> SpeedMark | None:
    """Return the mark of a model's seconds, or None if they are not known."""
    if pace is None:
        return None
    dots = OF - sum(pace.seconds > most for most in _SPEED)
    return SpeedMark(dots, pace.seconds, pace.source.value)


def marks_to_dict(spec: ModelSpec, pace: Pace | None) -> dict[str, Any]:
    """Return the JSON form; None where nothing is known."""
    quality, speed = quality_mark(spec), speed_mark(pace)
    return {
        "of": OF,
        "quality": None if quality is None else asdict(quality),
        "speed": None if speed is None else asdict(speed),
    }


def marks_in_words(spec: ModelSpec, pace: Pace | None) -> Sequence[str]:
    """Return the marks that are known, each with where it comes from."""
    words = []
    if (quality := quality_mark(spec)) is not None:
        basis = f" ({quality.basis})" if quality.basis else ""
        words.append(f"quality {_dots(quality.dots)}{basis}")
    if pace is not None and (speed := speed_mark(pace)) is not None:
        taken = f"{pace_text(pace)} a photo ({pace.source.words})"
        words.append(f"speed {_dots(speed.dots)} {taken}")
    return words


def _dots(count: int) -> str:
    return "●" * count + "○" * (OF - count)
