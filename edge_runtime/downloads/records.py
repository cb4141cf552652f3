"""Records of the model store: states, plans, progress and findings."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class ModelState(StrEnum):
    """How much of a model is on this machine."""

    BUNDLED = "bundled"
    """Every file ships inside the package and is used in place."""
    INSTALLED = "installed"
    PARTIAL = "partial"
    """Some files, a part of one, or files that were not checked yet."""
    MISSING = "missing"

    @property
    def is_usable(self) -> bool:
        """Return whether the model can be loaded now."""
        return self in {ModelState.BUNDLED, ModelState.INSTALLED}


class FileAction(StrEnum):
    """What making a model ready does with one of its files."""

    KEEP = "keep"
    CHECK = "check"
    """The file lies in its place without a record; its hash decides."""
    COPY = "copy"
    """Taken from the folder of pre-placed files."""
    FETCH = "fetch"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the downloader waits for a server."""

    connect_s: float = 5.0
    """Longest wait for a server's first word."""
    stall_s: float = 30.0
    """Longest silence in the middle of a file."""
    backoff_s: float = 0.5
    """Wait before the first resume; doubles each time."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one file is."""

    file: str
    done_bytes: int
    total_bytes: int | None
    source: str
    """Where the bytes come from, in words."""


ProgressCallback: TypeAlias = Callable[[Progress], None]
WaitCallback: TypeAlias = Callable[[int | None], None]
"""Called once with the pid that holds a model's lock, or None if it left none."""


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """What would happen to one file, and from where."""

    path: str
    action: FileAction
    source: str
    bytes: int | None
    have_bytes: int
    """What an earlier, interrupted download left."""

    @property
    def fetch_bytes(self) -> int | None:
        """Return the bytes still to be fetched, or None if the size is unknown."""
        if self.action is not FileAction.FETCH:
            return 0
        return None if self.bytes is None else max(0, self.bytes - self.have_bytes)


@dataclass(frozen=True, slots=True)
class DownloadPlan:
    """What making a model ready would do; nothing was touched."""

    model_id: str
    state: ModelState
    files: tuple[PlannedFile, ...]
    fetch_bytes: int
    """Sum over the files whose size is known."""
    sizes_known: bool
    license_pending: bool
    """The licence wants to be accepted first."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with an installed file."""

    path: str
    code: str
    """`missing`, `unreadable`, `size_mismatch` or `hash_mismatch`."""
    message: str


@dataclass(frozen=True, slots=True)
class PruneReport:
    """What a clean-up removed."""

    removed: tuple[str, ...]
    """Paths relative to the models' folder."""
    bytes: int
    busy: tuple[str, ...] = ()
    """Models left alone because another process holds them."""
