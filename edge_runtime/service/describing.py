"""`Describer`: finds the captioner of a question and runs it when its turn comes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
import logging
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Final

from ..const import EMBEDDED_MODEL
from ..errors import (
    EdgeRuntimeError,
    ModelBrokenError,
    ModelNotInstalledError,
    WorkerCrashedError,
    WorkerMemoryError,
    WorkerStartError,
)
from ..inference.runner import ModelRunner
from ..jobs import Priority
from ..manifest import ModelSpec
from ..schemas import CaptionRequest, CaptionResult, Task
from ..selection import Selection, memory_need
from ..text_models import text_stage, wanted_models
from .parts import Parts
from .photo_files import Picture
from .questions import Question
from .stand_ins import StandIns
from .wanted import request_of

if TYPE_CHECKING:
    from ..pipeline import Described

_LOGGER = logging.getLogger(__name__)
_MODEL_FAILED: Final = (
    ModelBrokenError,
    ModelNotInstalledError,
    WorkerCrashedError,
    WorkerMemoryError,
    WorkerStartError,
)

FetchModel = Callable[[ModelSpec, str], Awaitable[EdgeRuntimeError | None]]
"""Starts to fetch a model that was asked for, where that is allowed; returns the error
that says so."""


class Describer:
    """Runs captioners, one photo at a time."""

    def __init__(self, parts: Parts, fetch_model: FetchModel) -> None:
        self._parts = parts
        self._fetch_model = fetch_model
        self._stand_ins = StandIns(parts.runtime, parts.selector)
        self.running = 0
        """How many photos that somebody waits for are with a model now: 0 or 1."""

    async def captioner(self, question: Question) -> ModelSpec:
        """Return the captioner that answers; one that is lacking may be fetched."""
        selector, options = self._parts.selector, question.options
        selector.refresh_if_old(is_memory_free=self._parts.pool.is_memory_free)
        try:
            return await selector.captioner(options.language, options.model)
        except ModelNotInstalledError as err:
            selection = await selector.select(options.language, options.model)
            wanted = selection.get(Task.IMAGE_TO_TEXT).pinned
            spec = self._parts.runtime.manifest.get(wanted or "")
            coming = None
            if spec is not None:
                coming = await self._fetch_model(spec, question.started_by)
            raise coming or err from None

    async def fast_captioner(
        self, question: Question, spec: ModelSpec
    ) -> ModelSpec | None:
        """Return the captioner of a first, quick answer, if a better one can follow."""
        if not question.two_phase:
            return None
        fastest = await self._parts.selector.fastest(question.options.language)
        if fastest is None:
            return None
        scorer = None
        if question.options.verify:
            scorer = await asyncio.to_thread(self._parts.runtime.scorer, spec)
        more = scorer is not None or fastest.id != spec.id
        return fastest if more or await self.has_texts(question) else None

    async def describe(
        self,
        question: Question,
        picture: Picture,
        spec: ModelSpec,
        *,
        verify: bool,
        texts: bool = True,
    ) -> CaptionResult:
        """Return what a captioner says, when it is this question's turn.

        Where nobody asked for a certain model and the chosen one fails, a smaller one
        answers, and says so. With `texts` the text models go on with it.
        """
        request, more = request_of(
            question, picture, self._parts.settings, verify=verify
        )
        described, notes = await self._in_place(question, request, spec)
        result = described.result
        if texts and not request.question:
            selection = await self._selection(question)
            # the stage takes 0.6 MB, which most services never need
            if wanted_models(request, selection).are_there:
                use = partial(self._use, question.priority)
                stage = text_stage(self._parts.runtime, request, selection, use)
                result = await stage.finish(request, described)
        return replace(result, notes=(*picture.notes, *notes, *result.notes, *more))

    async def _in_place(
        self, question: Question, request: CaptionRequest, spec: ModelSpec
    ) -> tuple["Described", tuple[str, ...]]:
        """Return what a captioner says, or the next smaller in its place, with a note.

        One that ran out of memory just now is not tried with every photo.
        """
        options = question.options
        if options.model is not None or spec.id == EMBEDDED_MODEL:
            return await self._in_turn(question, request, spec), ()
        if self._stand_ins.is_resting(spec):
            why = f"{spec.id} had too little memory a while ago"
        else:
            try:
                return await self._in_turn(question, request, spec), ()
            except _MODEL_FAILED as err:
                if isinstance(err, ModelNotInstalledError):  # it was, a moment ago
                    self._parts.selector.refresh()
                _LOGGER.warning("%s failed: %s", spec.id, err)
                self._stand_ins.failed(spec, err)
                why = f"{spec.id} failed ({err.code})"
        smaller = await self._stand_ins.after(spec, options.language)
        described, notes = await self._in_place(question, request, smaller)
        return described, (f"{why}: {smaller.id} answers instead", *notes)

    async def has_texts(self, question: Question) -> bool:
        """Return whether text models have something to do for a question."""
        nothing = Picture(Path(), "")
        request, _ = request_of(question, nothing, self._parts.settings, verify=False)
        return wanted_models(request, await self._selection(question)).are_there

    async def _selection(self, question: Question) -> Selection:
        options = question.options
        return await self._parts.selector.select(options.language, options.model)

    @asynccontextmanager
    async def _use(
        self, priority: Priority, spec: ModelSpec
    ) -> AsyncIterator[ModelRunner]:
        """Bring a text model into memory when its turn comes."""
        need, pool = memory_need(spec), self._parts.pool
        waited_for = priority > Priority.BATCH
        async with pool.gate.hold(priority, spec.id):
            self.running += waited_for
            try:
                peak = None if need is None else need.load_peak_bytes
                yield await pool.prepare(
                    spec, peak, verify=False, background=not waited_for
                )
                self._parts.jobs.loaded_model = spec.id
            finally:
                self.running -= waited_for

    async def _in_turn(
        self, question: Question, request: CaptionRequest, spec: ModelSpec
    ) -> "Described":
        parts = self._parts
        choice = await parts.selector.choice(spec)
        need = choice.need.load_peak_bytes if choice and choice.need else None
        waited_for = question.priority > Priority.BATCH
        async with parts.pool.gate.hold(question.priority, spec.id):
            started = perf_counter()
            self.running += waited_for
            try:
                await parts.pool.prepare(
                    spec, need, verify=request.verify, background=not waited_for
                )
                parts.jobs.loaded_model = spec.id
                described = await parts.runtime.describe(request, spec)
            finally:
                self.running -= waited_for
        parts.counters.captions_answered += 1
        parts.counters.seconds_captioning += perf_counter() - started
        return described
