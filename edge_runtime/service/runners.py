"""The models in memory: who is loaded, who makes room, who is sent away."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from ..const import SHARE_OF_MEMORY
from ..hardware import available_memory
from ..inference.imaging_runner import ImagingRunner
from ..inference.runner import ModelRunner, RunnerState
from ..jobs import PriorityGate
from ..manifest import ModelSpec
from ..runtime import EdgeRuntime
from .errors import ModelBusyError

_LOADED = frozenset({RunnerState.READY, RunnerState.STARTING})


@dataclass(frozen=True, slots=True)
class RunnerFact:
    """What can be said of one worker now."""

    model_id: str
    state: RunnerState
    pid: int | None
    rss_bytes: int
    peak_rss_bytes: int
    starts: int
    answers: int
    failures: int
    keep_alive_s: float


class RunnerPool:
    """The runners that were used, the imaging worker's among them."""

    def __init__(
        self,
        runtime: EdgeRuntime,
        on_state: Callable[[str, RunnerState], None],
    ) -> None:
        self._runtime = runtime
        self._on_state = on_state
        self._used: dict[str, ModelRunner] = {}
        self._prepared: dict[tuple[str, bool], list[ModelRunner]] = {}
        """Who answered last: while they are loaded there is nothing to decide."""
        self.gate = PriorityGate()
        """Held for each photo by whoever uses a model."""
        settings = runtime.settings
        self.imaging = ImagingRunner.create(
            settings.worker_command, settings.memory_limit_bytes
        )

    @property
    def is_memory_free(self) -> bool:
        """Return whether no model is in memory."""
        return not any(runner.state in _LOADED for runner in self._used.values())

    def state(self, model_id: str) -> RunnerState:
        """Return where a model's worker is in its life."""
        states = [runner.state for runner in self._of(model_id)]
        return next(
            (s for s in states if s in _LOADED), [*states, RunnerState.STOPPED][0]
        )

    async def prepare(
        self,
        spec: ModelSpec,
        need_bytes: int | None,
        *,
        verify: bool = True,
        background: bool = False,
    ) -> ModelRunner:
        """Return a model's runner, with the others unloaded where memory is short.

        The caller holds the gate. In the background other programs go first.
        """
        known = self._prepared.get((spec.id, verify))
        if known is not None and all(runner.state in _LOADED for runner in known):
            _set_background(known, background=background)
            return known[0]
        runners = await asyncio.to_thread(self._runners_for, spec, verify=verify)
        self._prepared[spec.id, verify] = runners
        _set_background(runners, background=background)
        for runner in runners:
            name = _name(runner)
            if self._used.get(name) is not runner:
                runner.on_state = partial(self._on_state, runner.model.model_id)
                self._used[name] = runner
        if runners[0].state not in _LOADED:
            await self._make_room(runners, need_bytes)
        return runners[0]

    async def unload(self, model_id: str) -> None:
        """End an idle model's worker; raise ModelBusyError if it is in use."""
        if self.gate.group == model_id:
            raise ModelBusyError(
                f"{model_id} answers somebody now: try again in a moment"
            )
        await asyncio.gather(*(runner.stop() for runner in self._of(model_id)))

    def facts(self) -> list[RunnerFact]:
        """Return what there is to say of every worker."""
        return [_fact(runner) for runner in (*self._used.values(), self.imaging)]

    async def stop(self) -> None:
        """End every worker; busy ones are killed."""
        used = [*self._used.values(), self.imaging]
        await asyncio.gather(*(runner.stop() for runner in used))
        await self._runtime.close()

    def _runners_for(self, spec: ModelSpec, *, verify: bool) -> list[ModelRunner]:
        """Return the model's runner, and the one of a scorer with its own worker.

        Raises ModelNotInstalledError if a file has gone or changed since.
        """
        self._runtime.store.paths(spec)
        runners = [self._runtime.runner(spec, verify=verify)]
        scorer = self._runtime.scorer(spec) if verify else None
        if scorer is not None and scorer.shares_encoder is None:
            runners.append(self._runtime.runner(scorer))
        return runners

    def _of(self, model_id: str) -> list[ModelRunner]:
        return [r for r in self._used.values() if r.model.model_id == model_id]

    async def _make_room(
        self, wanted: list[ModelRunner], need_bytes: int | None
    ) -> None:
        others = [
            runner
            for runner in self._used.values()
            if runner not in wanted and runner.state in _LOADED
        ]
        if not others:
            return
        free = await asyncio.to_thread(available_memory)
        if free is None or need_bytes is None or need_bytes > SHARE_OF_MEMORY * free:
            await asyncio.gather(*(runner.stop() for runner in others))


def _set_background(runners: list[ModelRunner], *, background: bool) -> None:
    for runner in runners:
        runner.background = background


def _name(runner: ModelRunner) -> str:
    """Return what tells runners apart: one model may run with and without a scorer."""
    scorer = runner.model.scorer
    return runner.model.model_id + ("" if scorer is None else f"+{scorer.model_id}")


def _fact(runner: ModelRunner) -> RunnerFact:
    stats = runner.stats
    return RunnerFact(
        model_id=_name(runner),
        state=runner.state,
        pid=runner.pid,
        rss_bytes=runner.rss_bytes(),
        peak_rss_bytes=stats.peak_rss_bytes,
        starts=stats.starts,
        answers=stats.answers,
        failures=stats.failures,
        keep_alive_s=runner.keep_alive_s,
    )
