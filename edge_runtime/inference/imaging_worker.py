"""The imaging worker: a light child process that looks at photos without a model.

Started as `python -P -m edge_runtime.inference.imaging_worker`. A hostile picture ends
this child, never the service.
"""

from contextlib import suppress
from dataclasses import asdict
import errno
import os
from pathlib import Path
import sys
from typing import Any, Final

from PIL import Image

from ..errors import DiskFullError, WorkerError
from ..files import FileWriteError
from ..imaging import open_photo
from ..imaging.facts import read_facts
from ..imaging.fingerprint import brightness_grid, perceptual_hash
from .imaging_messages import Inspection, InspectJob
from .index_messages import IndexJob
from .indexing import index
from .protocol import Frame
from .serving import run

_LEAST_SIDE: Final = 96
"""Pixels on the short side that the fingerprints are made from, at least."""
_WEBP: Final[dict[str, Any]] = {"quality": 80, "method": 3}


def answer(frame: Frame) -> dict[str, Any]:
    """Return the result of a request; errors are raised."""
    match frame.header.get("op"):
        case "inspect":
            return _inspect(InspectJob.from_header(frame.header)).to_header()
        case "index":
            return index(IndexJob.from_header(frame.header)).to_header()
        case "load" | "ping":  # there is no model to load
            return {}
        case unknown:
            raise WorkerError(f"the imaging worker knows no request '{unknown}'")


def _inspect(job: InspectJob) -> Inspection:
    target = max(job.thumbnails, default=_LEAST_SIDE)
    photo = open_photo(job.path, target, job.memory_budget)
    facts = read_facts(job.path)
    written = 0
    for size, path in sorted(job.thumbnails.items(), reverse=True):
        written += _write_thumbnail(photo.image, size, Path(path))
    return Inspection(
        format=photo.format.value,
        width=photo.width,
        height=photo.height,
        perceptual_hash=perceptual_hash(photo.image),
        brightness=brightness_grid(photo.image),
        thumbnail_bytes=written,
        notes=photo.notes,
        **asdict(facts),
    )


def _write_thumbnail(image: Image.Image, size: int, path: Path) -> int:
    """Write a WebP whose longer side is at most `size`; return its bytes."""
    small = image.copy()
    small.thumbnail((size, size), Image.Resampling.BICUBIC)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            small.save(file, "WEBP", **_WEBP)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        return path.stat().st_size
    except OSError as err:
        with suppress(OSError):
            temporary.unlink()
        reason = f"a thumbnail can't be written: {err.strerror or err}"
        if err.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFullError(f"{reason}; free some room") from None
        raise FileWriteError(reason) from None


if __name__ == "__main__":
    sys.exit(run(answer))
