"""The job that makes a study's captions, each once, and scores them all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..const import EMBEDDED_MODEL
from ..errors import EdgeRuntimeError
from ..jobs import JobContext, JobKind, Priority, Resource
from ..runtime import Scores
from ..store import Study, StudyCaption, StudyState, Variant
from .caption_jobs import note_failure
from .captions import CaptionService
from .pacing import Pacer
from .parts import Parts
from .questions import CaptionOptions, Question
from .studies import STUDY_JOB

_CAPTIONING: Final = "captioning"
_SCORING: Final = "scoring"


@dataclass(slots=True)
class _Run:
    """One run of the job: what it is about, and how far it is."""

    context: JobContext
    pacer: Pacer
    study: Study
    photo_ids: Sequence[str]
    done: int = 0

    @property
    def total(self) -> int:
        """Return the steps: each variant's captions, then one for the scores."""
        return len(self.photo_ids) * (len(self.study.variants) + 1)

    async def step(self, stage: str) -> None:
        """Let more urgent work through, and tell how far this is."""
        self.context.step_back()
        await self.pacer.rest(self.context)
        await self.context.progress(self.done, self.total, stage)
        self.done += 1


class StudyJobs:
    """The kind of job that prepares a study."""

    def __init__(self, parts: Parts, captions: CaptionService) -> None:
        self._parts = parts
        self._captions = captions

    def kinds(self) -> Sequence[JobKind]:
        """Return the kinds for the queue."""
        return (JobKind(STUDY_JOB, Resource.MODEL, self._prepare),)

    async def _prepare(self, context: JobContext) -> Mapping[str, Any]:
        """Make what is lacking; what an earlier run made stays as it is."""
        studies = self._parts.store.studies
        study = await studies.get(context.params["study_id"])
        run = _Run(context, self._parts.pacer, study, await studies.photo_ids(study.id))
        state = {"captioned": 0, "failed": 0, "errors": [], **context.resume}
        context.resume = state
        made = {(c.photo_id, c.variant) for c in await studies.captions(study.id)}
        for number, variant in enumerate(study.variants):
            for photo_id in run.photo_ids:
                await run.step(_CAPTIONING)
                if (photo_id, number) in made:
                    continue
                try:
                    caption = await self._caption(study, number, variant, photo_id)
                except EdgeRuntimeError as err:
                    note_failure(state, photo_id, err)
                else:
                    await studies.put_caption(study.id, caption)
                    state["captioned"] += 1
        await self._score(run)
        await context.progress(run.total, run.total)
        if await studies.captions(study.id):
            await studies.set_state(study.id, StudyState.OPEN)
        await self._parts.events.emit("study.changed", {"id": study.id})
        return {key: state[key] for key in ("captioned", "failed", "errors")}

    async def _caption(
        self, study: Study, number: int, variant: Variant, photo_id: str
    ) -> StudyCaption:
        options = CaptionOptions(
            language=study.language,
            model=variant.model,
            verify=variant.check,
            **variant.options,
        )
        question = Question(options, photo_id=photo_id, priority=Priority.BATCH)
        describer = self._captions.describer
        spec = await describer.captioner(question)
        picture = await self._parts.files.open(question)
        result = await describer.describe(question, picture, spec, verify=variant.check)
        return StudyCaption(
            photo_id, number, result.caption, result.verdict, None, result.seconds
        )

    async def _score(self, run: _Run) -> None:
        """Hold every text against its photo with one scorer, checked or not."""
        studies = self._parts.store.studies
        captions = await studies.captions(run.study.id)
        for photo_id in run.photo_ids:
            await run.step(_SCORING)
            texts = {c.variant: c.text for c in captions if c.photo_id == photo_id}
            if not texts:
                continue
            try:
                found = await self._scores(photo_id, list(texts.values()))
            except EdgeRuntimeError:  # a study is one without scores, too
                continue
            if found is None:
                return
            scores = dict(zip(texts, found.values, strict=True))
            await studies.put_scores(run.study.id, photo_id, found.scorer, scores)

    async def _scores(self, photo_id: str, texts: Sequence[str]) -> Scores | None:
        parts = self._parts
        spec = parts.runtime.model(EMBEDDED_MODEL)
        picture = await parts.files.of_photo(photo_id)
        async with parts.pool.gate.hold(Priority.BATCH, spec.id):
            await parts.pool.prepare(spec, None, background=True)
            return await parts.runtime.score(str(picture.path), texts, spec)
