"""The job that describes the photos of a folder, newest first."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
import time
from typing import Any, Final

from ...errors import EdgeRuntimeError, PhotoError
from ...folder_settings import FolderSettings, Policy
from ...inference.imaging_messages import Inspection
from ...jobs import JobContext, Priority, UnderWay
from ...schemas import Verdict
from ...store import (
    CaptionKeptError,
    NewSuggestion,
    Photo,
    PhotoFilter,
    SuggestionDecidedError,
    now_ms,
)
from ..answers import Origin
from ..captions import CaptionService
from ..errors import PhotoFileMissingError
from ..parts import Parts
from ..questions import CaptionOptions, Question
from ..review import ReviewService
from .errors import FolderOfflineError
from .likeness import Likenesses
from .watching import FolderWatch

CAPTION_JOB: Final = "caption_folder"
_PAGE: Final = 50
_AT_ONCE: Final = 3
"""While the model works on one photo, the next is made ready and the last stored."""
_MAX_ERRORS: Final = 20
_HOPELESS: Final = 5
"""So many failures in a row that are no photo's fault end the job."""
_LOOK_EVERY_S: Final = 15.0


@dataclass(slots=True)
class _Run:
    """One run of the job: what it works on, and how far it is."""

    watch: FolderWatch
    context: JobContext
    options: CaptionOptions
    limit: int | None
    obeys_schedule: bool
    likenesses: Likenesses
    state: dict[str, Any]
    under_way: UnderWay[None]
    total: int = 0
    in_a_row: int = 0
    tried: set[str] = field(default_factory=set)
    looked_at: float = 0.0

    @property
    def done(self) -> int:
        """Return how many photos are dealt with, whatever became of them."""
        names = ("captioned", "shared", "failed", "skipped")
        return sum(int(self.state[name]) for name in names)


