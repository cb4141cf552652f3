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


USUAL_LIMITS_S: Final[Mapping[Preference, float]] = MappingProxyType(
    {Preference.QUALITY: 60.0, Preference.SPEED: 10.0, Preference.MEMORY: 30.0}
)
"""Seconds per photo where nothing else is set."""


@dataclass(frozen=True, slots=True)
class SelectionLayer:
    """What one `selection` block says; None and absent tasks are left to others."""

    choices: Mapping[Task, str] = field(default_factory=lambda: MappingProxyType({}))
    prefer: Preference | None = None
    seconds_per_photo: float | None = None


@dataclass(frozen=True, slots=True)
class SelectionSettings:
    """How models are chosen: per task `auto`, `none` (stage off) or a model's id."""

    choices: Mapping[Task, str] = field(default_factory=lambda: MappingProxyType({}))
    prefer: Preference = Preference.QUALITY
    seconds_per_photo: float | None = None
    """None: what goes with the preference."""

    @property
    def limit_s(self) -> float:
        """Return the seconds that a photo may take a model."""
        return self.seconds_per_photo or USUAL_LIMITS_S[self.prefer]

    def choice(self, task: Task) -> str:
        """Return `auto`, `none` or the pinned id of a task."""
        return self.choices.get(task, AUTO)

    def overlaid(self, *layers: SelectionLayer | None) -> "SelectionSettings":
        """Return these settings with layers laid over them; later ones win."""
        merged = self
        for layer in layers:
            if layer is not None:
                seconds = layer.seconds_per_photo
                merged = SelectionSettings(
                    choices=MappingProxyType({**merged.choices, **layer.choices}),
                    prefer=layer.prefer or merged.prefer,
                    seconds_per_photo=seconds or merged.seconds_per_photo,
                )
        return merged


def parse_selection(value: YamlValue) -> SelectionLayer:
    """Return what a `selection` block says."""
    tasks = {task.value: task for task in Task}
    fields = value.fields([*tasks, "prefer", "seconds_per_photo"])
    choices = {tasks[name]: fields[name].text() for name in tasks if name in fields}
    prefer, seconds = fields.get("prefer"), fields.get("seconds_per_photo")
    return SelectionLayer(
        choices=MappingProxyType(choices),
        prefer=None if prefer is None else prefer.choice(Preference),
        seconds_per_photo=None if seconds is None else seconds.number(minimum=0.1),
    )
