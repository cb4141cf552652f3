"""The job that takes over what a look at a folder found."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
import logging
import os
from pathlib import Path
import re
from typing import Any, Final

from ...const import LANGUAGE_PATTERN
from ...errors import PhotoNotFoundError, WorkerError
from ...inference.imaging_runner import ImagingRunner
from ...inference.index_messages import FileFacts
from ...jobs import JobContext, JobYieldError
from ...store import (
    FileState,
    FoundCaption,
    FoundPhoto,
    Indexed,
    Job,
    Json,
    NewFile,
    NewPhoto,
    Store,
    UnreadFile,
)
from ...watcher import LookStoppedError, Seen
from ..events import EventHub
from ..naming import PlaceNames
from ..pacing import Pacer
from .watching import FolderWatch

_LOGGER = logging.getLogger(__name__)
SCAN_JOB: Final = "scan_folder"
_BATCH: Final = 24
_GONE: Final = PhotoNotFoundError.code
_ROUNDS: Final = 20
"""How often a scan looks again for files that were still growing."""


@dataclass(slots=True)
class ScanCounts:
    """What a scan did."""

    added: int = 0
    changed: int = 0
    """Known photos whose file or metadata changed, or that lie elsewhere, too."""
    removed: int = 0
    offline: int = 0
    unread: int = 0
    captions: int = 0
    """Captions of a person that were taken over from metadata."""
    unchanged: int = 0
    growing: int = 0


class Scanner:
    """Reads what is new or changed in a folder into the store."""

    def __init__(
        self,
        store: Store,
        events: EventHub,
        imaging: ImagingRunner,
        language: Callable[[], str],
        places: PlaceNames,
        pacer: Pacer,
        when_scanned: Callable[[FolderWatch, Job], Awaitable[None]],
    ) -> None:
        self._store = store
        self._events = events
        self._imaging = imaging
        self._language = language
        self._places = places
        self._pacer = pacer
        self._when_scanned = when_scanned

    async def scan(self, watch: FolderWatch, context: JobContext) -> Mapping[str, Any]:
        """Look until no file grows any more; return what was done."""
        counts = ScanCounts()
        for _ in range(_ROUNDS):
            await self._round(watch, context, counts)
            if not counts.growing:
                break
            await context.progress(context.job.progress, stage="waiting for files")
            await asyncio.sleep(watch.settling.settle_s)
        await self._when_scanned(watch, context.job)
        return asdict(counts)

    async def _round(
        self, watch: FolderWatch, context: JobContext, counts: ScanCounts
    ) -> None:
        await context.progress(0, stage="looking")
        try:
            found = await watch.look()
        except LookStoppedError:  # it goes on when somebody looks again
            raise JobYieldError from None
        change, source_id = found.difference, watch.source.id
        counts.unchanged, counts.growing = change.unchanged, len(found.growing)
        for paths, state in (
            (change.offline, FileState.OFFLINE),
            (change.back, FileState.PRESENT),
        ):
            if paths:
                await self._store.files.mark(source_id, paths, state)
        counts.offline += len(change.offline)
        # new paths first: a photo that moved is found again before its old path is
        # given to another picture, or counts as gone
        new = sorted(change.new, key=_newest_first)
        files = [*new, *change.changed]
        if files:
            await self._read(watch, files, context, counts)
        if change.gone:
            await self._store.files.mark(source_id, change.gone, FileState.MISSING)
            counts.removed += len(change.gone)
        if not change.is_empty:
            await self._events.emit("source.changed", {"id": source_id})

    async def _read(
        self,
        watch: FolderWatch,
        files: Sequence[Seen],
        context: JobContext,
        counts: ScanCounts,
    ) -> None:
        """Read files and store them; the next are read while the last are stored."""
        storing: asyncio.Task[None] | None = None
        try:
            for start in range(0, len(files), _BATCH):
                context.step_back()
                await self._pacer.rest(context)
                await context.progress(start, len(files), "reading")
                batch = files[start : start + _BATCH]
                facts = await self._facts(watch.root, batch)
                if storing is not None:
                    await storing
                storing = asyncio.create_task(self._put(watch, batch, facts, counts))
        finally:
            if storing is not None:
                await storing
        await context.progress(len(files), len(files))

    async def _facts(self, root: Path, batch: Sequence[Seen]) -> list[FileFacts]:
        paths = [root / os.fsdecode(one.path) for one in batch]
        try:
            return await self._imaging.index(paths)
        except WorkerError as err:
            if len(batch) == 1:  # a file that ends the worker
                _LOGGER.warning("%s: %s", paths[0], err)
                return [FileFacts(code=err.code, message=err.message)]
            return [(await self._facts(root, [one]))[0] for one in batch]

    async def _put(
        self,
        watch: FolderWatch,
        batch: Sequence[Seen],
        facts: Sequence[FileFacts],
        counts: ScanCounts,
    ) -> None:
        pairs = list(zip(batch, facts, strict=True))
        language = watch.settings.language or self._language()
        places = await self._places.of([(f.latitude, f.longitude) for f in facts])
        found = [
            found_photo(watch.source.id, file, fact, language, place)
            for (file, fact), place in zip(pairs, places, strict=True)
            if not fact.code
        ]
        # what vanished while it was read is for the next look to say
        unread = [
            _unread(file, fact) for file, fact in pairs if fact.code not in {"", _GONE}
        ]
        if unread:
            await self._store.files.put_unread(watch.source.id, unread)
            counts.unread += len(unread)
        if found:
            self._count(await self._store.indexing.add(found), counts)

    def _count(self, indexed: Sequence[Indexed], counts: ScanCounts) -> None:
        created = [one.photo_id for one in indexed if one.created]
        counts.added += len(created)
        counts.changed += len(indexed) - len(created)
        counts.captions += sum(one.captioned for one in indexed)
        if created:
            self._events.tell("photo.added", {"id": created[0], "count": len(created)})


def found_photo(
    source_id: str,
    file: Seen,
    facts: FileFacts,
    language: str,
    place: Json | None = None,
) -> FoundPhoto:
    """Return what the store takes over of a file. Pure."""
    return FoundPhoto(
        NewPhoto(
            source_id=source_id,
            picture_hash=facts.picture_hash,
            width=facts.width,
            height=facts.height,
            taken_at=facts.taken_at,
            camera=facts.camera,
            latitude=facts.latitude,
            longitude=facts.longitude,
            place=place,
            people=facts.people,
            file=NewFile(
                os.fsdecode(file.path),
                file.size,
                file.mtime_ns,
                sidecars=file.sidecars,
            ),
        ),
        captions=tuple(
            FoundCaption(_tag(tag, language), text, ours)
            for tag, text, ours in facts.captions
        ),
        tags=facts.keywords,
    )


def _tag(tag: str, language: str) -> str:
    """Return the language that a text is kept under: the folder's if none is said."""
    return tag if re.fullmatch(LANGUAGE_PATTERN, tag) else language


def _unread(file: Seen, facts: FileFacts) -> UnreadFile:
    return UnreadFile(
        os.fsdecode(file.path),
        file.size,
        file.mtime_ns,
        facts.code,
        facts.message,
        file.sidecars,
    )


def _newest_first(file: Seen) -> tuple[int, bytes]:
    return -file.mtime_ns, file.path
