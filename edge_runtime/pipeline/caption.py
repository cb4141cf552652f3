"""The caption pipeline: visual caption, then its check; text stages join it here."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any, Final, Protocol

from ..errors import EdgeRuntimeError, ModelUnusableError
from ..facts import Fact, in_one_line
from ..inference.messages import CaptionAnswer, CaptionJob, ScoreJob
from ..schemas import CaptionRequest, CaptionResult, Verdict
from .composing import Composer, Draft
from .instructions import answer_settings, caption_settings
from .known import FactFinder, merged
from .looking import NO_SCORER, NOT_CHECKED, unanswered
from .sentence import to_sentence
from .verify import CaptionCheck

ANSWER_UNCHECKED: Final = "an answer is not checked against the photo"


class VisualCaptioner(Protocol):
    """Describes one picture; a ModelRunner is one."""

    async def caption(self, job: CaptionJob, payload: bytes = b"") -> CaptionAnswer:
        """Return the captions of one photo."""


@dataclass(frozen=True, slots=True)
class Described:
    """A caption with what the text stages need to go on with it."""

    result: CaptionResult
    """Composed by templates: complete as it is."""
    visual: str
    """The checked caption alone."""
    known: tuple[Fact, ...]
    """Every fact, told or not."""


@dataclass(frozen=True, slots=True)
class CaptionPipeline:
    """Describes photos with one captioner."""

    captioner: VisualCaptioner
    model_id: str
    languages: tuple[str, ...]
    """What the captioner writes, its main language first."""
    memory_budget: Callable[[], int | None]
    """Returns the bytes that decoding a photo may take now."""
    check: CaptionCheck | None = None
    """None: no scorer fits, or checks are switched off."""
    composer: Composer = field(default_factory=Composer)
    finder: FactFinder = field(default_factory=FactFinder)
    reads_prompts: bool = False
    """The captioner is told style, language and facts, and answers questions."""

    async def caption(self, request: CaptionRequest) -> CaptionResult:
        """Return the caption of one photo; raise the error that prevents it."""
        return (await self.describe(request)).result

    async def describe(self, request: CaptionRequest) -> Described:
        """Return the caption of one photo, ready for what text models can add."""
        started = perf_counter()
        if request.question:
            return await self._answered(request, started)
        language = written_language(request.language, self.languages)
        language = language or self.languages[0]
        known = await known_facts(self.finder, request, language)
        settings = {}
        if self.reads_prompts:
            settings = caption_settings(request, language, known)
        answer = await self._look(request, settings)
        result = self._unchecked(request, answer)
        if self.check is not None and request.verify:
            result = await self._checked(self.check, request, result, answer)
        visual, composing = result.caption, perf_counter()
        if self.reads_prompts:
            known = not_said(known, visual)
        result = composed(self.composer, request, result, visual, known)
        stages = {**(result.stages or {}), "compose": perf_counter() - composing}
        seconds = perf_counter() - started
        return Described(replace(result, stages=stages, seconds=seconds), visual, known)

    async def _look(
        self, request: CaptionRequest, settings: dict[str, Any]
    ) -> CaptionAnswer:
        job = CaptionJob(
            path=request.path, memory_budget=self.memory_budget(), generate=settings
        )
        return await self.captioner.caption(job)

    async def _answered(self, request: CaptionRequest, started: float) -> Described:
        """Return the answer to a question, in the model's own words."""
        if not self.reads_prompts:
            raise ModelUnusableError(
                f"{self.model_id} describes photos and answers no questions"
            )
        answer = await self._look(request, answer_settings(request))
        asked = request.language
        language = written_language(asked, self.languages)
        notes = [ANSWER_UNCHECKED]
        if language is None:
            language = self.languages[0]
            notes.append(f"{self.model_id} is not made to answer in '{asked}'")
        request = replace(request, verify=False, language=language)
        said = answer.captions[0].text
        if request.schema is None:
            said = in_one_line(said)
        result = self._unchecked(request, answer)
        result = replace(
            result,
            caption=said,
            notes=(*result.notes, *notes),
            seconds=perf_counter() - started,
        )
        return Described(result, said, ())

    def _unchecked(
        self, request: CaptionRequest, answer: CaptionAnswer
    ) -> CaptionResult:
        best = answer.captions[0]
        language = written_language(request.language, self.languages)
        notes = list(answer.notes)
        if language is None:
            language = self.languages[0]
            notes.append(untranslated_note(request.language, language))
        if not best.text:
            notes.append("the captioner found nothing to say")
        return CaptionResult(
            path=request.path,
            caption=to_sentence(best.text),
            raw_caption=best.text,
            language=language,
            model=self.model_id,
            verdict=Verdict.UNCHECKED if best.text else Verdict.NONE,
            doubted=(),
            seconds=0.0,
            log_probability=_mean(best.token_logprobs),
            stages=answer.seconds,
            notes=tuple(notes),
            looked_for=unanswered(
                request.look_for, NO_SCORER if request.verify else NOT_CHECKED
            ),
        )

    async def _checked(
        self,
        check: CaptionCheck,
        request: CaptionRequest,
        result: CaptionResult,
        answer: CaptionAnswer,
    ) -> CaptionResult:
        started = perf_counter()
        photo = ScoreJob(path=result.path, memory_budget=self.memory_budget())
        is_english = written_language(result.language, ("en",)) is not None
        if not is_english:  # nouns are only found in English
            answer = replace(answer, captions=())
            note = f"captions in '{result.language}' are not checked against the photo"
            result = replace(result, notes=(*result.notes, note))
            if not request.look_for:
                return result
        found = await check.verify(answer, photo, request.look_for)
        stages = {**(result.stages or {}), "check": perf_counter() - started}
        if isinstance(found, EdgeRuntimeError):
            note = f"the caption could not be checked: {found.message}"
            looked_for = unanswered(request.look_for, note)
            notes = (*result.notes, note)
            return replace(result, stages=stages, notes=notes, looked_for=looked_for)
        if not is_english:
            return replace(result, stages=stages, looked_for=found.looked_for)
        checked = found.checked
        notes = (*result.notes, checked.reason) if checked.reason else result.notes
        return replace(
            result,
            caption=to_sentence(checked.text),
            verdict=checked.verdict,
            doubted=checked.doubted,
            stages=stages,
            notes=notes,
            image_text_score=found.score,
            scorer=check.model_id,
            looked_for=found.looked_for,
        )


