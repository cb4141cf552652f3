"""What failed lately and is left alone for a while: servers and wrong files."""

from collections.abc import Callable
import hashlib
from pathlib import Path
import time
from typing import Any, Final

from ..errors import DownloadError, SourceUnreachableError
from ..manifest.model import ModelFile, ModelSpec
from .files import read_json, write_json

UNREACHABLE_NAME: Final = ".unreachable.json"
REMEMBER_S: Final = 600.0


class ReachMemory:
    """Ten minutes of memory per server and file, shared by all processes of a home."""

    def __init__(
        self,
        models_home: Path,
        *,
        force: bool = False,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Keep the memory in the models' folder; `force` never refuses anything."""
        self._path = models_home / UNREACHABLE_NAME
        self._force = force
        self._now = now

    def check(self, origin: str) -> None:
        """Raise SourceUnreachableError if the server failed in the last ten minutes."""
        if (told := self._told(origin)) is not None:
            raise SourceUnreachableError(
                f"{origin} could not be reached {told} and is asked again "
                f"{REMEMBER_S / 60:.0f} min after that, or now when forced"
            )

    def check_file(self, spec: ModelSpec, file: ModelFile) -> None:
        """Raise DownloadError if a file came lately and was not the right one."""
        if (told := self._told(_key(spec, file))) is not None:
            raise DownloadError(
                f"model '{spec.id}': {file.path} came and was wrong {told}; it is "
                f"fetched again {REMEMBER_S / 60:.0f} min after that, or now when "
                f"forced"
            )

    def remember(self, origin: str, reason: str) -> None:
        """Write down that a server can't be reached."""
        entry = {"at": self._now(), "reason": reason}
        write_json(self._path, {**self._fresh(), origin: entry})

    def remember_file(self, spec: ModelSpec, file: ModelFile, reason: str) -> None:
        """Write down that a file came and was not the right one."""
        self.remember(_key(spec, file), reason)

    def forget_file(self, spec: ModelSpec, file: ModelFile) -> None:
        """Write down that the right file came."""
        self.forget(_key(spec, file))

    def forget(self, origin: str) -> None:
        """Write down that a server answers again."""
        entries = read_json(self._path)
        if entries.pop(origin, None) is not None:
            write_json(self._path, entries)

    def _told(self, key: str) -> str | None:
        entry = self._fresh().get(key)
        if self._force or entry is None:
            return None
        seconds = self._now() - entry["at"]
        ago = f"{seconds / 60:.0f} min" if seconds >= 60 else f"{seconds:.0f} s"  # noqa: PLR2004
        return f"{ago} ago ({entry.get('reason')})"

    def _fresh(self) -> dict[str, Any]:
        entries = read_json(self._path)
        return {key: entry for key, entry in entries.items() if self._is_fresh(entry)}

    def _is_fresh(self, entry: Any) -> bool:
        if not isinstance(entry, dict) or not isinstance(entry.get("at"), int | float):
            return False
        # a board without a clock may have written a time that lies ahead
        return 0 <= self._now() - float(entry["at"]) < REMEMBER_S


def _key(spec: ModelSpec, file: ModelFile) -> str:
    # a row with another hash or other sources is another try
    row = hashlib.sha256(repr(file).encode()).hexdigest()[:16]
    return f"{spec.id}/{file.path}#{row}"
