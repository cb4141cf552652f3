"""Bring the missing files of one model: sources in order, checked before they count."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
import logging
from pathlib import Path
import shutil
from typing import Final

from ..config import Settings
from ..errors import (
    DiskFullError,
    DownloadError,
    HashMismatchError,
    OfflineError,
    SizeMismatchError,
    SourceNotFoundError,
)
from ..manifest.model import FileSource, ModelFile, ModelSpec
from .fetch import discard
from .files import (
    WORK_NAME,
    check_room,
    disk_errors,
    put_in_place,
    sha256_of,
    size_of,
    unfinished_names,
)
from .installed import expected_sha256, make_record, read_records, write_record
from .locate import Places, describe, room_to_install, usable_paths
from .meter import Meter
from .reach import ReachMemory
from .records import Patience, ProgressCallback
from .sources import FileJob, SourceReader, Taken, take_pre_placed
from .threads import Stop, in_thread

_LOGGER = logging.getLogger(__name__)
_WRONG: Final = (HashMismatchError, SizeMismatchError)


@dataclass(frozen=True, slots=True)
class Installation:
    """Everything that bringing a model needs to know."""

    settings: Settings
    places: Places
    environ: Mapping[str, str]
    progress: ProgressCallback | None = None
    force: bool = False
    """Ask again for what could not be reached, or was wrong, a moment ago."""
    patience: Patience = field(default_factory=Patience)

    async def install(self, spec: ModelSpec) -> None:
        """Bring every missing file; the caller holds the model's lock.

        Raises DownloadError with every source's reason for the first file that none
        of them gave. Files that are whole by then stay.
        """
        folder = self.places.folder(spec)
        found = await in_thread(partial(usable_paths, self.places, spec))
        missing = [file for file in spec.files if found[file.path] is None]
        memory = ReachMemory(self.places.models_home, force=self.force)
        reader = SourceReader(self.settings, self.environ, memory, self.patience)
        with disk_errors(folder):
            needed = await in_thread(partial(room_to_install, self.places, spec))
            await in_thread(partial(check_room, folder, needed))
            async with reader:
                for file in missing:
                    await self._install_file(reader, memory, spec, file)
            await in_thread(partial(_remove_archive, folder / WORK_NAME))

    async def _install_file(
        self,
        reader: SourceReader,
        memory: ReachMemory,
        spec: ModelSpec,
        file: ModelFile,
    ) -> None:
        job = await in_thread(partial(self._job, spec, file))
        if await self._adopt(job):
            return
        ready = await in_thread(partial(self.places.pre_placed_path, spec, file))
        if ready is None:
            await in_thread(partial(memory.check_file, spec, file))
        failures: list[tuple[str, DownloadError]] = []
        sources: list[Path | FileSource] = [ready] if ready else []
        for source in (*sources, *file.sources):
            name = _name(source)
            job.meter.begin(name)
            try:
                await self._from_source(reader, source, job)
            except DiskFullError as err:
                # parts that filled the disk are worth less than a machine that works;
                # what came before a refusal to begin may stay
                if isinstance(err.__cause__, OSError):
                    await in_thread(partial(_clear, job))
                    await in_thread(partial(_remove_archive, job.work))
                raise
            except DownloadError as err:
                _LOGGER.info("%s/%s: %s: %s", spec.id, file.path, name, err)
                failures.append((name, err))
            else:
                await in_thread(partial(memory.forget_file, spec, file))
                return
        error = no_source_left(spec, file, failures)
        if any(isinstance(err, _WRONG) for _, err in failures):
            reason = "wrong size or content"
            await in_thread(partial(memory.remember_file, spec, file, reason))
        raise error

    def _job(self, spec: ModelSpec, file: ModelFile) -> FileJob:
        record = read_records(self.places.folder(spec)).get(file.path)
        sha256 = expected_sha256(record, file)
        meter = Meter(self.progress, file.path, file.bytes)
        return FileJob(spec, file, self.places.final(spec, file), sha256, meter)

    async def _adopt(self, job: FileJob) -> bool:
        """Accept a file that already lies in its place, if its hash is right."""
        folder = self.places.folder(job.spec)
        records = await in_thread(partial(read_records, folder))
        size = await in_thread(partial(size_of, job.final))
        if size is None or job.file.bytes not in {None, size}:
            return False
        if job.sha256 is None and job.file.path in records:
            return False  # the row names other sources now: the old file says nothing
        stop = Stop()
        try:
            found = await in_thread(partial(_hash, job.final, stop), stop)
        except DownloadError:
            return False
        if job.sha256 not in {None, found}:
            return False
        await in_thread(partial(self._record, job, found, "found in its place"))
        return True

    async def _from_source(
        self, reader: SourceReader, source: Path | FileSource, job: FileJob
    ) -> None:
        for last in (False, True):
            with disk_errors(job.final):
                taken = await _take(reader, source, job)
                try:
                    await self._accept(taken, job, _name(source))
                except HashMismatchError:
                    # the first half may be of another version: begin again, once
                    if last or not taken.resumed:
                        raise
                else:
                    return

    async def _accept(self, taken: Taken, job: FileJob, source: str) -> None:
        stop = Stop()
        found = await in_thread(partial(_hash, taken.path, stop), stop)
        size = await in_thread(partial(size_of, taken.path))
        try:
            check_file(job, size, found, taken.sha256)
        except DownloadError:
            await in_thread(partial(discard, taken.path))
            if taken.archive is not None:
                await in_thread(partial(_remove_archive, taken.archive))
            raise
        await in_thread(partial(_put, taken.path, job))
        await in_thread(partial(self._record, job, found, source))
        job.meter.finish(size or 0)

    def _record(self, job: FileJob, sha256: str, source: str) -> None:
        record = make_record(job.file, job.final, sha256, source)
        write_record(self.places.folder(job.spec), job.file.path, record)


def check_file(job: FileJob, size: int | None, sha256: str, said: str | None) -> None:
    """Raise unless size and hash are the manifest's, the pin's or the server's."""
    if job.file.bytes not in {None, size}:
        raise SizeMismatchError(
            f"the file has {size} bytes, the manifest names {job.file.bytes}"
        )
    # a hash that was recorded here, not published, is a person's to give up
    cure = "; to take the new one, begin with: edge-captions download --remove "
    cure = "" if job.file.sha256 else f"{cure}{job.spec.id}"
    for expected, who, advice in (
        (job.sha256, "expected", cure),
        (said, "named by the server", ""),
    ):
        if expected is not None and sha256 != expected:
            raise HashMismatchError(
                f"wrong content: sha256 {sha256[:12]}... instead of the "
                f"{expected[:12]}... {who}; the file was removed{advice}"
            )


