"""Judge every model of a task and put those that can be used in an order."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
import math
from typing import Final

from ..hardware.model import HardwareInfo
from ..manifest.model import ModelSpec
from ..preferences import Preference
from .facts import download_size, pace_of
from .memory import MemoryNeed, memory_need
from .model import Choice, Pace, Reason, ReasonCode, SelectionContext
from .reasons import reasons_against

CURED_BY_DOWNLOAD: Final = frozenset(
    {
        ReasonCode.LICENSE_NOT_ACCEPTED,
        ReasonCode.UNVERIFIED,
        ReasonCode.NOT_INSTALLED,
    }
)
"""`download` fetches, asks for the licence and runs the self-test."""
_ONLY_BEFORE_DOWNLOAD: Final = frozenset(
    {ReasonCode.MEMORY_UNKNOWN, ReasonCode.DISK_TOO_SMALL}
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model with everything that speaks for and against it here."""

    spec: ModelSpec
    reasons: tuple[Reason, ...]
    need: MemoryNeed | None
    pace: Pace | None
    installed: bool

    @property
    def codes(self) -> frozenset[ReasonCode]:
        """Return the codes of all reasons against it."""
        return frozenset(reason.code for reason in self.reasons)

    @property
    def can_run(self) -> bool:
        """Return whether it can run now."""
        return self.codes <= _ONLY_BEFORE_DOWNLOAD

    @property
    def is_only_slow(self) -> bool:
        """Return whether it could run but for its speed."""
        return self.codes - _ONLY_BEFORE_DOWNLOAD == {ReasonCode.TOO_SLOW}

    @property
    def can_be_recommended(self) -> bool:
        """Return whether a download is all that it lacks."""
        return not self.can_run and self.codes <= CURED_BY_DOWNLOAD

    @property
    def is_eligible(self) -> bool:
        """Return whether it can run now or after a download."""
        return self.can_run or self.can_be_recommended

    def choice(self, why: str) -> Choice:
        """Return this model as a choice."""
        return Choice(
            model=self.spec,
            why=why,
            need=self.need,
            download_bytes=0 if self.installed else download_size(self.spec),
            pace=self.pace,
            installed=self.installed,
            needs_license=ReasonCode.LICENSE_NOT_ACCEPTED in self.codes,
            unverified=ReasonCode.UNVERIFIED in self.codes,
        )


def judge(
    spec: ModelSpec, hardware: HardwareInfo, context: SelectionContext
) -> Candidate:
    """Return a model with the reasons against it and its needs."""
    return Candidate(
        spec=spec,
        reasons=reasons_against(spec, hardware, context),
        need=memory_need(spec),
        pace=pace_of(spec, hardware, context),
        installed=spec.id in context.installed,
    )


def first(candidates: Iterable[Candidate], prefer: Preference) -> Candidate | None:
    """Return the one that the preference puts first, or None of none."""
    return next(iter(ranked(candidates, prefer)), None)


def better(
    running: Candidate | None, possible: list[Candidate], prefer: Preference
) -> Candidate | None:
    """Return the best of `possible` if it beats what runs; a tie is not better."""
    compared = possible if running is None else [running, *possible]
    best = first(compared, prefer)
    return None if best is running else best


def ranked(candidates: Iterable[Candidate], prefer: Preference) -> list[Candidate]:
    """Return the candidates best first; ties keep the manifest's order."""
    compared = list(candidates)
    return sorted(compared, key=_measure(compared, prefer))


def _measure(
    compared: list[Candidate], prefer: Preference
) -> Callable[[Candidate], float]:
    if prefer is Preference.QUALITY:
        return lambda entry: -_score(entry.spec)
    if prefer is Preference.MEMORY:
        return lambda entry: entry.need.load_peak_bytes if entry.need else math.inf
    return _speed_measure(compared)


def _speed_measure(compared: list[Candidate]) -> Callable[[Candidate], float]:
    """Return the best measure of speed that all of the compared models have.

    Seconds of one model say nothing against the operations of another.
    """
    if all(entry.pace is not None for entry in compared):
        return lambda entry: entry.pace.seconds if entry.pace else 0.0
    if all(entry.spec.compute_gmac is not None for entry in compared):
        return lambda entry: entry.spec.compute_gmac or 0.0
    return lambda entry: _known(entry.spec.total_bytes)


def _known(value: float | None) -> float:
    return math.inf if value is None else value


def _score(spec: ModelSpec) -> float:
    score = spec.quality.get("score")
    return float(score) if isinstance(score, int | float) else 0.0
