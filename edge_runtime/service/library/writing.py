"""`MetadataWriter`: accepted captions go where every other program reads them."""

import asyncio
from collections import deque
from collections.abc import Callable
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ...errors import EdgeRuntimeError, PhotoError
from ...folder_settings import FolderSettings, MetadataMode
from ...store import (
    Caption,
    CaptionOrigin,
    FileState,
    PhotoDetails,
    PhotoFilter,
    Source,
    SourceKind,
    Store,
)
from ..errors import PathNotAllowedError
from ..events import EventHub
from ..folders import allowed_photo

if TYPE_CHECKING:
    from ...metadata import RestoreResult

_LOGGER = logging.getLogger(__name__)
_PAGE: Final = 100
_MAX_PROBLEMS: Final = 20


class MetadataWriter:
    """Writes captions in the background; what a stop interrupts is written later."""

    def __init__(
        self, store: Store, events: EventHub, problems: Callable[[str], list[str]]
    ) -> None:
        self._store = store
        self._events = events
        self._problems = problems
        self._waiting: deque[str] = deque()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to write what is asked for."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Finish the photo that is being written, and write no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None

    def write_soon(self, photo_id: str) -> None:
        """Bring a photo's metadata up to date when it is its turn."""
        if photo_id not in self._waiting:
            self._idle.clear()
            self._waiting.append(photo_id)
            self._wake.set()

    async def write_unwritten(self, source: Source) -> None:
        """Bring the metadata of all photos up to date whose captions changed."""
        if not _is_written(FolderSettings.from_dict(source.settings)):
            return
        cursor = None
        while True:
            page = await self._store.photos.page(
                PhotoFilter(source_id=source.id, unwritten=True),
                limit=_PAGE,
                cursor=cursor,
            )
            for photo in page.items:
                self.write_soon(photo.id)
            cursor = page.next_cursor
            if cursor is None:
                return

    async def when_idle(self) -> None:
        """Return when everything that was asked for is written."""
        await self._idle.wait()

    async def _run(self) -> None:
        while True:
            if not self._waiting:
                self._idle.set()
                self._wake.clear()
                await self._wake.wait()
            photo_id = self._waiting.popleft()
            try:
                # once begun, a file is finished whatever happens around it
                await asyncio.shield(self.write(photo_id))
            except EdgeRuntimeError as err:
                _LOGGER.warning("photo %s: %s", photo_id, err)

    async def write(self, photo_id: str) -> None:
        """Write a photo's own captions beside or into its files, or take them out."""
        details = await self._store.photos.details(photo_id)
        own = [c for c in details.captions if c.origin is not CaptionOrigin.IMPORTED]
        done = written = False
        for source, path in await self._files(details):
            settings = FolderSettings.from_dict(source.settings)
            if not _is_written(settings):
                continue
            try:
                real = await asyncio.to_thread(_real, path, source)
                await asyncio.to_thread(_put, real, own, details, settings)
            except (PhotoError, PathNotAllowedError) as err:
                self._note(source, err)
                return
            done = written = True
        if done:
            await self._store.photos.written(photo_id, details.captions)
        if written:
            await self._events.emit("metadata.written", {"photo_id": photo_id})

    async def take_out(self, source: Source, photo_id: str) -> "list[RestoreResult]":
        """Take our words out of the files of a photo in one source."""
        details = await self._store.photos.details(photo_id)
        found = []
        for owner, path in await self._files(details):
            if owner.id == source.id:
                settings = FolderSettings.from_dict(source.settings)
                real = await asyncio.to_thread(_real, path, source)
                found.append(await asyncio.to_thread(_take_out, real, settings))
        return found

    def _note(self, source: Source, err: EdgeRuntimeError) -> None:
        _LOGGER.warning("%s: %s", source.name, err)
        problems = self._problems(source.id)
        problems.append(err.message)
        del problems[:-_MAX_PROBLEMS]
        self._events.tell("metadata.failed", {"source_id": source.id, "code": err.code})

    async def _files(self, details: PhotoDetails) -> list[tuple[Source, Path]]:
        found = []
        for file in details.files:
            if file.state is not FileState.PRESENT:
                continue
            source = await self._store.sources.get(file.source_id)
            if source.kind is not SourceKind.LIBRARY or source.path is None:
                continue
            found.append((source, Path(source.path) / file.path))
        return found


def _real(path: Path, source: Source) -> Path:
    """Return a photo's real path; a link must not lead out of its folder."""
    return allowed_photo(str(path), (Path(str(source.path)),))


def _is_written(settings: FolderSettings) -> bool:
    return settings.write_metadata is not MetadataMode.OFF


def _put(
    path: Path, own: list[Caption], details: PhotoDetails, settings: FolderSettings
) -> None:
    # the formats take 1.5 MB, which a service that writes into no photo never needs
    from .putting import put  # noqa: PLC0415

    put(path, own, details, settings)


def _take_out(path: Path, settings: FolderSettings) -> "RestoreResult":
    from .putting import take_out  # noqa: PLC0415 - as above

    return take_out(path, settings)
