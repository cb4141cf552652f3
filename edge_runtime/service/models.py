"""`ModelService`: which models there are, and how they come, go and are loaded."""

import asyncio
from typing import Final

from ..config import AutoDownload
from ..errors import EdgeRuntimeError, ModelUnusableError
from ..manifest import ModelSpec
from ..preferences import AUTO, NONE
from ..schemas import Task
from ..selection import Selection
from ..store import Job
from .errors import (
    ModelBuiltInError,
    ModelBusyError,
    ModelDoesNotFitError,
    ModelDownloadingError,
)
from .model_facts import ModelFacts, fit_of, misfits, pace_of
from .parts import Parts

DOWNLOAD_JOB: Final = "download"
VERIFY_JOB: Final = "verify"
REMOVE_JOB: Final = "remove"
LOAD_JOB: Final = "load"


class ModelService:
    """Lists models, starts their jobs, unloads and pins them."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def all(self) -> list[ModelFacts]:
        """Return every model that the manifest knows, in its order."""
        selection = await self._parts.selector.select()
        return await asyncio.to_thread(self._all_facts, selection)

    async def get(self, model_id: str) -> ModelFacts:
        """Return one model; raise ModelUnknownError."""
        spec = self._parts.runtime.model(model_id)
        selection = await self._parts.selector.select()
        return await asyncio.to_thread(self._facts, spec, selection)

    async def download(
        self,
        model_id: str,
        *,
        accept_license: bool = False,
        confirm: bool = False,
        started_by: str = "",
    ) -> Job:
        """Queue a download; a model that does not fit needs `confirm`.

        Raises LicenseNotAcceptedError where the licence has to be accepted first.
        """
        spec = self._parts.runtime.model(model_id)
        store = self._parts.runtime.store
        await self._refuse_misfit(spec, confirm=confirm)
        if accept_license:
            await asyncio.to_thread(store.accept_license, spec)
            self._parts.selector.refresh()
        facts = await self.get(model_id)
        if facts.license_pending:
            # says itself what to accept, and how
            await store.ensure(spec)
        return await self._enqueue(DOWNLOAD_JOB, spec, started_by)

    async def verify(self, model_id: str, started_by: str = "") -> Job:
        """Queue a check of every file's hash."""
        spec = self._parts.runtime.model(model_id)
        return await self._enqueue(VERIFY_JOB, spec, started_by)

    async def remove(self, model_id: str, started_by: str = "") -> Job:
        """Queue the removal of a model; raise ModelBusyError if it is in use."""
        spec = self._parts.runtime.model(model_id)
        if spec.is_bundled:
            raise ModelBuiltInError(f"{spec.id} is a part of the program and stays")
        self._refuse_busy(spec.id)
        return await self._enqueue(REMOVE_JOB, spec, started_by)

    async def load(
        self, model_id: str, *, confirm: bool = False, started_by: str = ""
    ) -> Job:
        """Queue the loading of a model into memory."""
        spec = self._parts.runtime.model(model_id)
        if spec.task is not Task.IMAGE_TO_TEXT:
            raise ModelUnusableError(
                f"{spec.id} is a model for {spec.task.value}: it is loaded when a "
                "captioner needs it"
            )
        await self._refuse_misfit(spec, confirm=confirm)
        await asyncio.to_thread(self._parts.runtime.store.paths, spec)
        return await self._enqueue(LOAD_JOB, spec, started_by)

    async def unload(self, model_id: str) -> None:
        """Give a model's memory back now; raise ModelBusyError while it answers."""
        spec = self._parts.runtime.model(model_id)
        await self._parts.pool.unload(spec.id)

    async def selection(self) -> Selection:
        """Return the decision for every task."""
        return await self._parts.selector.select()

    async def pin(self, task: Task, choice: str, *, confirm: bool = False) -> Selection:
        """Choose a model for a task: its id, `auto`, or `none` to switch it off."""
        if choice not in {AUTO, NONE}:
            spec = self._parts.runtime.model(choice)
            if spec.task is not task:
                raise ModelUnusableError(
                    f"{spec.id} is a model for {spec.task.value}, not for {task.value}"
                )
            await self._refuse_misfit(spec, confirm=confirm)
        await self._parts.selector.pin(self._parts.store, task, choice)
        await self._parts.events.emit(
            "selection.changed", {"task": task.value, "model": choice}
        )
        return await self.selection()

    async def fetch_if_allowed(
        self, spec: ModelSpec, started_by: str
    ) -> EdgeRuntimeError | None:
        """Queue the download of a model that was asked for, if nobody has to be asked.

        Returns the error that tells the client to wait for its job, or None.
        """
        settings = self._parts.settings
        if settings.auto_download is not AutoDownload.YES or settings.offline:
            return None
        facts = await self.get(spec.id)
        if facts.license_pending or not facts.is_suited:
            return None
        job = await self._enqueue(DOWNLOAD_JOB, spec, started_by)
        return ModelDownloadingError(
            f"{spec.id} is on its way: ask again when its job has ended", job.id
        )

    async def _enqueue(self, kind: str, spec: ModelSpec, started_by: str) -> Job:
        return await self._parts.jobs.enqueue(
            kind,
            {"model": spec.id},
            group=spec.id,
            started_by=started_by,
            key=f"{kind} {spec.id}",
        )

    def _refuse_busy(self, model_id: str) -> None:
        works = any(
            job.params.get("model") == model_id for job in self._parts.jobs.running
        )
        if works or self._parts.pool.gate.group == model_id:
            raise ModelBusyError(f"{model_id} is in use: try again in a moment")

    async def _refuse_misfit(self, spec: ModelSpec, *, confirm: bool) -> None:
        selection = await self._parts.selector.select()
        _, _, reasons = fit_of(selection, spec)
        if (wrong := misfits(reasons)) and not confirm:
            raise ModelDoesNotFitError(
                f"{spec.id} {wrong[0].problem}; {wrong[0].cure}, or send confirm: true "
                "to take it all the same"
            )

    def _all_facts(self, selection: Selection) -> list[ModelFacts]:
        rows = self._parts.runtime.manifest.models
        return [self._facts(spec, selection) for spec in rows]

    def _facts(self, spec: ModelSpec, selection: Selection) -> ModelFacts:
        runtime = self._parts.runtime
        plan = runtime.store.plan(spec)
        fit, choice, reasons = fit_of(selection, spec)
        return ModelFacts(
            spec=spec,
            state=plan.state,
            download_bytes=plan.fetch_bytes if plan.sizes_known else None,
            license_pending=plan.license_pending,
            fit=fit,
            choice=choice,
            reasons=reasons,
            pace=pace_of(selection, spec),
            self_test=runtime.self_tests.get(spec),
            runner=self._parts.pool.state(spec.id),
            pinned=selection.get(spec.task).pinned == spec.id,
        )
