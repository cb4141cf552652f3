"""Which models read, translate and write for a request, and room for them."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING

from . import pipeline
from .const import SHARE_OF_MEMORY
from .hardware import available_memory
from .inference.runner import ModelRunner, RunnerState
from .manifest import ModelSpec
from .runtime import EdgeRuntime
from .schemas import CaptionRequest, ReadText, Task
from .selection import ReasonCode, Selection, TaskSelection, memory_need
from .selection.facts import ENGLISH, primary_language, writes

if TYPE_CHECKING:
    from .pipeline import TextModels, TextStage
    from .pipeline.texts import Use

_LOADED = frozenset({RunnerState.READY, RunnerState.STARTING})


def text_stage(
    runtime: EdgeRuntime,
    request: CaptionRequest,
    selection: Selection,
    use: "Use | None" = None,
) -> "TextStage":
    """Return what goes on with photos that were described for such a request."""
    return pipeline.TextStage(
        composer=runtime.composer,
        finder=runtime.finder,
        models=wanted_models(request, selection),
        use=use or _Room(runtime).use,
        memory_budget=runtime.memory_budget,
    )


def wanted_models(request: CaptionRequest, selection: Selection) -> "TextModels":
    """Return the models that run here for what a request asks."""
    writer = selection.get(Task.TEXT_GENERATION)
    running = None if writer.running is None else writer.running.model
    notes = []
    if request.rewrite and running is None:
        notes.append(_why_none(writer, "joins caption and facts"))
    translator = None
    if primary_language(request.language) != ENGLISH:
        translating = selection.get(Task.TRANSLATION).running
        translator = None if translating is None else translating.model
        if translator is None and running and writes(running, request.language):
            translator = running
    reader = selection.get(Task.OCR)
    if request.read_text is ReadText.ALL and reader.running is None:
        notes.append(_why_none(reader, "reads the text in photos"))
    wants_text = request.read_text is not ReadText.NEVER
    return pipeline.TextModels(
        rewriter=running if request.rewrite else None,
        translator=translator,
        reader=reader.running.model if wants_text and reader.running else None,
        notes=tuple(notes),
    )


def _why_none(task: TaskSelection, work: str) -> str:
    """Return in one line why no model does some work, and what to do."""
    if task.stage == "off":
        return f"nothing {work}: {task.task.value} is switched off"
    if task.recommended is not None:
        model = task.recommended.model.id
        return f"nothing here {work}: get {model} with edge-captions download {model}"
    rejected = [entry for entry in task.rejected if entry.reasons]
    if not rejected:
        return f"nothing here {work}"
    order = list(ReasonCode)
    # the one that lacks least: what speaks against the best may have no cure
    missing = max(rejected, key=lambda entry: order.index(entry.reasons[0].code))
    return f"nothing here {work}: {missing.model_id} {missing.reasons[0].sentence}"


class _Room:
    """Brings one model after another into memory; the others go if it is short."""

    def __init__(self, runtime: EdgeRuntime) -> None:
        self._runtime = runtime

    def use(self, spec: ModelSpec) -> AbstractAsyncContextManager[ModelRunner]:
        """Return a model's runner, with room for it."""
        return self._used(spec)

    @asynccontextmanager
    async def _used(self, spec: ModelSpec) -> AsyncIterator[ModelRunner]:
        runner = self._runtime.runner(spec)
        if runner.state not in _LOADED:
            await self._make_room(spec, runner)
        yield runner

    async def _make_room(self, spec: ModelSpec, wanted: ModelRunner) -> None:
        need, free = memory_need(spec), available_memory()
        if need is not None and free is not None:
            limit = self._runtime.settings.memory_limit_bytes
            held = sum(r.rss_bytes() for r in self._runtime.runners)
            room = int(SHARE_OF_MEMORY * free)
            room = room if limit is None else min(room, limit - held)
            if need.load_peak_bytes <= room:
                return
        for runner in self._runtime.runners:
            if runner is not wanted:
                await runner.stop()
