"""One look at a folder: the walk, what changed, and what is whole already."""

from dataclasses import dataclass
import os
from pathlib import Path
from threading import Event
import time

from ..metadata import remove_leftover
from ..store import KnownFiles
from .diff import Difference, compare
from .settling import Now, Settling
from .walk import Seen, Walk, WalkReport


@dataclass(frozen=True, slots=True)
class Look:
    """What a look found; files that still grow are in neither list of it."""

    difference: Difference
    growing: tuple[Seen, ...]
    report: WalkReport
    seconds: float


def look(
    root: Path, known: KnownFiles, settling: Settling, stopping: Event | None = None
) -> Look:
    """Compare a folder with what is known of it; blocks on the disk.

    Raises LookStoppedError soon after `stopping` is set.

    Temporary files that a killed writer of ours left are removed on the way.
    """
    started = time.monotonic()
    walk = Walk(root, stopping)
    difference = compare(walk.photos(), known, walk.report)
    now = Now(time.time_ns(), time.monotonic())
    unsettled = [*difference.new, *difference.changed]
    whole, growing = settling.split(unsettled, now)
    ready = {file.path for file in whole}
    if growing:
        difference.new = [file for file in difference.new if file.path in ready]
        difference.changed = [f for f in difference.changed if f.path in ready]
    for path in walk.report.leftovers:
        remove_leftover(root / os.fsdecode(path))
    seconds = time.monotonic() - started
    return Look(difference, tuple(growing), walk.report, seconds)
