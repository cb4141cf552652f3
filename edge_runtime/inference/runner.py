"""The parent's side of a worker: start it, ask it, unload it, explain its end."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
import logging
from time import perf_counter
from typing import Any, Final

from ..const import CPU
from ..errors import (
    EdgeRuntimeError,
    WorkerCrashedError,
    WorkerError,
    WorkerMemoryError,
    WorkerStartError,
    WorkerStoppedError,
    WorkerTimeoutError,
)
from ..units import human_bytes
from .child import Child, WorkerLaunch, describe_exit
from .messages import (
    CaptionAnswer,
    CaptionJob,
    LoadRequest,
    ScoreAnswer,
    ScoreJob,
    result_of,
)
from .providers import ProviderBook
from .text_messages import (
    GenerateAnswer,
    GenerateJob,
    ReadAnswer,
    ReadJob,
    TranslateAnswer,
    TranslateJob,
)

_LOGGER = logging.getLogger(__name__)
_WATCH_INTERVAL_S: Final = 0.2
_TIMED: Final = frozenset({"caption", "generate", "read", "translate"})


class RunnerState(StrEnum):
    """Where a runner is in its life; written by its own task alone."""

    STOPPED = "stopped"
    STARTING = "starting"
    READY = "ready"
    STOPPING = "stopping"
    FAILED = "failed"


@dataclass(slots=True)
class _Request:
    header: dict[str, Any] | None
    """None: only get ready."""
    payload: bytes
    answer: asyncio.Future[dict[str, Any]]

    def fail(self, error: EdgeRuntimeError) -> None:
        """Hand an error to the caller, if it still waits."""
        if not self.answer.done():
            self.answer.set_exception(error)


@dataclass(slots=True)
class RunnerStats:
    """What a runner has seen so far."""

    starts: int = 0
    answers: int = 0
    failures: int = 0
    peak_rss_bytes: int = 0


@dataclass(slots=True, eq=False)
class ModelRunner:
    """Serves one model from a child process that is started on demand.

    One task owns the child and the state; the public methods only send it requests, so
    there is no race between a request, the idle timer and a crash.
    """

    model: LoadRequest
    launch: WorkerLaunch
    keep_alive_s: float = 300.0
    timeout_s: float = 300.0
    memory_limit_bytes: int | None = None
    providers: ProviderBook | None = None
    """What else than the processor there is; None: nothing."""
    on_state: Callable[[RunnerState], None] | None = None
    on_answer: Callable[[float, bool], None] | None = None
    """Told the seconds of each answer, and whether the model was warm."""
    background: bool = False
    """Nobody waits for what is asked next: other programs go first."""
    stats: RunnerStats = field(default_factory=RunnerStats)
    _state: RunnerState = RunnerState.STOPPED
    _requests: asyncio.Queue[_Request] = field(default_factory=asyncio.Queue)
    _task: asyncio.Task[None] | None = None
    _child: Child | None = None
    _provider: str | None = None
    """What the child computes on, if not on the processor."""
    _is_warm: bool = False

    @property
    def state(self) -> RunnerState:
        """Return where the runner is in its life."""
        return self._state

    @property
    def pid(self) -> int | None:
        """Return the worker's process id while there is one."""
        return self._child.pid if self._child else None

    @property
    def computes_on(self) -> str:
        """Return the provider that the worker uses, or used last."""
        return self._provider or CPU

    def rss_bytes(self) -> int:
        """Return the memory that the worker holds now; 0 when there is none."""
        return self._child.rss_bytes() if self._child else 0

    async def ensure_ready(self) -> None:
        """Return when the model is loaded; raise the error that prevents it."""
        await self._ask(None, b"")

    async def caption(self, job: CaptionJob, payload: bytes = b"") -> CaptionAnswer:
        """Return the captions of one photo."""
        return CaptionAnswer.from_header(await self._ask(job.to_header(), payload))

    async def score(self, job: ScoreJob, payload: bytes = b"") -> ScoreAnswer:
        """Return how far one photo supports texts."""
        return ScoreAnswer.from_header(await self._ask(job.to_header(), payload))

    async def generate(self, job: GenerateJob) -> GenerateAnswer:
        """Return how a language model goes on with a conversation."""
        return GenerateAnswer.from_header(await self._ask(job.to_header(), b""))

    async def translate(self, job: TranslateJob) -> TranslateAnswer:
        """Return texts in another language."""
        return TranslateAnswer.from_header(await self._ask(job.to_header(), b""))

    async def read(self, job: ReadJob, payload: bytes = b"") -> ReadAnswer:
        """Return the text that stands in one photo."""
        return ReadAnswer.from_header(await self._ask(job.to_header(), payload))

    async def stop(self) -> None:
        """End the worker; all of its memory comes back. Open requests fail."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        self._fail_queued()  # a task that is cancelled before it began fails nobody

    async def _ask(
        self, header: dict[str, Any] | None, payload: bytes
    ) -> dict[str, Any]:
        answer = asyncio.get_running_loop().create_future()
        self._requests.put_nowait(_Request(header, payload, answer))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._own_child())
        return dict(await answer)

    async def _own_child(self) -> None:
        """Answer requests in order until cancelled."""
        try:
            while True:
                request = await self._next_request()
                if not request.answer.done():  # else the caller left before its turn
                    await self._serve(request)
        finally:
            await self._end_child()
            self._fail_queued()

    def _fail_queued(self) -> None:
        while not self._requests.empty():
            self._requests.get_nowait().fail(_stopped())

    async def _next_request(self) -> _Request:
        """Wait for a request; meanwhile unload an idle model and notice its death."""
        if self._child is None:
            return await self._requests.get()
        waiting = asyncio.ensure_future(self._requests.get())
        ended = asyncio.ensure_future(self._child.process.wait())
        try:
            await asyncio.wait(
                {waiting, ended},
                timeout=self.keep_alive_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if not waiting.done():
                await self._unload(idle=not ended.done())
            return await waiting
        except asyncio.CancelledError:
            if waiting.done() and not waiting.cancelled():
                waiting.result().fail(_stopped())
            raise
        finally:
            waiting.cancel()
            ended.cancel()

    async def _unload(self, *, idle: bool) -> None:
        if idle:
            _LOGGER.debug("%s: idle, unloading", self.model.model_id)
            await self._end_child()
        elif self._child is not None:
            self.stats.failures += 1
            reason = describe_exit(await self._child.wait(), self._child.last_words)
            _LOGGER.warning("%s: %s, while idle", self.model.model_id, reason)
            await self._end_child(RunnerState.FAILED)

    async def _serve(self, request: _Request) -> None:
        try:
            result = await self._answered(request)
            self.stats.answers += request.header is not None
        except EdgeRuntimeError as err:
            self.stats.failures += 1
            request.fail(err)
        except asyncio.CancelledError:
            request.fail(_stopped())
            raise
        except Exception as err:
            _LOGGER.exception("%s: the runner failed", self.model.model_id)
            await self._end_child(RunnerState.FAILED)
            request.fail(WorkerError(f"the runner failed: {type(err).__name__}: {err}"))
        else:
            if result is not None and not request.answer.done():
                request.answer.set_result(result)

    async def _answered(self, request: _Request) -> dict[str, Any] | None:
        """Return an answer; what fails on an accelerator, the processor computes."""
        try:
            await self._return_to_provider()
            return await self._try(request)
        except WorkerError as err:
            failed = self._provider
            if failed is None or self.providers is None:
                raise
            reason = err.message
        _LOGGER.info("%s: %s; once more", self.model.model_id, reason)
        await self._end_child()
        await self._start_child(None)
        result = await self._try(request)
        # only now: what the processor fails at as well is not the accelerator's fault
        self.providers.fail(failed, reason)
        return result

    async def _try(self, request: _Request) -> dict[str, Any] | None:
        if self._child is None or not self._child.is_running:
            options = None if self.providers is None else await self.providers.choose()
            await self._start_child(options)
        else:
            self._child.work_for(background=self.background)
        if request.header is None:
            return {}
        started = perf_counter()
        result = await self._exchange(request.header, request.payload, request.answer)
        if result is not None and request.header["op"] in _TIMED:
            if self.on_answer is not None:
                self.on_answer(perf_counter() - started, self._is_warm)
            self._is_warm = True
        return result

    async def _return_to_provider(self) -> None:
        """Try a provider again that failed long ago; if it works, load anew."""
        if self._child is None or self._provider is not None:
            return
        book = self.providers
        if book is not None and book.is_due and await book.choose() is not None:
            await self._end_child()

    async def _start_child(self, options: dict[str, str] | None) -> None:
        self._set_state(RunnerState.STARTING)
        self.stats.starts += 1
        self._is_warm = False
        self._provider = None if options is None else options["provider"]
        try:
            self._child = await Child.start(self.launch)
            # before the library makes its threads: they take it over
            self._child.work_for(background=self.background)
            await self._exchange(self.model.computed_on(options).to_header())
        except WorkerCrashedError as err:
            raise WorkerStartError(
                f"{self.model.model_id}: could not be loaded: {err}"
            ) from None
        except BaseException:
            await self._end_child(RunnerState.FAILED)
            raise
        self._set_state(RunnerState.READY)

    async def _exchange(
        self,
        header: dict[str, Any],
        payload: bytes = b"",
        caller: asyncio.Future[dict[str, Any]] | None = None,
    ) -> dict[str, Any] | None:
        """Send a request and return its result; None if the caller left meanwhile."""
        child = self._child
        if child is None:
            raise WorkerCrashedError("the worker is gone")
        talk = asyncio.ensure_future(child.ask(header, payload))
        waiting: set[asyncio.Future[Any]] = {talk} if caller is None else {talk, caller}
        try:
            await self._watch(child, talk, waiting)
            if not talk.done():
                await self._end_child()
                return None
            answer = talk.result()
            if answer is None:
                reason = describe_exit(await child.wait(), child.last_words)
                raise WorkerCrashedError(reason)
            self._check_memory(child)
        except EdgeRuntimeError:
            await self._end_child(RunnerState.FAILED)
            raise
        finally:
            talk.cancel()
        return result_of(answer)

    async def _watch(
        self,
        child: Child,
        talk: "asyncio.Future[Any]",
        waiting: "set[asyncio.Future[Any]]",
    ) -> None:
        """Wait for the answer, or until time or memory is out or the caller left."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.timeout_s
        while not talk.done():
            done, _ = await asyncio.wait(
                waiting,
                timeout=_WATCH_INTERVAL_S,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if done:
                return
            self._check_memory(child)
            if loop.time() > deadline:
                raise WorkerTimeoutError(
                    f"{self.model.model_id}: no answer in {self.timeout_s:g} s; "
                    "its worker was ended"
                )

    def _check_memory(self, child: Child) -> None:
        used, limit = child.rss_bytes(), self.memory_limit_bytes
        self.stats.peak_rss_bytes = max(self.stats.peak_rss_bytes, used)
        if limit is not None and used > limit:
            raise WorkerMemoryError(
                f"{self.model.model_id}: its worker took {human_bytes(used)} of "
                f"{human_bytes(limit)} that it may use, and was ended: choose a "
                "smaller model or allow more memory"
            )

    async def _end_child(self, state: RunnerState = RunnerState.STOPPED) -> None:
        child, self._child = self._child, None
        if child is not None:
            self._set_state(RunnerState.STOPPING)
            await child.end()
        self._set_state(state)

    def _set_state(self, state: RunnerState) -> None:
        if state is not self._state:
            _LOGGER.debug("%s: %s", self.model.model_id, state)
            self._state = state
            if self.on_state is not None:
                self.on_state(state)


def _stopped() -> WorkerStoppedError:
    return WorkerStoppedError("the worker was stopped before it answered")
