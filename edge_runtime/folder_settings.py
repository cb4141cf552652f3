"""What a person wants of a folder: language, policy, schedule, what is written."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from pathlib import Path
import re
from typing import Any, Final, Self

from .const import LANGUAGE_PATTERN
from .schemas import Style
from .yaml_reader import YamlValue

HOURS_PATTERN: Final = r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d"
"""From when to when, by this machine's clock: `22:00-06:00` goes over midnight."""
MIN_POLL_S: Final = 5
MAX_POLL_S: Final = 86_400


class Policy(StrEnum):
    """What becomes of a suggestion."""

    SUGGEST = "suggest"
    """It waits for a person."""
    ACCEPT_SURE = "accept_sure"
    """Where the check found everything in the picture, and the photo has no caption
    yet, it becomes the caption."""


class MetadataMode(StrEnum):
    """Where accepted captions are written besides the store."""

    OFF = "off"
    SIDECAR = "sidecar"
    EMBED = "embed"


class SidecarNaming(StrEnum):
    """How a new sidecar is called."""

    FULL = "photo.jpg.xmp"
    STEM = "photo.xmp"


@dataclass(frozen=True, slots=True)
class Schedule:
    """When photos may be described that nobody waits for."""

    hours: str | None = None
    """Only between these hours; None: at any time."""
    max_load: float | None = None
    """Only while the other programs keep at most this share of the cores busy."""
    on_battery: bool = False
    """Also while the machine runs on its battery."""
    max_celsius: float = 85.0
    """Not while a sensor of the processor is hotter."""


@dataclass(frozen=True, slots=True)
class FolderSettings:
    """One field per key that a folder's settings may have."""

    language: str | None = None
    """Of the captions; None: the service's own."""
    style: Style = Style.PLAIN
    model: str | None = None
    automatic: bool = True
    """Describe photos that come in, without being asked."""
    policy: Policy = Policy.SUGGEST
    include_captioned: bool = False
    """Also make suggestions for photos that have a caption."""
    write_metadata: MetadataMode = MetadataMode.OFF
    sidecar_name: SidecarNaming = SidecarNaming.FULL
    keep_mtime: bool = True
    """Leave a photo that is written into its time of change."""
    watch: bool = True
    """Look for changes; False: only when asked to scan."""
    poll_s: int = 60
    """Seconds between two looks where the system does not tell of changes."""
    schedule: Schedule = field(default_factory=Schedule)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the settings that `to_dict` wrote; what is not known is left out."""
        known = {one.name for one in fields(cls)}
        values = {name: value for name, value in data.items() if name in known}
        for name, kind in _ENUMS.items():
            if name in values:
                values[name] = kind(values[name])
        if "schedule" in values:
            names = {one.name for one in fields(Schedule)}
            given = values["schedule"] or {}
            values["schedule"] = Schedule(
                **{name: value for name, value in given.items() if name in names}
            )
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class WatchedFolder:
    """A folder that `config.yaml` names."""

    path: Path
    name: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Only what is said; the rest is left to the defaults."""

    def to_dict(self) -> dict[str, Any]:
        """Return the form in which settings are shown."""
        name = {"name": self.name} if self.name else {}
        return {"path": str(self.path), **name, **self.settings}


_ENUMS: Final[Mapping[str, type[StrEnum]]] = {
    "style": Style,
    "policy": Policy,
    "write_metadata": MetadataMode,
    "sidecar_name": SidecarNaming,
}


def parse_folders(value: YamlValue) -> tuple[WatchedFolder, ...]:
    """Return what a `folders` list says: paths, or mappings with a path each."""
    if value.is_sequence:
        return tuple(_folder(item) for item in value.items())
    parts = (part.strip() for part in value.text().split(","))
    return tuple(WatchedFolder(_expanded(value, part)) for part in parts if part)


def _folder(value: YamlValue) -> WatchedFolder:
    if not value.is_mapping:
        return WatchedFolder(_expanded(value, value.text()))
    given = value.fields(["path", "name", *_READERS], required=["path"])
    settings = {key: _READERS[key](given[key]) for key in _READERS if key in given}
    name = given["name"].text() if "name" in given else ""
    return WatchedFolder(_expanded(given["path"], given["path"].text()), name, settings)


def _schedule(value: YamlValue) -> dict[str, Any]:
    given = value.fields(_SCHEDULE)
    return {key: _SCHEDULE[key](given[key]) for key in _SCHEDULE if key in given}


def _expanded(value: YamlValue, text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:
        value.fail("names a user that has no home folder here")


def _matching(pattern: str, example: str) -> Callable[[YamlValue], str]:
    def read(value: YamlValue) -> str:
        text = value.text()
        if not re.fullmatch(pattern, text):
            value.fail(f"must be like {example}, not '{text}'")
        return text

    return read


def _mode(value: YamlValue) -> str:
    # an unquoted `off` is false in YAML
    return "off" if value.plain() is False else value.choice(MetadataMode).value


def _poll(value: YamlValue) -> int:
    seconds = value.integer(minimum=MIN_POLL_S)
    if seconds > MAX_POLL_S:
        value.fail(f"must be at most {MAX_POLL_S}, not {seconds}")
    return seconds


_READERS: Final[Mapping[str, Callable[[YamlValue], Any]]] = {
    "language": _matching(LANGUAGE_PATTERN, "en, de or pt-BR"),
    "style": lambda value: value.choice(Style).value,
    "model": YamlValue.text,
    "automatic": YamlValue.boolean,
    "policy": lambda value: value.choice(Policy).value,
    "include_captioned": YamlValue.boolean,
    "write_metadata": _mode,
    "sidecar_name": lambda value: value.choice(SidecarNaming).value,
    "keep_mtime": YamlValue.boolean,
    "watch": YamlValue.boolean,
    "poll_s": _poll,
    "schedule": _schedule,
}
_SCHEDULE: Final[Mapping[str, Callable[[YamlValue], Any]]] = {
    "hours": _matching(HOURS_PATTERN, "22:00-06:00, in quotes"),
    "max_load": lambda value: value.number(minimum=0.0),
    "on_battery": YamlValue.boolean,
    "max_celsius": lambda value: value.number(minimum=0.0),
}
