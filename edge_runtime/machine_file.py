"""A JSON file of the home that holds for one machine; on another it says nothing."""

from collections.abc import Mapping
import json
from pathlib import Path
from typing import Any

from .files import write_text


class MachineFile:
    """What was measured here; read again only when the file is another one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, ...] = ()
        self._document: Any = None

    def read(self, machine: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what is kept for a machine; empty: nothing, or nothing readable."""
        try:
            status = self.path.stat()
            seen = (status.st_mtime_ns, status.st_size, status.st_ino)
            if seen != self._seen:
                self._document = json.loads(self.path.read_text(encoding="utf-8"))
                self._seen = seen
        except (OSError, ValueError):
            self._seen, self._document = (), None
        document = self._document
        if isinstance(document, dict) and document.get("machine") == machine:
            return document
        return {}

    def write(self, machine: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """Replace the file; raise FileWriteError if that is not possible."""
        document = {"machine": machine, **values}
        write_text(self.path, json.dumps(document, indent=1) + "\n")
