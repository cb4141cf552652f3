"""A control group of version 1 or 2 that holds a program to a few hundred megabytes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import os
from pathlib import Path
import time

import pytest

MOUNT = Path("/sys/fs/cgroup")
MIB = 1024 * 1024


@dataclass(frozen=True)
class MemoryGroup:
    """A group with a limit, without swap."""

    folder: Path
    version: int

    @property
    def prefix(self) -> list[str]:
        """Return what stands before a command to run it in the group."""
        enter = f'echo $$ > {self.folder}/cgroup.procs && exec "$@"'
        return ["sh", "-c", enter, "in-group"]

    @property
    def peak_bytes(self) -> int:
        """Return the most that was charged to the group, its page cache included."""
        name = "memory.max_usage_in_bytes" if self.version == 1 else "memory.peak"
        return int((self.folder / name).read_text())

    @property
    def program_bytes(self) -> int:
        """Return what the group's programs hold now, without page cache."""
        stat = self._stat()
        return stat["total_rss"] if self.version == 1 else stat["anon"]

    @property
    def swapped_bytes(self) -> int:
        """Return what of the group lies in swap."""
        if self.version == 1:
            return self._stat().get("total_swap", 0)
        return int((self.folder / "memory.swap.current").read_text())

    @property
    def kills(self) -> int:
        """Return how many processes the kernel killed for memory."""
        name = "memory.oom_control" if self.version == 1 else "memory.events"
        return _pairs((self.folder / name).read_text())["oom_kill"]

    def _stat(self) -> dict[str, int]:
        return _pairs((self.folder / "memory.stat").read_text())


def _pairs(text: str) -> dict[str, int]:
    return {name: int(value) for name, value in map(str.split, text.splitlines())}


@contextmanager
def memory_group(mebibytes: int) -> Iterator[MemoryGroup]:
    """Yield a group; skip the test with the reason where none can be made."""
    try:
        group = _make(mebibytes * MIB)
    except OSError as err:
        pytest.skip(f"no control group with a memory limit can be made here: {err}")
    try:
        yield group
    finally:
        _remove(group.folder)


def _make(limit: int) -> MemoryGroup:
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    own = {line.split(":", 2)[1]: line.split(":", 2)[2] for line in lines}
    name = f"edge-captions-{os.getpid()}-{time.monotonic_ns()}"
    if "memory" in own:
        folder = MOUNT / "memory" / own["memory"].strip("/") / name
        settings = {
            "memory.limit_in_bytes": limit,
            "memory.swappiness": 0,
            "memory.memsw.limit_in_bytes": limit,
        }
        version = 1
    else:
        folder = MOUNT / own.get("", "/").strip("/") / name
        settings = {"memory.max": limit, "memory.swap.max": 0}
        version = 2
    folder.mkdir()
    try:
        for file, value in settings.items():
            path = folder / file
            if path.exists() or file.endswith(("max", "limit_in_bytes")):
                path.write_text(str(value), encoding="ascii")
    except OSError:
        folder.rmdir()
        raise
    return MemoryGroup(folder, version)


def _remove(folder: Path) -> None:
    for _ in range(100):
        try:
            folder.rmdir()
        except OSError:  # its last process is still leaving
            time.sleep(0.05)
        else:
            return
