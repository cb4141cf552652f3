"""The text stages: read what stands in the picture, translate, let a model join facts.

Each takes a described photo and hands back one that is as good or better: what fails
leaves the caption as templates made it, with a note that says why.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Final, Protocol

from ..errors import EdgeRuntimeError
from ..facts import Fact, FactKind, FactSource, TextPath, of_kind
from ..inference.text_messages import (
    GenerateAnswer,
    GenerateJob,
    ReadAnswer,
    ReadJob,
    TranslateAnswer,
    TranslateJob,
)
from ..manifest import ModelSpec
from ..schemas import CaptionRequest, CaptionResult, ReadText, Style, Task
from .caption import Described, composed, known_facts, untranslated_note
from .composing import RULES, Composer, extra_sentences
from .gate import Asked
from .known import FactFinder
from .prompts import is_told
from .rewriting import Rewriter, why_not
from .translating import CaptionTranslator, ChatTranslator
from .wanted_models import TextModels

_LARGE: Final = 0.045
"""Share of the picture's height from which a line of text matters by itself."""
_MAX_TEXT_CHARS: Final = 80
_MAX_CHARS: Final = 240
_REWRITTEN: Final = frozenset(
    {Style.PLAIN, Style.SHORT, Style.DETAILED, Style.ALT_TEXT}
)


class TextRunner(Protocol):
    """Runs a text model; a ModelRunner is one."""

    async def generate(self, job: GenerateJob) -> GenerateAnswer:
        """Return how a language model goes on with a conversation."""

    async def translate(self, job: TranslateJob) -> TranslateAnswer:
        """Return texts in another language."""

    async def read(self, job: ReadJob, payload: bytes = b"") -> ReadAnswer:
        """Return the text that stands in one photo."""


Use = Callable[[ModelSpec], AbstractAsyncContextManager[TextRunner]]
"""Brings a model into memory, with room made for it, for as long as it is used."""


@dataclass(frozen=True, slots=True)
class TextStage:
    """Lets text models go on with described photos, one after another."""

    composer: Composer
    finder: FactFinder
    models: TextModels
    use: Use
    memory_budget: Callable[[], int | None]

    async def finish(
        self, request: CaptionRequest, described: Described
    ) -> CaptionResult:
        """Return the caption with all that text models can add to it."""
        started = perf_counter()
        before = described.result
        notes = (*before.notes, *self.models.notes)
        described = replace(described, result=replace(before, notes=notes))
        if described.visual:
            described = await self._read(request, described)
            described = await self._translate(request, described)
            described = await self._rewrite(request, described)
        result = described.result
        spent = perf_counter() - started
        stages = {**(result.stages or {}), "texts": spent}
        return replace(result, seconds=result.seconds + spent, stages=stages)

    async def _read(self, request: CaptionRequest, described: Described) -> Described:
        reader = self.models.reader
        if reader is None:
            return described
        job = ReadJob(path=request.path, memory_budget=self.memory_budget())
        try:
            async with self.use(reader) as runner:
                answer = await runner.read(job)
        except EdgeRuntimeError as err:
            return _noted(described, f"its text could not be read: {err.message}")
        every = request.read_text is ReadText.ALL
        lines = [x.text for x in answer.lines if every or x.height >= _LARGE]
        if not lines:
            return described
        text = _within(lines, _MAX_TEXT_CHARS)
        known = (*described.known, Fact(FactKind.TEXT, text, FactSource.OCR))
        return self._composed(request, replace(described, known=known))

    async def _translate(
        self, request: CaptionRequest, described: Described
    ) -> Described:
        model, result = self.models.translator, described.result
        if model is None or _primary(request.language) == _primary(result.language):
            return described
        # templates add the facts afterwards, in the new language; without any for it,
        # the whole text is translated, and names stay as they are
        has_templates = self.composer.languages.get(request.language) is not None
        text = described.visual if has_templates else result.caption
        names = [name for fact in result.facts for name in (fact.value, *fact.within)]
        async with self.use(model) as runner:
            asked = CaptionTranslator(runner, model.id, request.language)
            if model.task is Task.TEXT_GENERATION:
                asked = replace(
                    asked,
                    translator=ChatTranslator(runner, _primary(request.language)),
                    back=ChatTranslator(runner, "en"),
                )
            found = await asked.translate(text, names)
        if found.text is None:
            return _noted(described, found.reason)
        old = untranslated_note(request.language, result.language)
        notes = tuple(note for note in result.notes if note != old)
        note = f"translated from '{result.language}' by {model.id}"
        result = replace(result, language=request.language, notes=(*notes, note))
        if not has_templates:
            return replace(described, result=replace(result, caption=found.text))
        read = of_kind(described.known, FactKind.TEXT)
        found_here = await known_facts(self.finder, request, request.language)
        known = (*(f for f in found_here if f not in read), *read)
        return self._composed(request, Described(result, found.text, known))

    async def _rewrite(
        self, request: CaptionRequest, described: Described
    ) -> Described:
        model, result = self.models.rewriter, described.result
        if model is None or not _may_rewrite(request, result):
            return described
        facts = tuple(fact for fact in result.facts if is_told(fact))
        others = tuple(fact for fact in result.facts if fact not in facts)
        said = self._sentences_of(others, result.language)
        rule = RULES[request.style]
        room = (rule.max_chars or _MAX_CHARS) - len(said)
        if reason := why_not(described.visual, facts):
            return _unwritten(described, reason)  # nothing leaves the memory for it
        async with self.use(model) as runner:
            found = await Rewriter(runner, model.id).rewrite(
                Asked(described.visual, facts, room, has_exact_dates=rule.is_exact)
            )
        if found.text is None:
            return _unwritten(described, found.reason)
        better = replace(
            result,
            caption=f"{found.text} {said}".strip(),
            text_path=TextPath.LLM,
            text_reason=f"{model.id} joined caption and facts",
        )
        return replace(described, result=better)

    def _sentences_of(self, facts: tuple[Fact, ...], language: str) -> str:
        """Return what templates say of facts that no model is told."""
        data = self.composer.languages.get(language)
        if data is None:
            return ""
        return " ".join(extra_sentences(facts, data, with_people=False))

    def _composed(self, request: CaptionRequest, described: Described) -> Described:
        result = composed(
            self.composer,
            request,
            described.result,
            described.visual,
            described.known,
        )
        return replace(described, result=result)


def _may_rewrite(request: CaptionRequest, result: CaptionResult) -> bool:
    """Return whether there is something that a language model could do better."""
    is_english = _primary(result.language) == "en"
    return is_english and request.style in _REWRITTEN and bool(result.facts)


def _primary(language: str) -> str:
    return language.lower().partition("-")[0]


def _within(lines: list[str], room: int) -> str:
    """Return as many whole lines as fit, the first of them in any case."""
    text = lines[0][:room]
    for line in lines[1:]:
        if len(text) + len(line) + 1 > room:
            break
        text = f"{text} {line}"
    return text


def _unwritten(described: Described, reason: str) -> Described:
    """Return the template's text with why no model's is there."""
    reason = f"{described.result.text_reason}; {reason}"
    return replace(described, result=replace(described.result, text_reason=reason))


def _noted(described: Described, note: str) -> Described:
    notes = (*described.result.notes, note)
    return replace(described, result=replace(described.result, notes=notes))
