"""What can be said of one model on this machine, as clients see it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from ..answering import answers_questions
from ..downloads import ModelState
from ..inference.runner import RunnerState
from ..manifest import ModelSpec
from ..selection import (
    Choice,
    Pace,
    Reason,
    ReasonCode,
    Selection,
    marks_to_dict,
    memory_need,
)
from ..selftest import SelfTest

_CURED_BY_DOWNLOAD: Final = frozenset(
    {
        ReasonCode.STAGE_OFF,
        ReasonCode.DISK_TOO_SMALL,
        ReasonCode.LICENSE_NOT_ACCEPTED,
        ReasonCode.UNVERIFIED,
        ReasonCode.NOT_INSTALLED,
    }
)
"""Reasons that say nothing about whether the model suits this machine."""


class Fit(StrEnum):
    """Whether a model suits this machine."""

    RUNNING = "running"
    """It answers now."""
    RECOMMENDED = "recommended"
    """It is better than what answers now, after a download."""
    FITS = "fits"
    DOES_NOT_FIT = "does_not_fit"
    OFF = "off"
    """Its task is switched off."""


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """One model: what it is, whether it fits, and where it stands."""

    spec: ModelSpec
    state: ModelState
    download_bytes: int | None
    license_pending: bool
    fit: Fit
    choice: Choice | None
    reasons: tuple[Reason, ...]
    pace: Pace | None
    """How long a photo takes it here, if that can be told."""
    self_test: SelfTest | None
    runner: RunnerState
    pinned: bool

    @property
    def is_suited(self) -> bool:
        """Return whether nothing but a download stands between it and an answer."""
        return not misfits(self.reasons)


def misfits(reasons: Iterable[Reason]) -> list[Reason]:
    """Return the reasons for which a model is not made for this machine."""
    return [reason for reason in reasons if reason.code not in _CURED_BY_DOWNLOAD]


def fit_of(
    selection: Selection, spec: ModelSpec
) -> tuple[Fit, Choice | None, tuple[Reason, ...]]:
    """Return how a model came out of the selection."""
    entry = selection.get(spec.task)
    if entry.running is not None and entry.running.model.id == spec.id:
        return Fit.RUNNING, entry.running, ()
    if entry.recommended is not None and entry.recommended.model.id == spec.id:
        return Fit.RECOMMENDED, entry.recommended, ()
    for choice in entry.others:
        if choice.model.id == spec.id:
            return Fit.FITS, choice, ()
    for rejection in entry.rejected:
        if rejection.model_id == spec.id:
            fit = Fit.DOES_NOT_FIT if misfits(rejection.reasons) else Fit.FITS
            is_off = rejection.reasons[0].code is ReasonCode.STAGE_OFF
            return Fit.OFF if is_off else fit, None, rejection.reasons
    return Fit.OFF, None, ()


def pace_of(selection: Selection, spec: ModelSpec) -> Pace | None:
    """Return how long a photo takes a model, whether it was chosen or not."""
    entry = selection.get(spec.task)
    choices = (entry.running, entry.recommended, *entry.others)
    paces = {c.model.id: c.pace for c in choices if c is not None}
    paces.update({r.model_id: r.pace for r in entry.rejected})
    return paces.get(spec.id)


def facts_to_dict(facts: ModelFacts) -> dict[str, Any]:
    """Return the JSON form."""
    spec = facts.spec
    return {
        "id": spec.id,
        "title": spec.title or spec.id,
        "task": spec.task.value,
        "family": spec.family,
        "library": spec.library,
        "answers_questions": answers_questions(spec),
        "format": spec.format.value,
        "quantization": spec.quantization,
        "languages": list(spec.languages),
        "license": spec.license,
        "license_note": spec.license_note,
        "license_pending": facts.license_pending,
        "verified": spec.verified,
        "quality": dict(spec.quality),
        "total_bytes": spec.total_bytes,
        "download_bytes": facts.download_bytes,
        "state": facts.state.value,
        "runner": facts.runner.value,
        "pinned": facts.pinned,
        "fit": facts.fit.value,
        **_choice(facts),
        "reasons": [_reason(reason) for reason in facts.reasons],
        "self_test": None if facts.self_test is None else _self_test(facts.self_test),
    }


def _choice(facts: ModelFacts) -> dict[str, Any]:
    choice = facts.choice
    need = memory_need(facts.spec) if choice is None else choice.need
    return {
        "why": None if choice is None else choice.why,
        "seconds": None if facts.pace is None else facts.pace.seconds,
        "seconds_source": None if facts.pace is None else facts.pace.source.value,
        "marks": marks_to_dict(facts.spec, facts.pace),
        "memory_bytes": None if need is None else need.load_peak_bytes,
    }


def _reason(reason: Reason) -> Mapping[str, str]:
    return {"code": reason.code.value, "problem": reason.problem, "cure": reason.cure}


def _self_test(test: SelfTest) -> dict[str, Any]:
    return {
        "passed": test.passed,
        "reason": test.reason,
        "seconds": test.seconds,
        "peak_rss_bytes": test.peak_rss_bytes,
    }
