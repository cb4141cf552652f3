"""The self-benchmark: run in a child, kept in the home, the best of several.

A result holds for one CPU, one number of threads and one version of the library. What
another program takes meanwhile only makes a machine look slower, so the highest of each
rate is kept, and a first run beside busy neighbours is not the last one.
"""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from .const import MIB
from .errors import ProtocolError
from .hardware import HardwareInfo, available_memory
from .hardware.identity import identity
from .hardware.neighbours import NeighbourMeter
from .hardware.speed import MachineSpeed, Rates, guess_speed
from .hardware.threads import all_threads
from .inference.child import WorkerLaunch
from .inference.errand import ask_once
from .machine_file import MachineFile

FILE_NAME: Final = "benchmark.json"
_SECONDS: Final = 0.3
"""Of each of the three rates, with one thread and with all: two seconds together."""
_TIMEOUT_S: Final = 120.0
_BUFFER_BYTES: Final = 64 * MIB
"""More than the last cache of most machines holds."""
_LEAST_BUFFER_BYTES: Final = 8 * MIB
_SHARE_OF_BUFFER: Final = 4
_RUNS: Final = 3
_QUIET: Final = 0.15
"""Share of the cores that others may take in a run that needs no other."""


@dataclass(frozen=True)
class Benchmark:
    """Measures this machine and keeps what was measured."""

    home: Path
    launch: WorkerLaunch
    seconds: float = _SECONDS

    @cached_property
    def _file(self) -> MachineFile:
        return MachineFile(self.home / FILE_NAME)

    def speed(self, hardware: HardwareInfo) -> MachineSpeed:
        """Return what was measured on this machine, or what such machines do."""
        return self._stored(hardware) or guess_speed(hardware)

    def is_settled(self, hardware: HardwareInfo) -> bool:
        """Return whether no further run is needed."""
        stored = self._stored(hardware)
        if stored is None:
            return False
        is_quiet = stored.others is not None and stored.others <= _QUIET
        return is_quiet or stored.runs >= _RUNS

    async def run(self, hardware: HardwareInfo) -> MachineSpeed:
        """Measure once more; keep and return the best that is known."""
        threads = all_threads(hardware)
        counts = sorted({1, threads})
        meter = NeighbourMeter()
        meter.share()  # what follows is measured from here
        answer = await ask_once(
            self.launch,
            {
                "op": "benchmark",
                "threads": counts,
                "buffer_bytes": _buffer_bytes(),
                "seconds": self.seconds,
            },
            _TIMEOUT_S,
        )
        rates = _rates(answer, len(counts))
        found = MachineSpeed(
            one=rates[0],
            all=rates[-1],
            threads=threads,
            runs=1,
            taken_at=datetime.now(UTC).isoformat(timespec="seconds"),
            others=meter.share(),
        )
        best = best_of(self._stored(hardware), found)
        self._file.write(identity(hardware), {"speed": asdict(best)})
        return best

    def _stored(self, hardware: HardwareInfo) -> MachineSpeed | None:
        try:
            speed = {**self._file.read(identity(hardware))["speed"]}
            one, together = Rates(**speed.pop("one")), Rates(**speed.pop("all"))
            return MachineSpeed(one=one, all=together, **speed)
        except (TypeError, KeyError):
            return None


def best_of(known: MachineSpeed | None, found: MachineSpeed) -> MachineSpeed:
    """Return the highest of each rate; the time is that of the last gain. Pure."""
    if known is None:
        return found
    one, together = known.one.best(found.one), known.all.best(found.all)
    gained = (one, together) != (known.one, known.all)
    shares = [s.others for s in (known, found) if s.others is not None]
    return MachineSpeed(
        one=one,
        all=together,
        threads=found.threads,
        runs=known.runs + 1,
        taken_at=found.taken_at if gained else known.taken_at,
        others=min(shares, default=None),
    )


def _buffer_bytes() -> int:
    free = available_memory()
    if free is None:
        return _BUFFER_BYTES
    share = free // _SHARE_OF_BUFFER
    return max(min(_BUFFER_BYTES, share), _LEAST_BUFFER_BYTES)


def _rates(answer: dict[str, Any], count: int) -> list[Rates]:
    try:
        rates = [Rates(**entry) for entry in answer["rates"]]
    except (KeyError, TypeError) as err:
        raise ProtocolError(f"the worker measured nothing ({err})") from None
    if len(rates) != count:
        raise ProtocolError("the worker left a measurement out")
    return rates