async def known_facts(
    finder: FactFinder, request: CaptionRequest, language: str
) -> tuple[Fact, ...]:
    """Return what the request gave and what the photo says of itself."""
    found: tuple[Fact, ...] = ()
    if request.find:
        found = await asyncio.to_thread(finder.find, request, language)
    return merged(request.facts, found)


def not_said(known: tuple[Fact, ...], caption: str) -> tuple[Fact, ...]:
    """Return the facts that a caption doesn't say already, word for word."""
    said = caption.casefold()
    return tuple(fact for fact in known if fact.value.casefold() not in said)


def composed(
    composer: Composer,
    request: CaptionRequest,
    result: CaptionResult,
    visual: str,
    known: tuple[Fact, ...],
) -> CaptionResult:
    """Return a result with its caption and facts in the style that was asked for."""
    made = composer.compose(
        Draft(visual, result.language, known, request.style, request.template)
    )
    return replace(
        result,
        caption=made.text,
        style=request.style,
        facts=made.facts,
        text_path=made.path,
        text_reason=made.reason,
        title=made.title,
        hashtags=made.hashtags,
    )


def written_language(wanted: str, written: tuple[str, ...]) -> str | None:
    """Return the language that serves a wish (`en-GB` is served by `en`), or None."""
    primary = wanted.lower().partition("-")[0]
    return next((w for w in written if w.lower().partition("-")[0] == primary), None)


def untranslated_note(wanted: str, written: str) -> str:
    """Return the note on a caption that stays in the captioner's own language."""
    return f"nothing here translates to '{wanted}': the caption stays in '{written}'"


def _mean(values: tuple[float, ...]) -> float | None:
    return sum(values) / len(values) if values else None
