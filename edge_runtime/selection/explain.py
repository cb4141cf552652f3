"""Say a selection in words, lines of text and JSON."""

from collections.abc import Iterable
from textwrap import wrap
from typing import Any, Final

from ..hardware.model import CpuInfo, HardwareInfo, MemoryInfo
from ..schemas import Task
from ..units import human_bytes
from .facts import free_text, needed_text
from .marks import marks_in_words, marks_to_dict
from .model import Choice, Rejection, Selection, TaskSelection
from .ranking import CURED_BY_DOWNLOAD

WIDTH: Final = 100
_LABEL_WIDTH: Final = 14
_X86_FEATURES: Final = ("sse4_1", "sse4_2", "avx", "avx2", "avx512f", "avx512_vnni")
_ARM_FEATURES: Final = ("asimd", "asimddp", "i8mm", "sve")


def explain(selection: Selection, hardware: HardwareInfo) -> list[str]:
    """Return the whole decision as plain lines of at most 100 columns."""
    lines = _entry("machine", machine_line(hardware), indent=0)
    for note in selection.hardware_notes:
        lines += _entry("note", note, indent=0)
    for task in selection.tasks:
        lines += ["", *_task_lines(task)]
    return lines


def machine_line(hardware: HardwareInfo) -> str:
    """Return what matters of a machine for a choice, unknown facts left out."""
    cpu = hardware.cpu
    facts = (
        cpu.arch,
        " ".join((hardware.board or cpu.model_name or "").split()),
        _features(cpu),
        f"{cpu.physical_cores or cpu.logical_cpus} cores"
        if cpu.physical_cores or cpu.logical_cpus
        else None,
        _memory(hardware.memory),
        None
        if hardware.disk_free_bytes is None
        else f"{free_text(hardware.disk_free_bytes)} of disk free",
    )
    return ", ".join(fact for fact in facts if fact) or "nothing is known of it"


def better_here(selection: Selection) -> str | None:
    """Return the line that names a better captioner, or None."""
    captioner = selection.get(Task.IMAGE_TO_TEXT)
    running, better = captioner.running, captioner.recommended
    if better is None or captioner.pinned:
        return None
    now = "No captioner is ready here."
    if running is not None:
        place = "built in" if running.model.is_bundled else "installed"
        now = f"{running.model.id} ({place})."
    word = "Better here" if running else "Best here"
    marks = ", ".join([better.model.id, *_download_marks(better)])
    return f"{now} {word}: {marks}: edge-captions download {better.model.id}"


def to_dict(selection: Selection) -> dict[str, Any]:
    """Return the JSON form."""
    return {
        "hardware_notes": list(selection.hardware_notes),
        "tasks": [_task_dict(entry) for entry in selection.tasks],
    }


def _features(cpu: CpuInfo) -> str | None:
    level = f"x86-64-v{cpu.x86_level}" if cpu.x86_level else None
    if cpu.features is None:
        return f"{level} (features unknown)" if level else "CPU features unknown"
    names = _X86_FEATURES if cpu.arch == "x86_64" else _ARM_FEATURES
    present = [name for name in names if name in cpu.features]
    if cpu.arch == "x86_64" and "avx" not in cpu.features:
        present.append("no avx")
    listed = " ".join(present)
    if level and listed:
        return f"{level} ({listed})"
    return level or listed or None


def _memory(memory: MemoryInfo) -> str:
    bounds = []
    if memory.limit_bytes is not None:
        bounds.append(f"(container limit {free_text(memory.limit_bytes)})")
    elif memory.total_bytes is not None:
        bounds.append(f"(of {free_text(memory.total_bytes)})")
    if memory.available_bytes is None:
        return " ".join(["available memory unknown", *bounds])
    return " ".join(
        [f"{free_text(memory.available_bytes)} of memory available", *bounds]
    )


