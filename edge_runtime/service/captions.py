"""`CaptionService`: describes photos, from what is known or by a model."""

from dataclasses import replace
from typing import Final

from ..errors import (
    EdgeRuntimeError,
    PhotoError,
    WorkerStoppedError,
)
from ..jobs import Priority, Resource
from ..manifest import ModelSpec
from ..schemas import Task
from ..selection import Choice
from ..store import Job, SuggestionNotFoundError, new_id, now_ms
from .answers import Answer, AnswerCache, Origin, Phase
from .describing import Describer, FetchModel
from .duplicates import Frame, RecentFrames
from .errors import AnswerNotFoundError, QueueFullError, ServiceStoppingError
from .flights import Flights
from .known import KnownAnswers
from .parts import Parts
from .photo_files import Picture
from .questions import CaptionOptions, Question

CAPTION_JOB: Final = "caption"
ENRICH_JOB: Final = "enrich"
_MIN_RETRY_S: Final = 1.0
_AT_ONCE_WITH_TEXTS: Final = 8
"""All these are seen by the captioner, then the text models come once for them all."""


class CaptionService:
    """Describes photos: one model at a time, the most urgent question first."""

    def __init__(self, parts: Parts, fetch_model: FetchModel) -> None:
        self._parts = parts
        self.describer = Describer(parts, fetch_model)
        self.cache = AnswerCache()
        self._known = KnownAnswers(parts.store, self.cache)
        self._frames = RecentFrames()
        self._flights = Flights()
        self._stopping = False
        self._open = 0

    @property
    def queue_length(self) -> int:
        """Return how many questions wait for the model, those of batches left out."""
        return max(0, self._open - self.describer.running)

    def stop(self) -> None:
        """Refuse questions from now on."""
        self._stopping = True

    async def ask(self, question: Question, *, may_refuse: bool = True) -> Answer:
        """Return the description of a photo; raise the error that prevents it.

        A job's question is never refused for a full queue: the job waits in its place.
        """
        counters = self._parts.counters
        self._refuse_when_stopping()
        try:
            return await self._answer(question, may_refuse=may_refuse)
        except QueueFullError:
            counters.captions_refused += 1
            raise
        except PhotoError as err:
            counters.captions_failed += 1
            raise _named(err, question) from None
        except WorkerStoppedError:
            self._refuse_when_stopping()
            raise
        except EdgeRuntimeError:
            counters.captions_failed += 1
            raise

    async def at_once(self, options: CaptionOptions, usual: int) -> int:
        """Return how many photos of a batch to have under way: more if texts follow."""
        has_texts = await self.describer.has_texts(Question(options))
        return _AT_ONCE_WITH_TEXTS if has_texts else usual

    async def enqueue(self, question: Question) -> Job:
        """Queue a question as a job that outlives this request and a restart."""
        self._refuse_when_stopping()
        parts = self._parts
        waiting = await parts.store.jobs.waiting(Resource.MODEL)
        if waiting >= parts.settings.queue_limit:
            parts.counters.captions_refused += 1
            raise self._queue_full(waiting)
        return await self._enqueue(CAPTION_JOB, self._kept(question))

    async def get(self, caption_id: str) -> Answer:
        """Return a caption by its id; what isn't stored is known for a while."""
        if answer := self.cache.get(caption_id):
            return answer
        store = self._parts.store
        try:
            suggestion = await store.suggestions.get(caption_id)
        except SuggestionNotFoundError:
            raise AnswerNotFoundError(
                "no caption has this id, or it was not stored and is forgotten by now"
            ) from None
        photo = await store.photos.get(suggestion.photo_id)
        return Answer.of_suggestion(suggestion, photo.picture_hash)

    async def recommended(self) -> Choice | None:
        """Return the captioner that would be better here after a download."""
        selection = await self._parts.selector.select()
        entry = selection.get(Task.IMAGE_TO_TEXT)
        return None if entry.pinned else entry.recommended

    async def _answer(self, question: Question, *, may_refuse: bool) -> Answer:
        picture = await self._parts.files.open(question)
        if known := await self._stored(question, picture):
            return known
        if may_refuse:
            self._refuse_when_full()
        counted = question.priority > Priority.BATCH
        self._open += counted
        try:
            return await self._answer_in_turn(question, picture)
        finally:
            self._open -= counted

    async def _answer_in_turn(self, question: Question, picture: Picture) -> Answer:
        options = question.options
        # A camera's frames are taken one by one: the next one may show the same.
        key = question.source or options.key(picture.picture_hash)
        async with self._flights.alone(key):
            if known := await self._stored(question, picture):
                return known
            if question.source is not None:
                found = await self._parts.keeper.inspect(picture.path)
                picture = picture.inspected(found)
                if same := await self._same_frame(question, picture):
                    return same
            return await self._new_answer(question, picture)

    async def _stored(self, question: Question, picture: Picture) -> Answer | None:
        """Return what is known already, unless it is to be made anew."""
        if question.options.refresh:
            return None
        known = await self._known.find(question.options, picture)
        if known is None or (question.is_kept and known.photo_id is None):
            return None  # what was not stored then is to be stored now
        self._parts.counters.captions_from_store += 1
        is_person = known.origin is Origin.PERSON
        return known if is_person else replace(known, origin=Origin.STORED)

    async def _new_answer(self, question: Question, picture: Picture) -> Answer:
        spec = await self.describer.captioner(question)
        fast = await self.describer.fast_captioner(question, spec)
        if fast is None:
            return await self._make(question, picture, spec)
        answer = await self._make(question, picture, fast, phase=Phase.FAST)
        return await self._enrich_later(question, picture, answer)

    async def _make(
        self,
        question: Question,
        picture: Picture,
        spec: ModelSpec,
        *,
        phase: Phase = Phase.FINAL,
    ) -> Answer:
        options = question.options
        final = phase is Phase.FINAL
        result = await self.describer.describe(
            question, picture, spec, verify=options.verify and final, texts=final
        )
        keeper = self._parts.keeper
        photo_id = await keeper.photo_of(question, picture)
        caption_id = new_id()
        if photo_id is not None and not options.question:
            caption_id = (await keeper.suggest(photo_id, result, question)).id
        answer = replace(
            Answer.of_result(caption_id, picture.picture_hash, result, now_ms()),
            photo_id=photo_id,
            phase=phase,
        )
        self.cache.put(answer, options.key(picture.picture_hash))
        self._remember_frame(question, picture, answer)
        if not options.question:  # an answer is no caption of the photo
            await self._parts.events.emit("caption.ready", caption_event(answer))
        return answer

    async def _enrich_later(
        self, question: Question, picture: Picture, answer: Answer
    ) -> Answer:
        job = await self._enqueue(
            ENRICH_JOB,
            self._kept(replace(question, two_phase=False)),
            caption_id=answer.id,
            picture_hash=picture.picture_hash,
            caption_photo_id=answer.photo_id,
        )
        answer = replace(answer, job_id=job.id)
        if (kept := self.cache.get(answer.id)) is None or kept.phase is Phase.FAST:
            self.cache.put(answer)
        return answer

    def _kept(self, question: Question) -> Question:
        """Return the question with its upload in a place that outlives the request."""
        if question.take is None:
            return question
        path = self._parts.work.adopt(question.take())
        return replace(question, path=path, take=None)

    async def _enqueue(self, kind: str, question: Question, **more: object) -> Job:
        try:
            return await self._parts.jobs.enqueue(
                kind,
                {**question.to_params(), **more},
                priority=question.priority,
                group=question.options.model or "",
                started_by=question.started_by,
            )
        except BaseException:
            self._parts.work.drop(question.path)
            raise

    async def _same_frame(self, question: Question, picture: Picture) -> Answer | None:
        """Return the caption of an earlier frame that shows the same, marked."""
        if picture.inspection is None or question.source is None:
            return None
        # an earlier frame was looked at for other things, or for none
        if question.options.refresh or question.options.look_for:
            return None
        frame = self._frames.find(
            question.source,
            picture.inspection.brightness,
            question.options.language,
            now_ms(),
        )
        if frame is None:
            return None
        try:
            earlier = await self.get(frame.caption_id)
        except EdgeRuntimeError:  # forgotten meanwhile
            return None
        self._parts.counters.captions_from_duplicate += 1
        return replace(
            earlier,
            origin=Origin.NEAR_DUPLICATE,
            duplicate_of=earlier.photo_id or earlier.id,
            looked_for=(),
        )

    def _remember_frame(
        self, question: Question, picture: Picture, answer: Answer
    ) -> None:
        if question.source is None or picture.inspection is None:
            return
        frame = Frame(
            picture.inspection.brightness,
            question.options.language,
            answer.id,
            answer.created_at,
        )
        self._frames.add(question.source, frame)

    def _refuse_when_stopping(self) -> None:
        if self._stopping:
            raise ServiceStoppingError("the service is stopping: try again in a minute")

    def _refuse_when_full(self) -> None:
        if self.queue_length >= self._parts.settings.queue_limit:
            raise self._queue_full(self.queue_length)

    def _queue_full(self, waiting: int) -> QueueFullError:
        seconds = waiting * self._parts.counters.seconds_per_caption
        return QueueFullError(
            f"{waiting} captions wait already: try again later",
            retry_after_s=max(_MIN_RETRY_S, seconds),
        )


def caption_event(answer: Answer) -> dict[str, object]:
    """Return what an event says of a caption: where to find it, not its words."""
    return {
        "id": answer.id,
        "photo_id": answer.photo_id,
        "phase": answer.phase.value,
        "verdict": answer.verdict.value,
    }


def _named(error: PhotoError, question: Question) -> PhotoError:
    """Return the error with the photo's own name for that of a file of ours."""
    if question.path is None or not question.is_upload:
        return error
    words = error.message
    for path in (question.path, question.path.name):
        words = words.replace(str(path), question.name)
    return type(error)(words)
