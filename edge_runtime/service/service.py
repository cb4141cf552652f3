"""`Service`: what the HTTP layer talks to; builds the parts, starts and stops them."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
import logging
from pathlib import Path
from typing import Any

from ..config import Settings
from ..const import SHARE_OF_MEMORY
from ..hardware import available_memory
from ..inference.runner import RunnerState
from ..jobs import JobQueue
from ..runtime import EdgeRuntime
from ..selection import Selection
from ..store import Job, JobState, Store, now_ms
from .caption_jobs import CaptionJobs
from .captions import CaptionService
from .counters import Counters
from .deliveries import Deliveries
from .events import EventHub
from .immich import ImmichJobs
from .keeping import Keeper
from .library import LibraryService
from .measuring import SpeedMeter
from .model_jobs import ModelJobs
from .models import ModelService
from .naming import PlaceNames
from .pacing import Pacer
from .page_settings import PageSettings
from .parts import Parts
from .photo_files import PhotoFiles
from .rest import Rest
from .review import ReviewService
from .runners import RunnerFact, RunnerPool
from .selector import Selector
from .shares import ShareService
from .studies import StudyService
from .study_jobs import StudyJobs
from .thumbnails import Thumbnails
from .work_folder import WorkFolder

_LOGGER = logging.getLogger(__name__)


class Service:
    """One home at work: its store, its queue, its models and what happens."""

    store: Store
    jobs: JobQueue
    captions: CaptionService
    caption_jobs: CaptionJobs
    deliveries: Deliveries
    immich: ImmichJobs
    models: ModelService
    review: ReviewService
    thumbnails: Thumbnails
    shares: ShareService
    studies: StudyService
    library: LibraryService
    page_settings: PageSettings

    def __init__(self, settings: Settings, runtime: EdgeRuntime) -> None:
        """Take the parts; `open` or `start` makes them work."""
        self.settings = settings
        self.runtime = runtime
        self.events = EventHub()
        self.counters = Counters()
        self.started_at = 0
        self._pool: RunnerPool | None = None
        self._rest: Rest | None = None
        self._selector: Selector | None = None
        self._meter: SpeedMeter | None = None
        self._is_open = False
        self._works = False

    async def open(self) -> None:
        """Open the store alone: nothing is queued, resumed or loaded."""
        if self._is_open:
            return
        self.store = await Store.open(self.settings.home)
        self._is_open = True
        for path in self.store.opening.moved_aside:
            _LOGGER.warning("the store was damaged; it lies now at %s", path)
        self.events.attach(self.store)

    async def start(self, *, watch: bool = True, run_jobs: bool = True) -> None:
        """Open the store, take up parked jobs and begin to work.

        Without `watch` nothing is done that nobody asks for; without
        `run_jobs` no job is.
        """
        await self.open()
        self.started_at = now_ms()
        work = WorkFolder(self.settings.home)
        await asyncio.to_thread(work.create)
        await self._build(work)
        await asyncio.to_thread(work.sweep, await self._needed_files())
        await self.library.open()
        if run_jobs:
            await self.jobs.start()
            await self.deliveries.start()
        if watch:
            await self.library.start()
            self._meter = SpeedMeter(self._parts)
            self._meter.start()
        self._works = True

    async def stop(self) -> None:
        """Park the jobs, end the workers, close the store; within a few seconds."""
        if self._meter is not None:
            self._meter.stop()
            self._meter = None
        if self._works:
            self._works = False
            self.captions.stop()
            await self.library.stop()
            await self.jobs.stop()
            await self.deliveries.stop()
        if self._pool is not None:
            await self._pool.stop()
            self._pool = None
        if self._rest is not None:
            self._rest.stop()
            self._rest = None
        self.events.close()
        if self._is_open:
            self._is_open = False
            await self.store.close()

    def queue_length(self) -> int:
        """Return how many captions wait for the model."""
        return self.captions.queue_length if self._works else 0

    def runner_states(self) -> list[RunnerFact]:
        """Return what there is to say of every worker."""
        return [] if self._pool is None else self._pool.facts()

    async def selection(self) -> Selection:
        """Return which models answer now, and why not the others."""
        if self._selector is None:
            return await asyncio.to_thread(self.runtime.select)
        return await self._selector.select()

    async def _build(self, work: WorkFolder) -> None:
        selector = await asyncio.to_thread(Selector, self.runtime)
        await selector.load(self.store)
        pool = RunnerPool(self.runtime, self._tell_state)
        self._selector, self._pool = selector, pool
        self.jobs = jobs = JobQueue(self.store, self.events)
        self._rest = Rest(self.store, lambda: pool.is_memory_free and not jobs.running)
        self.store.when_idle(self._rest.later)
        files = PhotoFiles(self.settings, self.store)
        places = PlaceNames(self.runtime)
        keeper = Keeper(
            self.store, pool.imaging, work, self.events, memory_budget, places
        )
        parts = Parts(
            settings=self.settings,
            runtime=self.runtime,
            store=self.store,
            events=self.events,
            jobs=self.jobs,
            counters=self.counters,
            selector=selector,
            pool=pool,
            files=files,
            places=places,
            pacer=Pacer(lambda: self.settings),
            keeper=keeper,
            work=work,
        )
        self._parts = parts
        self.page_settings = PageSettings(self.settings.home, self.events, self._take)
        await self.page_settings.load()
        self.models = ModelService(parts)
        self.captions = CaptionService(parts, self.models.fetch_if_allowed)
        self.deliveries = Deliveries(parts, self.captions)
        self.caption_jobs = CaptionJobs(parts, self.captions)
        study_jobs = StudyJobs(parts, self.captions)
        self.review = ReviewService(
            self.store, self.events, self.captions.cache, keeper
        )
        self.library = LibraryService(parts, self.captions, self.review)
        self.immich = ImmichJobs(parts, self.captions)
        for kinds in (
            self.caption_jobs,
            ModelJobs(parts),
            study_jobs,
            self.library,
            self.immich,
        ):
            jobs.register(kinds.kinds())
        self.thumbnails = Thumbnails(self.store, files, keeper)
        self.shares = ShareService(self.store, self.events, self.thumbnails)
        self.studies = StudyService(parts, self.thumbnails)

    def _take(self, changed: Mapping[str, Any]) -> None:
        """Let the next caption be made with settings that a person changed."""
        self.settings = replace(self.settings, **changed)
        self._parts.settings = self.settings
        seconds = self.settings.service_keep_alive_s
        self._parts.selector.take({**changed, "keep_alive_s": seconds})
        for runner in self.runtime.runners:
            runner.keep_alive_s = seconds
        self.captions.cache.drop_questions()

    async def _needed_files(self) -> set[Path]:
        """Return the uploads that unfinished jobs still need."""
        needed: set[Path] = set()
        for state in (JobState.QUEUED, JobState.RUNNING):
            cursor = None
            while True:
                page = await self.store.jobs.page(state, limit=200, cursor=cursor)
                needed |= _uploads(page.items)
                cursor = page.next_cursor
                if cursor is None:
                    break
        return needed

    def _tell_state(self, model_id: str, state: RunnerState) -> None:
        data: Mapping[str, Any] = {"model": model_id, "state": state.value}
        self.events.tell("model.state", data)
        if state is RunnerState.STOPPED and self._rest is not None:
            self._rest.later()


def memory_budget() -> int | None:
    """Return the bytes that decoding one photo may take now."""
    available = available_memory()
    return None if available is None else int(available * SHARE_OF_MEMORY)


def _uploads(jobs: tuple[Job, ...]) -> set[Path]:
    return {Path(path) for job in jobs if (path := job.params.get("path"))}