class FolderCaptioner:
    """Describes a folder's photos, shares captions among bursts, follows the policy."""

    def __init__(
        self,
        parts: Parts,
        captions: CaptionService,
        review: ReviewService,
        hindrance: Callable[[FolderSettings], Awaitable[str | None]],
    ) -> None:
        self._store = parts.store
        self._files = parts.files
        self._keeper = parts.keeper
        self._pacer = parts.pacer
        self._captions = captions
        self._review = review
        self._hindrance = hindrance

    async def caption(
        self, watch: FolderWatch, context: JobContext, options: CaptionOptions
    ) -> Mapping[str, Any]:
        """Describe what nobody has described; it goes on where it was parked."""
        zeros = {"captioned": 0, "shared": 0, "failed": 0, "skipped": 0, "accepted": 0}
        state: dict[str, Any] = {**zeros, "errors": [], "waits_for": "", "cursor": None}
        context.resume = {**state, **context.resume, "waits_for": ""}
        run = _Run(
            watch=watch,
            context=context,
            options=options,
            limit=context.params.get("limit"),
            obeys_schedule=bool(context.params.get("automatic")),
            likenesses=Likenesses(self._inspect),
            state=context.resume,
            under_way=UnderWay(await self._captions.at_once(options, _AT_ONCE)),
        )
        counts = await self._store.files.counts(watch.source.id)
        run.total = run.done + (
            counts.photos if options.refresh else counts.undescribed
        )
        watch.status.began = {context.job.id: (now_ms(), float(run.done))}
        try:
            await self._describe_all(run)
        finally:
            await run.under_way.end()
        await context.progress(run.done, max(run.done, run.total))
        return {k: v for k, v in run.state.items() if k != "cursor"}

    async def _describe_all(self, run: _Run) -> None:
        async for photo in self._photos(run):
            if run.limit is not None and run.done + len(run.under_way) >= run.limit:
                break
            await self._step_back(run)
            if run.state["waits_for"]:
                break
            await run.context.progress(run.done, run.total, "captioning")
            if run.likenesses.may_have_twin(photo):
                # a twin that is being described now must be finished first
                await run.under_way.drain()
            run.likenesses.expect(photo)
            await run.under_way.start(self._deal_with(run, photo))
        await run.under_way.drain()

    async def _photos(self, run: _Run) -> AsyncIterator[Photo]:
        """Yield what is to be described; photos that come meanwhile come in, too."""
        source_id, everything = run.watch.source.id, run.options.refresh
        wanted = PhotoFilter(source_id=source_id, undescribed=not everything)
        while True:
            fresh = 0
            cursor = run.state["cursor"] if everything else None
            while True:
                page = await self._store.photos.page(wanted, limit=_PAGE, cursor=cursor)
                for photo in page.items:
                    if photo.id not in run.tried:
                        fresh += 1
                        run.tried.add(photo.id)
                        yield photo
                cursor = page.next_cursor
                if everything:
                    await run.under_way.drain()
                    run.state["cursor"] = cursor
                if cursor is None:
                    break
            if everything or not fresh:
                return
            await run.under_way.drain()

    async def _step_back(self, run: _Run) -> None:
        """Leave the model to what is more urgent, and obey the schedule."""
        if run.context.should_yield:
            await run.under_way.drain()
            run.context.step_back()
        await self._pacer.rest(run.context, run.under_way.drain)
        now = time.monotonic()
        if run.obeys_schedule and now - run.looked_at >= _LOOK_EVERY_S:
            run.looked_at = now
            reason = await self._hindrance(run.watch.settings)
            run.watch.status.waits_for = reason or ""
            if reason is not None:
                await run.under_way.drain()
                run.state["waits_for"] = reason

    async def _deal_with(self, run: _Run, photo: Photo) -> None:
        try:
            await self._describe(run, photo)
        except PhotoFileMissingError as err:
            run.state["skipped"] += 1
            if run.watch.status.is_online is False:
                raise FolderOfflineError(
                    f"{run.watch.source.name}: {run.watch.status.problem}"
                ) from err
        except EdgeRuntimeError as err:
            await self._failed(run, photo, err)
        else:
            run.in_a_row = 0

    async def _describe(self, run: _Run, photo: Photo) -> None:
        if not run.options.refresh:
            twin = await self._twin(run, photo)
            if twin is not None:
                suggestion = await self._keeper.share(twin)
                run.state["shared"] += 1
                await self._apply_policy(run, photo, suggestion.id, suggestion.verdict)
                return
        question = Question(
            run.options, photo_id=photo.id, store=True, priority=Priority.BATCH
        )
        answer = await self._captions.ask(question, may_refuse=False)
        if answer.origin is Origin.PERSON:
            run.state["skipped"] += 1
            return
        run.state["captioned"] += 1
        run.likenesses.add(photo, answer.id)
        await self._apply_policy(run, photo, answer.id, answer.verdict)

    async def _twin(self, run: _Run, photo: Photo) -> NewSuggestion | None:
        found = await run.likenesses.twin_of(photo)
        if found is None:
            return None
        made = await self._store.suggestions.get(found.suggestion_id)
        return NewSuggestion(
            photo_id=photo.id,
            language=made.language,
            text=made.text,
            raw_text=made.raw_text,
            verdict=made.verdict,
            doubted=made.doubted,
            score=made.score,
            provenance={**made.provenance, "shared_from": made.photo_id},
        )

    async def _inspect(self, photo_id: str) -> Inspection:
        return await self._keeper.inspect((await self._files.of_photo(photo_id)).path)

    async def _apply_policy(
        self, run: _Run, photo: Photo, suggestion_id: str, verdict: Verdict
    ) -> None:
        """Accept what the check is sure of, where the person switched that on."""
        is_on = run.watch.settings.policy is Policy.ACCEPT_SURE
        if not is_on or verdict is not Verdict.SURE or photo.has_caption:
            return
        try:
            await self._review.accept(suggestion_id, by_policy=True)
        except (CaptionKeptError, SuggestionDecidedError):
            return  # a person was quicker
        run.state["accepted"] += 1

    async def _failed(self, run: _Run, photo: Photo, err: EdgeRuntimeError) -> None:
        state = run.state
        if err.code in {"stopping", "no_model", "worker_start_failed", "model_broken"}:
            raise err
        run.in_a_row = 0 if isinstance(err, PhotoError) else run.in_a_row + 1
        if run.in_a_row >= _HOPELESS:
            raise err
        state["failed"] += 1
        if len(state["errors"]) < _MAX_ERRORS:
            state["errors"] = [
                *state["errors"],
                {"photo_id": photo.id, **err.to_dict()},
            ]
        await self._store.photos.update(photo.id, problem=err.code)
