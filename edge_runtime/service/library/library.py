"""`LibraryService`: the folders that are watched, and the work that they make."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
import logging
from pathlib import Path
from typing import Any, Final

from ...errors import EdgeRuntimeError
from ...folder_settings import FolderSettings
from ...jobs import JobContext, JobKind, Priority, Resource
from ...store import (
    Job,
    JobState,
    Source,
    SourceKind,
)
from ..captions import CaptionService
from ..parts import Parts
from ..questions import CaptionOptions
from ..review import ReviewService
from . import rules
from .captioning import CAPTION_JOB, FolderCaptioner
from .conditions import conditions, hindrance
from .configured import is_configured, refuse_configured, take_configured
from .deciding import ACCEPT_JOB, RESTORE_JOB, WRITE_JOB, FolderDecisions
from .errors import (
    FolderOfflineError,
    NoFolderError,
    SourceHasCaptionsError,
)
from .facts import FolderFacts
from .scanning import SCAN_JOB, Scanner
from .watching import FolderWatch
from .writing import MetadataWriter

_LOGGER = logging.getLogger(__name__)
_WATCHER: Final = "watcher"
"""Who starts what nobody asked for."""
_TEND_EVERY_S: Final = 30.0
_FOLDER_JOBS: Final = frozenset(
    {SCAN_JOB, CAPTION_JOB, ACCEPT_JOB, WRITE_JOB, RESTORE_JOB}
)


class LibraryService:
    """Watches folders, scans them, describes their photos, writes what is accepted."""

    def __init__(
        self, parts: Parts, captions: CaptionService, review: ReviewService
    ) -> None:
        self._parts = parts
        self._store = parts.store
        self._events = parts.events
        self._watches: dict[str, FolderWatch] = {}
        self._tending: asyncio.Task[None] | None = None
        self._tend_now = asyncio.Event()
        self.writer = MetadataWriter(parts.store, parts.events, self._write_problems)
        review.when_captioned = self.writer.write_soon
        self._scanner = Scanner(
            parts.store,
            parts.events,
            parts.pool.imaging,
            lambda: parts.settings.language,
            parts.places,
            parts.pacer,
            self._scanned,
        )
        self._captioner = FolderCaptioner(parts, captions, review, self._hindrance)
        self._decisions = FolderDecisions(parts.store, review, self.writer)

    def kinds(self) -> list[JobKind]:
        """Return the kinds of jobs for the queue."""
        imaging, model = Resource.IMAGING, Resource.MODEL
        return [
            JobKind(SCAN_JOB, imaging, self._scan),
            JobKind(CAPTION_JOB, model, self._caption),
            JobKind(ACCEPT_JOB, imaging, self._accept),
            JobKind(WRITE_JOB, imaging, self._write),
            JobKind(RESTORE_JOB, imaging, self._restore),
        ]

    async def open(self) -> None:
        """Take up the folders of the configuration and of the store."""
        await take_configured(self._store, self._parts.settings.folders)
        for source in await self._store.sources.list():
            if source.kind is SourceKind.LIBRARY and source.path is not None:
                self._watches[source.id] = self._new_watch(source)
        self.writer.start()

    async def start(self) -> None:
        """Begin to watch, and write what an earlier run left to be written."""
        for watch in self._watches.values():
            watch.start()
            await self.writer.write_unwritten(watch.source)
        self._tending = asyncio.create_task(self._tend())

    async def stop(self) -> None:
        """Watch no more."""
        if self._tending is not None:
            self._tending.cancel()
            await asyncio.wait({self._tending})
            self._tending = None
        for watch in self._watches.values():
            await watch.stop()
        await self.writer.stop()

    async def add(
        self,
        path: str,
        settings: Mapping[str, Any],
        *,
        name: str | None = None,
        anywhere: bool = False,
    ) -> Source:
        """Watch a folder; only in an allowed one, unless the machine's user asks."""
        folder = await asyncio.to_thread(rules.real_folder, path)
        if not anywhere:
            await asyncio.to_thread(
                rules.refuse_outside, folder, self._allowed_folders()
            )
        sources = await self._store.sources.list()
        rules.refuse_watched(folder, sources)
        wanted = FolderSettings.from_dict(settings)
        source = await self._store.sources.add(
            SourceKind.LIBRARY,
            name or rules.name_for(folder, sources),
            str(folder),
            wanted.to_dict(),
        )
        watch = self._watches[source.id] = self._new_watch(source)
        await self._events.emit("source.added", {"id": source.id})
        if self._tending is not None:
            watch.start()
        return source

    async def change(
        self, source_id: str, changes: Mapping[str, Any], name: str | None = None
    ) -> Source:
        """Change a folder's settings; what is not given stays."""
        watch = await self._watch(source_id)
        refuse_configured(watch.source)
        before = watch.settings.to_dict()
        schedule = {**before["schedule"], **(changes.get("schedule") or {})}
        after = FolderSettings.from_dict(
            {**before, **changes, "schedule": schedule}
        ).to_dict()
        source = await self._store.sources.update(source_id, name=name, settings=after)
        await self._replace(watch, source)
        await self._events.emit("source.changed", {"id": source_id})
        await self.writer.write_unwritten(source)
        self._tend_now.set()
        return source

    async def remove(self, source_id: str, *, forget_captions: bool) -> None:
        """Watch a folder no more, and forget its photos; no file of it is touched."""
        source = await self._store.sources.get(source_id)
        refuse_configured(source)
        counts = await self._store.files.counts(source_id)
        if counts.captioned and not forget_captions:
            raise SourceHasCaptionsError(
                f"{source.name}: {counts.captioned} photos have captions, which would "
                "be forgotten; confirm that, or switch `watch` off instead"
            )
        await self._cancel_jobs(source_id)
        watch = self._watches.pop(source_id, None)
        if watch is not None:
            await watch.stop()
        gone = await self._store.sources.remove(source_id)
        await self._parts.keeper.forget_files(gone.files)
        await self._events.emit("source.removed", {"id": source_id})

    async def facts(self, source_id: str) -> FolderFacts:
        """Return everything about one source."""
        return await self._facts(await self._store.sources.get(source_id))

    async def all(self) -> list[FolderFacts]:
        """Return everything about every source."""
        return [await self._facts(one) for one in await self._store.sources.list()]

    async def enqueue(
        self, kind: str, source_id: str, params: Mapping[str, Any], started_by: str
    ) -> Job:
        """Queue work on a folder; the same work is queued once."""
        watch = await self._watch(source_id)
        return await self._parts.jobs.enqueue(
            kind,
            {"source_id": source_id, **params},
            priority=Priority.BATCH if kind == CAPTION_JOB else Priority.INTERACTIVE,
            group=watch.settings.model or "" if kind == CAPTION_JOB else "",
            started_by=started_by,
            key=f"{kind}:{source_id}",
        )

    async def restore(self, source_id: str, started_by: str) -> Job:
        """Take our words out of a folder's photos, and write no more into them."""
        watch = await self._watch(source_id)
        if watch.settings.to_dict()["write_metadata"] != "off":
            await self.change(source_id, {"write_metadata": "off"})
        return await self.enqueue(RESTORE_JOB, source_id, {}, started_by)

    def allowed_folders(self) -> tuple[Path, ...]:
        """Return the folders in which clients may choose one to watch."""
        return self._allowed_folders()

    def _allowed_folders(self) -> tuple[Path, ...]:
        settings = self._parts.settings
        configured = (folder.path for folder in settings.folders)
        return (*settings.allowed_folders, *configured)

    async def _scan(self, context: JobContext) -> Mapping[str, Any]:
        return await self._scanner.scan(await self._watch_of(context), context)

    async def _caption(self, context: JobContext) -> Mapping[str, Any]:
        watch = await self._watch_of(context)
        wanted, params = watch.settings, context.params
        options = CaptionOptions(
            language=params.get("language")
            or wanted.language
            or self._parts.settings.language,
            model=params.get("model") or wanted.model,
            style=params.get("style") or wanted.style.value,
            verify=self._parts.settings.verify,
            refresh=bool(params.get("refresh")) or wanted.include_captioned,
        )
        return await self._captioner.caption(watch, context, options)

    async def _accept(self, context: JobContext) -> Mapping[str, Any]:
        watch = await self._watch_of(context)
        return await self._decisions.accept(watch.source, context)

    async def _write(self, context: JobContext) -> Mapping[str, Any]:
        watch = await self._watch_of(context)
        return await self._decisions.write(watch.source, context)

    async def _restore(self, context: JobContext) -> Mapping[str, Any]:
        watch = await self._watch_of(context)
        return await self._decisions.restore(watch.source, context)

    async def _facts(self, source: Source) -> FolderFacts:
        watch = self._watches.get(source.id)
        counts = await self._store.files.counts(source.id)
        if watch is None:
            return FolderFacts(source, None, None, counts)
        return FolderFacts(
            source,
            watch.settings,
            watch.status,
            counts,
            tuple(await self._open_jobs(source.id)),
            is_configured(source),
        )

    async def _open_jobs(self, source_id: str) -> list[Job]:
        running = {job.id: job for job in self._parts.jobs.running}
        found = []
        for state in (JobState.RUNNING, JobState.QUEUED):
            page = await self._store.jobs.page(state, limit=200)
            found += [
                running.get(job.id, job)
                for job in page.items
                if job.kind in _FOLDER_JOBS and job.params.get("source_id") == source_id
            ]
        return found

    async def _cancel_jobs(self, source_id: str) -> None:
        for job in await self._open_jobs(source_id):
            with suppress(EdgeRuntimeError):  # it has ended meanwhile
                await self._parts.jobs.cancel(job.id)

    async def _watch_of(self, context: JobContext) -> FolderWatch:
        return await self._watch(str(context.params["source_id"]))

    async def _watch(self, source_id: str) -> FolderWatch:
        watch = self._watches.get(source_id)
        if watch is None:
            source = await self._store.sources.get(source_id)
            raise NoFolderError(f"{source.name}: is no folder of photos")
        return watch

    def _new_watch(self, source: Source) -> FolderWatch:
        return FolderWatch(source, self._store, self._changed, self._came_or_went)

    async def _replace(self, watch: FolderWatch, source: Source) -> None:
        """Go on with other settings, and with what is known of the folder."""
        await watch.stop()
        fresh = self._watches[source.id] = self._new_watch(source)
        fresh.status = watch.status
        if self._tending is not None:
            fresh.start()

    async def _changed(self, source: Source) -> None:
        await self.enqueue(SCAN_JOB, source.id, {}, _WATCHER)

    async def _came_or_went(self, source: Source) -> None:
        watch = self._watches[source.id]
        kind = "source.online" if watch.status.is_online else "source.offline"
        await self._events.emit(kind, {"id": source.id})
        if watch.status.is_online:
            await self.writer.write_unwritten(source)

    async def _scanned(self, watch: FolderWatch, job: Job) -> None:
        if watch.status.is_online is False and job.started_by != _WATCHER:
            raise FolderOfflineError(f"{watch.source.name}: {watch.status.problem}")
        self._tend_now.set()

    async def _hindrance(self, settings: FolderSettings) -> str | None:
        threads = self._parts.runtime.settings.threads or 1
        own = threads if self._parts.pool.gate.group is not None else 0
        now = await asyncio.to_thread(conditions, own)
        return hindrance(settings.schedule, now)

    async def _tend(self) -> None:
        """Have photos described that wait for it, when the schedule lets them."""
        while True:
            for watch in list(self._watches.values()):
                try:
                    await self._tend_folder(watch)
                except EdgeRuntimeError as err:
                    _LOGGER.warning("%s: %s", watch.source.name, err)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._tend_now.wait(), _TEND_EVERY_S)
            self._tend_now.clear()

    async def _tend_folder(self, watch: FolderWatch) -> None:
        if not (watch.settings.automatic and watch.status.is_online):
            return
        if not (await self._store.files.counts(watch.source.id)).undescribed:
            watch.status.waits_for = ""
            return
        reason = await self._hindrance(watch.settings)
        watch.status.waits_for = reason or ""
        if reason is None:
            await self.enqueue(
                CAPTION_JOB, watch.source.id, {"automatic": True}, _WATCHER
            )

    def _write_problems(self, source_id: str) -> list[str]:
        return self._watches[source_id].status.write_problems
