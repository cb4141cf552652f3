"""Choose a model for every task: a pure function of manifest, machine and context."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from ..errors import ModelUnknownError
from ..hardware.model import HardwareInfo
from ..manifest.model import Manifest
from ..preferences import AUTO, NONE, Preference, SelectionSettings
from ..schemas import Task
from ..yaml_reader import suggest
from .advice import hardware_notes, warnings_for, with_language_warning
from .facts import free_text
from .memory import memory_ceiling
from .model import (
    Choice,
    Reason,
    ReasonCode,
    Rejection,
    Selection,
    SelectionContext,
    TaskSelection,
)
from .ranking import CURED_BY_DOWNLOAD, Candidate, better, first, judge, ranked

_BEYOND_A_PIN: Final = frozenset(
    {
        ReasonCode.FAMILY_NOT_IN_THIS_VERSION,
        ReasonCode.USERLAND_32_BIT,
        ReasonCode.ARCH_UNSUPPORTED,
        ReasonCode.LIBRARY_MISSING,
        ReasonCode.LICENSE_NOT_ACCEPTED,
        ReasonCode.NOT_INSTALLED,
    }
)
"""What no setting can overrule: the model could not even start, or must not."""
_INCURABLE: Final = _BEYOND_A_PIN - CURED_BY_DOWNLOAD
"""Beside these, advice to download or to accept would lead nowhere."""
_CURED_BY_PIN: Final = frozenset(
    {ReasonCode.BASE_CHECKPOINT, ReasonCode.SELF_TEST_FAILED}
)
_WARNED_OF_ANYWAY: Final = frozenset({ReasonCode.MEMORY_UNKNOWN, ReasonCode.TOO_SLOW})

_NOUNS: Final[Mapping[Task, str]] = MappingProxyType(
    {
        Task.IMAGE_TO_TEXT: "captioners",
        Task.TEXT_GENERATION: "language models",
        Task.TRANSLATION: "translators",
        Task.ZERO_SHOT_IMAGE_CLASSIFICATION: "scorers",
        Task.OCR: "text readers",
    }
)
_SUPERLATIVES: Final[Mapping[Preference, str]] = MappingProxyType(
    {
        Preference.QUALITY: "best",
        Preference.SPEED: "fastest",
        Preference.MEMORY: "leanest",
    }
)


def select(
    manifest: Manifest, hardware: HardwareInfo, context: SelectionContext
) -> Selection:
    """Return for every task what runs now, what a download would better, and why not.

    Raises ModelUnknownError if the settings name a model that the task doesn't have.
    """
    tasks = tuple(_select_task(task, manifest, hardware, context) for task in Task)
    translated = any(
        entry.task is Task.TRANSLATION and entry.running is not None for entry in tasks
    )
    if not translated:
        tasks = tuple(with_language_warning(entry, context.language) for entry in tasks)
    return Selection(tasks, hardware_notes(hardware))


def _select_task(
    task: Task, manifest: Manifest, hardware: HardwareInfo, context: SelectionContext
) -> TaskSelection:
    specs = manifest.for_task(task)
    asked = context.settings.choice(task)
    if asked == NONE:
        reason = Reason(
            ReasonCode.STAGE_OFF,
            "is not asked, as this stage is off",
            f"set selection: {task}: auto",
        )
        off = tuple(Rejection(spec.id, (reason,)) for spec in specs)
        return TaskSelection(task, stage="off", rejected=off)
    candidates = tuple(judge(spec, hardware, context) for spec in specs)
    if asked == AUTO:
        chosen = _automatic(task, candidates, hardware, context.settings)
    else:
        chosen = _pinned(task, asked, candidates, context.settings)
    warnings = warnings_for(chosen, hardware, context.settings)
    return replace(chosen, warnings=chosen.warnings + warnings)


def _automatic(
    task: Task,
    candidates: tuple[Candidate, ...],
    hardware: HardwareInfo,
    settings: SelectionSettings,
) -> TaskSelection:
    runnable = [entry for entry in candidates if entry.can_run]
    possible = [entry for entry in candidates if entry.can_be_recommended]
    eligible = [entry for entry in candidates if entry.is_eligible]
    running = first(runnable, settings.prefer)
    recommended = better(running, possible, settings.prefer)
    why = _why_running(task, candidates, hardware, settings)
    if running is None:
        # A slow caption is better than none, so the limit never rejects the last one.
        slow = [entry for entry in candidates if entry.is_only_slow]
        running = first(slow, Preference.SPEED)
        limit = f"{settings.limit_s:g} s"
        why = f"the fastest installed, though slower than {limit}"
    noun, best = _NOUNS[task], _SUPERLATIVES[settings.prefer]
    advice = f"the {best} of {len(eligible)} {noun} that fit{_room(hardware)}"
    if len(eligible) == 1:
        advice = f"the only one that fits{_room(hardware)}"
    return TaskSelection(
        task,
        stage="on",
        running=running.choice(why) if running else None,
        recommended=recommended.choice(advice) if recommended else None,
        others=_others(candidates, (running, recommended), settings.prefer),
        rejected=_rejected(candidates, running),
    )


def _pinned(
    task: Task,
    asked: str,
    candidates: tuple[Candidate, ...],
    settings: SelectionSettings,
) -> TaskSelection:
    pinned = next((entry for entry in candidates if entry.spec.id == asked), None)
    if pinned is None:
        known = [AUTO, NONE, *(entry.spec.id for entry in candidates)]
        raise ModelUnknownError(
            f"there is no {task} model '{asked}'; {suggest(asked, known)}"
        )
    startable = not pinned.codes & _BEYOND_A_PIN
    cured = pinned.codes & _BEYOND_A_PIN <= CURED_BY_DOWNLOAD
    choice = pinned.choice("named by a setting or the request")
    hopeless = not (startable or cured)
    return TaskSelection(
        task,
        stage="on",
        running=choice if startable else None,
        recommended=choice if cured and not startable else None,
        pinned=asked,
        others=_others(candidates, (pinned,), settings.prefer),
        rejected=_rejected(candidates, pinned if cured else None),
        warnings=tuple(
            _pin_warning(asked, reason)
            for reason in pinned.reasons
            if reason.code not in _WARNED_OF_ANYWAY
            and not (hopeless and reason.code not in _INCURABLE)
        ),
    )


def _pin_warning(model_id: str, reason: Reason) -> str:
    text = reason.problem if reason.code in _CURED_BY_PIN else reason.sentence
    return f"{model_id} is pinned, but {text}"


def _why_running(
    task: Task,
    candidates: tuple[Candidate, ...],
    hardware: HardwareInfo,
    settings: SelectionSettings,
) -> str:
    installed = sum(entry.installed for entry in candidates)
    runnable = sum(entry.can_run for entry in candidates)
    noun, best = _NOUNS[task], _SUPERLATIVES[settings.prefer]
    if installed == 1:
        return "the only one installed"
    if runnable == 1:
        return f"the only one of {installed} installed {noun} that can run here"
    return f"the {best} of {runnable} installed {noun} that fit{_room(hardware)}"


def _room(hardware: HardwareInfo) -> str:
    ceiling = memory_ceiling(hardware.memory)
    return "" if ceiling is None else f" in {free_text(ceiling)}"


def _others(
    candidates: tuple[Candidate, ...],
    chosen: tuple[Candidate | None, ...],
    prefer: Preference,
) -> tuple[Choice, ...]:
    used = [entry.spec.id for entry in chosen if entry]
    left = (
        entry for entry in candidates if entry.is_eligible and entry.spec.id not in used
    )
    why = f"fits, and {used[-1]} is preferred" if used else "fits"
    return tuple(entry.choice(why) for entry in ranked(left, prefer))


def _rejected(
    candidates: tuple[Candidate, ...], used: Candidate | None
) -> tuple[Rejection, ...]:
    return tuple(
        Rejection(entry.spec.id, entry.reasons, entry.pace)
        for entry in candidates
        if entry is not used and not entry.is_eligible
    )