def _task_lines(entry: TaskSelection) -> list[str]:
    if entry.stage == "off":
        return [f"{entry.task}: off"]
    pinned = f": {entry.pinned} is pinned" if entry.pinned else ""
    rows = [("running", "nothing", "")]
    if entry.running:
        rows = [_choice_row("running", entry.running)]
    if entry.recommended:
        rows.append(_choice_row("recommended", entry.recommended))
    rows += [_choice_row("also fits", choice, why=False) for choice in entry.others]
    rows += _rejection_rows(entry.rejected)
    width = max(len(model_id) for _, model_id, _ in rows)
    lines = [f"{entry.task}{pinned}"]
    for label, model_id, text in rows:
        lines += _entry(label, text, column=f"{model_id:{width}}  ")
    for warning in entry.warnings:
        lines += _entry("warning", warning)
    return lines


def _choice_row(
    label: str, choice: Choice, *, why: bool = True
) -> tuple[str, str, str]:
    facts = []
    if choice.model.is_bundled:
        facts.append("built in")
    elif choice.installed:
        facts.append("installed")
    facts += _download_marks(choice)
    if choice.need:
        facts.append(f"needs {needed_text(choice.need.load_peak_bytes)} of memory")
    facts += marks_in_words(choice.model, choice.pace)
    text = ", ".join(facts)
    return label, choice.model.id, f"{text}: {choice.why}" if why else text


def _download_marks(choice: Choice) -> list[str]:
    marks = []
    if choice.download_bytes is None:
        marks.append("size unknown")
    elif choice.download_bytes:
        marks.append(human_bytes(choice.download_bytes))
    if choice.unverified:
        marks.append("not yet tested")
    if choice.needs_license:
        marks.append(f"after you accept its licence {choice.model.license}")
    return marks


def _rejection_rows(
    rejections: tuple[Rejection, ...],
) -> Iterable[tuple[str, str, str]]:
    """Return a row per model: its decisive reason, and a cure where it is new."""
    told: set[str] = set()
    for rejection in rejections:
        decisive, *rest = [
            reason
            for reason in rejection.reasons
            # What a download would cure is not worth a line beside greater things.
            if reason.code not in CURED_BY_DOWNLOAD
        ]
        text = decisive.problem if decisive.cure in told else decisive.sentence
        told.add(decisive.cure)
        also = ", ".join(reason.code.value for reason in rest)
        yield "rejected", rejection.model_id, f"{text} (also {also})" if also else text


def _entry(label: str, text: str, column: str = "", indent: int = 2) -> list[str]:
    """Return a label, a column and a text that is wrapped below itself."""
    head = f"{'':{indent}}{label:{_LABEL_WIDTH - indent}}{column}"
    return wrap(
        text,
        WIDTH,
        initial_indent=head,
        subsequent_indent=" " * len(head),
        break_long_words=False,
        break_on_hyphens=False,
    ) or [head.rstrip()]


def _task_dict(entry: TaskSelection) -> dict[str, Any]:
    return {
        "task": entry.task.value,
        "stage": entry.stage,
        "pinned": entry.pinned,
        "running": _choice_dict(entry.running),
        "recommended": _choice_dict(entry.recommended),
        "others": _choice_dicts(entry.others),
        "rejected": [_rejection_dict(rejection) for rejection in entry.rejected],
        "warnings": list(entry.warnings),
    }


def _choice_dicts(choices: Iterable[Choice]) -> list[dict[str, Any] | None]:
    return [_choice_dict(choice) for choice in choices]


def _choice_dict(choice: Choice | None) -> dict[str, Any] | None:
    if choice is None:
        return None
    need = choice.need
    return {
        "model": choice.model.id,
        "why": choice.why,
        "memory": None
        if need is None
        else {
            "steady_bytes": need.steady_bytes,
            "load_peak_bytes": need.load_peak_bytes,
            "terms": dict(need.terms),
        },
        "download_bytes": choice.download_bytes,
        "seconds": choice.seconds,
        "seconds_source": None if choice.pace is None else choice.pace.source.value,
        "marks": marks_to_dict(choice.model, choice.pace),
        "installed": choice.installed,
        "license": choice.model.license,
        "needs_license": choice.needs_license,
        "verified": choice.model.verified,
        "unverified": choice.unverified,
    }


def _rejection_dict(rejection: Rejection) -> dict[str, Any]:
    return {
        "model": rejection.model_id,
        "reasons": [
            {
                "code": reason.code.value,
                "sentence": reason.sentence,
                "problem": reason.problem,
                "cure": reason.cure,
            }
            for reason in rejection.reasons
        ],
    }