def no_source_left(
    spec: ModelSpec, file: ModelFile, failures: list[tuple[str, DownloadError]]
) -> DownloadError:
    """Return one error that names every source with its reason."""
    what = f"model '{spec.id}': {file.path} could not be fetched"
    if not failures:
        return SourceNotFoundError(f"{what}: the manifest names no source")
    kinds = {type(err) for _, err in failures}
    telling = kinds - {SourceNotFoundError} or kinds
    kind = telling.pop() if len(telling) == 1 else DownloadError
    if any(issubclass(other, OfflineError) for other in kinds):
        kind = OfflineError
    reasons = "; ".join(f"{name}: {err.message}" for name, err in failures)
    return kind(f"{what}: {reasons}")


def _name(source: Path | FileSource) -> str:
    return f"folder {source.parent}" if isinstance(source, Path) else describe(source)


async def _take(reader: SourceReader, source: Path | FileSource, job: FileJob) -> Taken:
    if not isinstance(source, Path):
        return await reader.take(source, job)
    stop = Stop()
    return await in_thread(partial(take_pre_placed, source, job, stop), stop)


def _put(whole: Path, job: FileJob) -> None:
    put_in_place(whole, job.final)
    _clear(job)


def _clear(job: FileJob) -> None:
    """Remove whatever is unfinished of a file."""
    for leftover in unfinished_names(job.final):
        leftover.unlink(missing_ok=True)


def _remove_archive(path: Path) -> None:
    """Remove an archive, or the folder of all of them."""
    if path.is_file():
        path.unlink(missing_ok=True)
    else:
        shutil.rmtree(path, ignore_errors=True)


def _hash(path: Path, stop: Stop) -> str:
    try:
        return sha256_of(path, stop)
    except OSError as err:
        raise DownloadError(f"{path} can't be read: {err.strerror}") from err
