"""Let one model caption a data set; what is already in the work file is not redone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from .. import __version__
from ..downloads.files import sha256_of
from ..errors import (
    EdgeRuntimeError,
    PhotoError,
    ProtocolError,
    WorkerCrashedError,
    WorkerMemoryError,
    WorkerTimeoutError,
)
from ..hardware import default_threads
from ..inference.runner import ModelRunner
from ..manifest import ModelSpec
from ..runtime import EdgeRuntime
from ..schemas import CaptionRequest, Task
from .dataset import Dataset, ReferencePhoto
from .records import PhotoResult, failed_result, photo_result
from .workfile import WorkFile

Progress = Callable[[int], None]
"""Is told how many photos are done, those of an earlier run included."""

_PASSING: Final = (
    WorkerCrashedError,
    WorkerMemoryError,
    WorkerTimeoutError,
    ProtocolError,
)
"""One photo may end a worker, and the next worker may serve the next photo."""
_MAX_IN_A_ROW: Final = 3
"""So many photos that end their worker are no matter of the photos any more."""


def basis_of(runtime: EdgeRuntime, spec: ModelSpec, dataset: Dataset) -> dict[str, Any]:
    """Return everything that the captions of a data set depend on."""
    settings = runtime.settings
    others = [
        _model(runtime, task.running.model)
        for task in runtime.select(pin=spec.id).tasks
        if task.running is not None and task.task is not Task.IMAGE_TO_TEXT
    ]
    return {
        "format": 1,
        "program": __version__,
        "dataset": dataset.fingerprint,
        "model": _model(runtime, spec),
        "other_models": others,
        "settings": {
            "threads": settings.threads or default_threads(runtime.hardware),
            "memory_limit_mib": settings.memory_limit_mib,
            "worker_command": list(settings.worker_command),
        },
    }


def _model(runtime: EdgeRuntime, spec: ModelSpec) -> dict[str, Any]:
    """Return a model as it is here: its row, and the hashes of its files."""
    named = {file.role or file.path: file.sha256 for file in spec.files}
    paths = runtime.store.paths(spec)
    return {
        "id": spec.id,
        "family": spec.family,
        "library": spec.library,
        "files": {role: named.get(role) or sha256_of(p) for role, p in paths.items()},
        "preprocess": dict(spec.preprocess),
        "generate": dict(spec.generate),
        "options": dict(spec.options),
    }


async def caption_photos(
    runtime: EdgeRuntime,
    spec: ModelSpec,
    dataset: Dataset,
    work: WorkFile,
    progress: Progress,
) -> tuple[PhotoResult, ...]:
    """Return the results of all photos in order; raise what no photo is guilty of."""
    results = {photo.name: work.get(photo) for photo in dataset.photos}
    done = sum(result is not None for result in results.values())
    progress(done)
    failures = 0
    if done < len(results):
        await runtime.runner(spec).ensure_ready()
    for photo in dataset.photos:
        if results[photo.name] is not None:
            continue
        result, error = await _try_twice(runtime, spec, photo)
        failures = failures + 1 if error is not None else 0
        if error is not None and failures == _MAX_IN_A_ROW:
            raise error
        work.add(photo, result)
        results[photo.name] = result
        done += 1
        progress(done)
    return tuple(result for result in results.values() if result is not None)


async def _try_twice(
    runtime: EdgeRuntime, spec: ModelSpec, photo: ReferencePhoto
) -> tuple[PhotoResult, EdgeRuntimeError | None]:
    """Return a photo's result, and the error if its worker ended twice."""
    request = CaptionRequest(str(photo.path), spec.languages[0])
    runner = runtime.runner(spec)
    last: EdgeRuntimeError | None = None
    for _ in range(2):
        # loading the model again is no part of a photo's seconds
        await runner.ensure_ready()
        try:
            answer = await runtime.caption(request, spec)
        except PhotoError as err:
            return failed_result(photo.name, err, peak_bytes(runner)), None
        except _PASSING as err:
            last = err
        else:
            return photo_result(photo.name, answer, peak_bytes(runner)), None
    if last is None:
        raise ValueError("a photo has neither a result nor an error")
    return failed_result(photo.name, last, peak_bytes(runner)), last


def peak_bytes(runner: ModelRunner) -> int:
    """Return the most memory that the worker had.

    The kernel knows the peak of the process itself; the runner looks now and then, at
    the whole family of a worker that has something standing before it.
    """
    return max(runner.stats.peak_rss_bytes, _kernels_peak(runner.pid))


def _kernels_peak(pid: int | None) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0
