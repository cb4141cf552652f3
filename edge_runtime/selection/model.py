"""The records of a selection: what was asked, what was chosen, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from ..hardware.speed import MachineSpeed
from ..manifest.model import ModelSpec
from ..preferences import SelectionSettings
from ..schemas import Task
from .memory import MemoryNeed


class ReasonCode(StrEnum):
    """Why a model is not used; the most decisive come first."""

    STAGE_OFF = "stage_off"
    USERLAND_32_BIT = "userland_32_bit"
    ARCH_UNSUPPORTED = "arch_unsupported"
    FAMILY_NOT_IN_THIS_VERSION = "family_not_in_this_version"
    CPU_FEATURE_MISSING = "cpu_feature_missing"
    MEMORY_TOO_SMALL = "memory_too_small"
    SELF_TEST_FAILED = "self_test_failed"
    TOO_SLOW = "too_slow"
    LIBRARY_MISSING = "library_missing"
    NEEDS_CONVERSION = "needs_conversion"
    LANGUAGE_UNSUPPORTED = "language_unsupported"
    BASE_CHECKPOINT = "base_checkpoint"
    MEMORY_UNKNOWN = "memory_unknown"
    DISK_TOO_SMALL = "disk_too_small"
    LICENSE_NOT_ACCEPTED = "license_not_accepted"
    UNVERIFIED = "unverified"
    NOT_INSTALLED = "not_installed"


class PaceSource(StrEnum):
    """How the seconds of a photo are known; the surest comes first."""

    MEASURED_HERE = "measured_here"
    MEASURED_ALIKE = "measured_alike"
    """On the same device, by others."""
    ESTIMATED = "estimated"
    """From what the model computes and a benchmark of this machine."""
    GUESSED = "guessed"
    """From what the model computes and the kind of its processor."""

    @property
    def words(self) -> str:
        """Return how people are told."""
        alike = self is PaceSource.MEASURED_ALIKE
        return "measured on the same device" if alike else self.value.replace("_", " ")


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a photo takes a model on a machine."""

    seconds: float
    source: PaceSource

    @property
    def is_measured(self) -> bool:
        """Return whether somebody took the time."""
        return self.source in {PaceSource.MEASURED_HERE, PaceSource.MEASURED_ALIKE}


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that speaks against a model."""

    code: ReasonCode
    problem: str
    """What is wrong, with numbers; the model is its subject."""
    cure: str
    """What to do about it."""

    @property
    def sentence(self) -> str:
        """Return problem and cure in one sentence."""
        return f"{self.problem}: {self.cure}"


@dataclass(frozen=True, slots=True)
class Rejection:
    """A model that is neither usable now nor worth a download."""

    model_id: str
    reasons: tuple[Reason, ...]
    """All of them, the most decisive first."""
    pace: Pace | None = None
    """How long a photo would take it, if that can be told."""


@dataclass(frozen=True, slots=True)
class SelectionContext:
    """What a decision depends on besides the manifest and the machine."""

    settings: SelectionSettings
    """Request over source over configuration over manifest."""
    families: frozenset[str]
    """Families that this version of the program can run."""
    libraries: Mapping[str, str | None]
    """Version of each library by its distribution's name; None: not installed."""
    installed: frozenset[str] = frozenset()
    """Ids of models whose files are all here, the built-in ones included."""
    proven: frozenset[str] = frozenset()
    """Ids of models whose self-test passed on this machine."""
    failed: frozenset[str] = frozenset()
    """Ids of models whose self-test failed on this machine."""
    accepted_licenses: frozenset[str] = frozenset()
    """Ids of models whose licence was accepted."""
    language: str = "en"
    memory_limit_bytes: int | None = None
    """The most that the settings let a worker use."""
    room_needed: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """Bytes of disk that a model would still take while it comes, by model id; of
    one that is not named here nothing is on the disk."""
    seconds: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    """Seconds per photo by model id, as measured on this machine."""
    speed: MachineSpeed | None = None
    """How fast the machine is, for estimates; None: nothing is estimated."""
    threads: int = 1
    """How many a model computes with."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A model that could be used, and why it stands where it stands."""

    model: ModelSpec
    why: str
    need: MemoryNeed | None
    """None: the size of a file is unknown."""
    download_bytes: int | None
    """What would have to be fetched: 0 if it is here, None if unknown."""
    pace: Pace | None
    """None: it can't be told how long it takes here."""
    installed: bool = False
    needs_license: bool = False
    """Its licence must be accepted before it is downloaded or run."""
    unverified: bool = False
    """Nobody ran it with this program: a self-test has to pass here first."""

    @property
    def seconds(self) -> float | None:
        """Return the seconds per photo on this machine, if they are known."""
        return None if self.pace is None else self.pace.seconds


@dataclass(frozen=True, slots=True)
class TaskSelection:
    """The decision for one task."""

    task: Task
    stage: str
    """`on` or `off`."""
    running: Choice | None = None
    """The best installed model that fits."""
    recommended: Choice | None = None
    """A model that fits after a download and is better than `running`."""
    pinned: str | None = None
    """The id that the settings ask for."""
    others: tuple[Choice, ...] = ()
    """Models that fit too and are not better, best first."""
    rejected: tuple[Rejection, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Selection:
    """The decision for every task."""

    tasks: tuple[TaskSelection, ...]
    hardware_notes: tuple[str, ...] = ()
    """Contradictions and unknown facts of the machine, in a sentence each."""

    def get(self, task: Task) -> TaskSelection:
        """Return the decision for one task."""
        return next(entry for entry in self.tasks if entry.task is task)
