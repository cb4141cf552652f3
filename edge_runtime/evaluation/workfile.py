"""The work file: one JSON line a photo, so that a killed evaluation goes on.

The first line says what the results hold for. A line that a kill or a power cut tore
is dropped; nothing that was whole before it is lost.
"""

from collections.abc import Iterator
import contextlib
from dataclasses import dataclass, field
import errno
import fcntl
import hashlib
from io import FileIO
import json
import os
from pathlib import Path
import re
from time import monotonic
from types import TracebackType
from typing import Any, Final, Self

from ..files import FileWriteError
from .dataset import ReferencePhoto
from .records import PhotoResult

_SYNC_INTERVAL_S: Final = 2.0
_KEY_SHOWN: Final = 12


class EvaluationBusyError(FileWriteError):
    """Another process is making the same evaluation."""

    code = "evaluation_busy"
    status = 409


@dataclass(slots=True)
class WorkFile:
    """The results of one model on one data set, kept while they are made."""

    path: Path
    basis: dict[str, Any]
    """Everything that a result depends on; results of another basis never mix in."""
    _file: FileIO | None = None
    _results: dict[tuple[str, int, int], PhotoResult] = field(default_factory=dict)
    _synced: float = 0.0

    @classmethod
    def of(cls, folder: Path, label: str, basis: dict[str, Any]) -> Self:
        """Return the work file of a basis; nothing is opened yet."""
        text = json.dumps(basis, sort_keys=True)
        key = hashlib.sha256(text.encode()).hexdigest()
        slug = re.sub(r"[^A-Za-z0-9.]+", "-", label).strip("-.") or "evaluation"
        # as it will be read again: JSON knows no tuples
        return cls(folder / f"{slug}-{key[:_KEY_SHOWN]}.jsonl", json.loads(text))

    def open(self, *, fresh: bool) -> None:
        """Take the file for this process and read what is there, unless `fresh`."""
        with _write_errors(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("a+b", buffering=0)
            self._lock(self._file)
            if fresh or not self._read(self._file):
                self._file.truncate(0)
                self._write(self.basis)

    def __enter__(self) -> Self:
        """Return the opened file."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let the file go."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def get(self, photo: ReferencePhoto) -> PhotoResult | None:
        """Return the final result for exactly this photo, if there is one."""
        result = self._results.get((photo.name, photo.size, photo.mtime_ns))
        return result if result is not None and result.is_final else None

    def add(self, photo: ReferencePhoto, result: PhotoResult) -> None:
        """Append a result; once this returns, only a power cut could take it."""
        stamp = {"size": photo.size, "mtime_ns": photo.mtime_ns}
        with _write_errors(self.path):
            self._write({**stamp, "result": result.to_dict()})
        self._results[photo.name, photo.size, photo.mtime_ns] = result

    def _lock(self, file: FileIO) -> None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise EvaluationBusyError(
                f"{self.path}: another process is making this evaluation; wait until "
                "it is done, or end it"
            ) from None

    def _read(self, file: FileIO) -> bool:
        """Take in what is whole and cut off a torn end; return whether it is ours."""
        file.seek(0)
        content = file.readall()
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):
            file.truncate(len(whole))
        lines = whole.splitlines()
        if not lines or _parse(lines[0]) != self.basis:
            return False
        for line in lines[1:]:
            row = _parse(line)
            with contextlib.suppress(KeyError, TypeError):
                result = PhotoResult.from_dict(row["result"])
                self._results[result.name, row["size"], row["mtime_ns"]] = result
        return True

    def _write(self, row: dict[str, Any]) -> None:
        if self._file is None:
            raise ValueError("the work file is not open")
        # one call to the system: a kill leaves a whole line or a torn last one
        line = json.dumps(row).encode() + b"\n"
        written = self._file.write(line)
        if written != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if monotonic() - self._synced > _SYNC_INTERVAL_S:
            os.fsync(self._file.fileno())
            self._synced = monotonic()


def _parse(line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError:
        return {}
    return row if isinstance(row, dict) else {}


@contextlib.contextmanager
def _write_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as err:
        raise FileWriteError(f"{path}: can't be written: {err.strerror}") from None
