"""How models are chosen: the `selection` block of manifest and configuration."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from .schemas import Task
from .yaml_reader import YamlValue

AUTO: Final = "auto"
NONE: Final = "none"


class Preference(StrEnum):
    """What matters most when several models fit."""

    QUALITY = "quality"
    SPEED = "speed"
    MEMORY = "memory"


@dataclass(frozen=True, slots=True)
class SelectionSettings:
    """How models are chosen: per task `auto`, `none` (stage off) or a model's id."""

    choices: Mapping[Task, str] = field(default_factory=lambda: MappingProxyType({}))
    prefer: Preference = Preference.QUALITY
    seconds_per_photo: float = 10.0

    def choice(self, task: Task) -> str:
        """Return `auto`, `none` or the pinned id of a task."""
        return self.choices.get(task, AUTO)

    def with_choice(self, task: Task, choice: str) -> "SelectionSettings":
        """Return the same settings with another choice for one task."""
        choices = MappingProxyType({**self.choices, task: choice})
        return SelectionSettings(choices, self.prefer, self.seconds_per_photo)


def parse_selection(
    value: YamlValue, base: SelectionSettings | None = None
) -> SelectionSettings:
    """Return `base` with what a `selection` block says laid over it."""
    base = base or SelectionSettings()
    tasks = {task.value: task for task in Task}
    fields = value.fields([*tasks, "prefer", "seconds_per_photo"])
    choices = dict(base.choices)
    for name, task in tasks.items():
        if name in fields:
            choices[task] = fields[name].text()
    prefer, seconds = base.prefer, base.seconds_per_photo
    if "prefer" in fields:
        prefer = fields["prefer"].choice(Preference)
    if "seconds_per_photo" in fields:
        seconds = fields["seconds_per_photo"].number(minimum=0.1)
    return SelectionSettings(MappingProxyType(choices), prefer, seconds)
