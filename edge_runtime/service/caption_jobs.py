"""Captions as jobs: one photo, the second phase of one, or many photos."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from ..errors import EdgeRuntimeError
from ..jobs import JobContext, JobKind, Priority, Resource, UnderWay
from ..store import ConflictError, Job, SuggestionNotFoundError, now_ms
from .answers import Answer, Phase
from .captions import CAPTION_JOB, ENRICH_JOB, CaptionService, caption_event
from .keeping import new_suggestion
from .parts import Parts
from .questions import CaptionOptions, Question

BATCH_JOB: Final = "caption_photos"
_MAX_ERRORS: Final = 20


class CaptionJobs:
    """The kinds of jobs that describe photos."""

    def __init__(self, parts: Parts, captions: CaptionService) -> None:
        self._parts = parts
        self._captions = captions

    def kinds(self) -> Sequence[JobKind]:
        """Return the kinds for the queue."""
        model = Resource.MODEL
        return (
            JobKind(CAPTION_JOB, model, self._caption, self._drop_upload),
            JobKind(ENRICH_JOB, model, self._enrich, self._drop_upload),
            JobKind(BATCH_JOB, model, self._caption_photos),
        )

    async def enqueue_photos(
        self, photo_ids: Sequence[str], options: CaptionOptions, started_by: str
    ) -> Job:
        """Queue many photos of the store as one job, behind everything else."""
        return await self._parts.jobs.enqueue(
            BATCH_JOB,
            {"photo_ids": list(photo_ids), **_options(options)},
            priority=Priority.BATCH,
            group=options.model or "",
            started_by=started_by,
        )

    def uploads_of(self, jobs: Sequence[Job]) -> set[Path]:
        """Return the files that jobs still need."""
        return {Path(path) for job in jobs if (path := job.params.get("path"))}

    async def _caption(self, context: JobContext) -> Mapping[str, Any]:
        job = context.job
        await context.progress(0, 1, "captioning")
        question = Question.from_params(context.params, job.priority)
        question = replace(question, started_by=job.started_by)
        answer = await self._captions.ask(question, may_refuse=False)
        return _result(answer)

    async def _enrich(self, context: JobContext) -> Mapping[str, Any]:
        """Make a quick caption better under its own id."""
        job, params, captions = context.job, context.params, self._captions
        await context.progress(0, 1, "captioning")
        question = Question.from_params(params, job.priority)
        options = question.options
        question = replace(question, started_by=job.started_by)
        spec = await captions.describer.captioner(question)
        picture = await self._parts.files.open(question)
        result = await captions.describer.describe(
            question, picture, spec, verify=options.verify
        )
        caption_id, photo_id = params["caption_id"], params["caption_photo_id"]
        answer = replace(
            Answer.of_result(caption_id, params["picture_hash"], result, now_ms()),
            photo_id=photo_id,
            phase=Phase.FINAL,
        )
        if photo_id is not None:
            new = new_suggestion(photo_id, result, question)
            try:
                await self._parts.store.suggestions.update(caption_id, new)
            except (ConflictError, SuggestionNotFoundError):
                # A person was quicker, or a newer one took its place.
                return {"caption_id": caption_id, "photo_id": photo_id, "kept": False}
        captions.cache.put(answer, options.key(answer.picture_hash))
        await self._parts.events.emit("caption.enriched", caption_event(answer))
        return _result(answer)

    async def _caption_photos(self, context: JobContext) -> Mapping[str, Any]:
        """Describe photos, some at once; it goes on where it was parked."""
        photo_ids: list[str] = context.params["photo_ids"]
        options = CaptionOptions(**context.params["options"])
        state = {"next": 0, "captioned": 0, "failed": 0, "errors": [], **context.resume}
        context.resume = state
        under_way = UnderWay[EdgeRuntimeError | None](
            await self._captions.at_once(options, usual=1),
            lambda error: _count(state, photo_ids[state["next"]], error),
        )
        try:
            for photo_id in photo_ids[state["next"] :]:
                if context.should_yield:
                    await under_way.drain()
                    context.step_back()
                await self._parts.pacer.rest(context, under_way.drain)
                await context.progress(state["next"], len(photo_ids), "captioning")
                await under_way.start(self._caption_stored(options, photo_id))
            await under_way.drain()
        finally:
            await under_way.end()
        await context.progress(len(photo_ids), len(photo_ids))
        return {key: state[key] for key in ("captioned", "failed", "errors")}

    async def _caption_stored(
        self, options: CaptionOptions, photo_id: str
    ) -> EdgeRuntimeError | None:
        """Describe a photo of the store; return what prevented it."""
        question = Question(options, photo_id=photo_id, priority=Priority.BATCH)
        try:
            await self._captions.ask(question, may_refuse=False)
        except EdgeRuntimeError as err:
            return err
        return None

    def _drop_upload(self, job: Job) -> None:
        path = job.params.get("path")
        self._parts.work.drop(Path(path) if path else None)


def _options(options: CaptionOptions) -> dict[str, Any]:
    params = Question(options, photo_id="").to_params()
    return {"options": params["options"]}


def _result(answer: Answer) -> dict[str, Any]:
    """Return a job's result; the words of a stored photo stay with the photo alone."""
    result: dict[str, Any] = {"caption_id": answer.id, "photo_id": answer.photo_id}
    if answer.photo_id is None:
        result["caption"] = answer.to_dict()
    return result


def _count(
    state: dict[str, Any], photo_id: str, error: EdgeRuntimeError | None
) -> None:
    if error is None:
        state["captioned"] += 1
    else:
        note_failure(state, photo_id, error)
    state["next"] += 1


def note_failure(state: dict[str, Any], photo_id: str, error: EdgeRuntimeError) -> None:
    """Note that one photo of a batch failed; raise what would fail for each of them."""
    # A worker that can't be started fails for every photo.
    if error.code in {"stopping", "no_model", "worker_start_failed", "model_broken"}:
        raise error
    state["failed"] += 1
    if len(state["errors"]) < _MAX_ERRORS:
        state["errors"].append({"photo_id": photo_id, **error.to_dict()})
