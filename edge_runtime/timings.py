"""How long models really took here: a mean that forgets, kept in the home.

Nothing is written while a photo is described: what is new is noted in memory and
written as a whole now and then, so an SD card wears no faster. A mean that nobody added
to for a week no longer counts: what a busy day made look slow gets another try.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from hashlib import sha256
import logging
from pathlib import Path
import time
from typing import Any, Final

from .errors import EdgeRuntimeError
from .machine_file import MachineFile
from .manifest import ModelSpec

_LOGGER = logging.getLogger(__name__)
FILE_NAME: Final = "seconds.json"
_WEIGHT: Final = 0.2
"""Of the newest time in the mean."""
_NOTABLE: Final = 0.2
"""Share by which a mean must move before anybody is told."""
_SAVE_EVERY_S: Final = 600.0
_HOLDS_S: Final = 7 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Timing:
    """What is known of one model."""

    seconds: float
    runs: int
    """Answers of a warm model; 0: only the first one after loading."""
    at: float
    """When the last one was added, in seconds of the epoch."""
    files: str
    """Hashes of the model's files: others are another model."""


class Timings:
    """Notes what runs took; one for a home."""

    def __init__(
        self,
        home: Path,
        machine: Callable[[], Mapping[str, Any]],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._file = MachineFile(home / FILE_NAME)
        self._find_machine = machine
        self._clock = clock
        self._saved_at = float("-inf")
        self._is_new = False
        self._told: dict[str, float] = {}
        self.revision = 0
        """Grows when a model's seconds have changed enough to decide anew."""

    def seconds(self, specs: Iterable[ModelSpec]) -> dict[str, float]:
        """Return the mean of each model that ran here within a week."""
        oldest = self._clock() - _HOLDS_S
        known = ((spec, self._all.get(spec.id)) for spec in specs)
        return {
            spec.id: timing.seconds
            for spec, timing in known
            if timing and timing.at >= oldest and timing.files == _files(spec)
        }

    def note(self, spec: ModelSpec, seconds: float, *, is_warm: bool) -> None:
        """Add what one answer took; the first after loading counts until a second."""
        known = self._all.get(spec.id)
        if known is not None and known.files != _files(spec):
            known = None
        if not is_warm and known is not None:
            return
        mean, runs = seconds, int(is_warm)
        if known is not None and known.runs:
            mean = known.seconds + _WEIGHT * (seconds - known.seconds)
            runs = known.runs + 1
        self._all[spec.id] = Timing(mean, runs, self._clock(), _files(spec))
        self._is_new = True
        told = self._told.get(spec.id)
        if told is None or abs(mean - told) > _NOTABLE * told:
            self._told[spec.id] = mean
            self.revision += 1

    @property
    def is_due(self) -> bool:
        """Return whether it is time to write what is new."""
        return self._is_new and time.monotonic() - self._saved_at >= _SAVE_EVERY_S

    def save(self) -> None:
        """Write what is new; a disk that takes nothing costs no caption.

        A home that nobody uses yet is not made for it: a caption leaves no trace.
        """
        if not self._is_new or not self._file.path.parent.is_dir():
            return
        self._is_new, self._saved_at = False, time.monotonic()
        known = dict(self._all)  # more may be noted meanwhile
        models = {model_id: asdict(timing) for model_id, timing in known.items()}
        try:
            self._file.write(self._machine, {"models": models})
        except EdgeRuntimeError as err:
            _LOGGER.warning("how long models took can't be kept: %s", err)

    @cached_property
    def _machine(self) -> Mapping[str, Any]:
        return self._find_machine()

    @cached_property
    def _all(self) -> dict[str, Timing]:
        try:
            rows = self._file.read(self._machine)["models"]
            found = {key: Timing(**row) for key, row in rows.items()}
        except (TypeError, KeyError, AttributeError):
            return {}
        self._told = {model_id: timing.seconds for model_id, timing in found.items()}
        return found


def _files(spec: ModelSpec) -> str:
    names = " ".join(file.sha256 or file.path for file in spec.files)
    return sha256(names.encode()).hexdigest()[:16]
