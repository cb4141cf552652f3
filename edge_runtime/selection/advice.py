"""Warnings beside a decision: what is unknown, slow or in another language."""

from dataclasses import replace
from typing import Final

from ..hardware.model import HardwareInfo
from ..preferences import SelectionSettings
from ..schemas import Task
from .facts import ENGLISH, pace_text, primary_language, required_features, writes
from .model import Choice, TaskSelection

_WRITING_TASKS: Final = (Task.IMAGE_TO_TEXT, Task.TEXT_GENERATION)


def hardware_notes(hardware: HardwareInfo) -> tuple[str, ...]:
    """Return the machine's own notes and what a decision had to do without."""
    notes = list(hardware.notes)
    if hardware.cpu.arch is None:
        notes.append("the architecture is unknown, so it rejects no model")
    if hardware.memory.available_bytes is None:
        notes.append(
            "the available memory is unknown, so only models that exceed the whole "
            "memory are rejected"
        )
    if hardware.disk_free_bytes is None:
        notes.append("the free disk is unknown, so it rejects no model")
    return tuple(notes)


def warnings_for(
    entry: TaskSelection, hardware: HardwareInfo, settings: SelectionSettings
) -> tuple[str, ...]:
    """Return what to know about the models that were chosen for one task."""
    chosen = [choice for choice in (entry.running, entry.recommended) if choice]
    warnings = [
        sentence
        for choice in chosen
        for sentence in (
            _unknown_memory(choice, hardware),
            _unknown_features(choice, hardware),
        )
        if sentence
    ]
    if entry.running and (slow := _slow(entry.running, settings)):
        warnings.append(slow)
    return tuple(warnings)


def with_language_warning(entry: TaskSelection, language: str) -> TaskSelection:
    """Return the decision with a word on a language that its model can't write."""
    running = entry.running
    if entry.task not in _WRITING_TASKS or running is None:
        return entry
    if writes(running.model, language):
        return entry
    known = ", ".join(running.model.languages)
    if writes(running.model, ENGLISH):
        known = "English"
    warning = (
        f"{running.model.id} doesn't write {primary_language(language)}: without a "
        f"translator the text stays in {known}"
    )
    return replace(entry, warnings=(*entry.warnings, warning))


def _unknown_memory(choice: Choice, hardware: HardwareInfo) -> str | None:
    if hardware.memory.available_bytes is None:
        return (
            f"the available memory is unknown, so {choice.model.id} may not fit: "
            "set memory_limit_mib to be safe"
        )
    if choice.need is None:
        return f"it is unknown how much memory {choice.model.id} needs"
    return None


def _unknown_features(choice: Choice, hardware: HardwareInfo) -> str | None:
    required = required_features(choice.model, hardware.cpu)
    if not required or hardware.cpu.features is not None:
        return None
    return (
        f"the CPU's features are unknown; {choice.model.id} needs {', '.join(required)}"
    )


def _slow(choice: Choice, settings: SelectionSettings) -> str | None:
    pace, limit = choice.pace, settings.limit_s
    if pace is None or pace.seconds <= limit:
        return None
    return (
        f"{choice.model.id} takes {pace_text(pace)} a photo here "
        f"({pace.source.words}), more than the limit of {limit:g} s "
        "(seconds_per_photo)"
    )
