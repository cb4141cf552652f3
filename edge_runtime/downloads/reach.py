"""Servers that could not be reached lately, so that waiting for them happens once."""

from collections.abc import Callable
from pathlib import Path
import time
from typing import Any, Final

from ..errors import SourceUnreachableError
from .files import read_json, write_json

UNREACHABLE_NAME: Final = ".unreachable.json"
REMEMBER_S: Final = 600.0


class ReachMemory:
    """Ten minutes of memory per server, shared by all processes of a home."""

    def __init__(
        self,
        models_home: Path,
        *,
        force: bool = False,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Keep the memory in the models' folder; `force` never refuses a server."""
        self._path = models_home / UNREACHABLE_NAME
        self._force = force
        self._now = now

    def check(self, origin: str) -> None:
        """Raise SourceUnreachableError if the server failed in the last ten minutes."""
        entry = self._fresh().get(origin)
        if self._force or entry is None:
            return
        seconds = self._now() - entry["at"]
        ago = f"{seconds / 60:.0f} min" if seconds >= 60 else f"{seconds:.0f} s"  # noqa: PLR2004
        raise SourceUnreachableError(
            f"{origin} could not be reached {ago} ago ({entry.get('reason')}) and is "
            f"asked again {REMEMBER_S / 60:.0f} min after that, or now when forced"
        )

    def remember(self, origin: str, reason: str) -> None:
        """Write down that a server can't be reached."""
        entry = {"at": self._now(), "reason": reason}
        write_json(self._path, {**self._fresh(), origin: entry})

    def forget(self, origin: str) -> None:
        """Write down that a server answers again."""
        entries = read_json(self._path)
        if entries.pop(origin, None) is not None:
            write_json(self._path, entries)

    def _fresh(self) -> dict[str, Any]:
        entries = read_json(self._path)
        return {key: entry for key, entry in entries.items() if self._is_fresh(entry)}

    def _is_fresh(self, entry: Any) -> bool:
        if not isinstance(entry, dict) or not isinstance(entry.get("at"), int | float):
            return False
        # a board without a clock may have written a time that lies ahead
        return 0 <= self._now() - float(entry["at"]) < REMEMBER_S
