"""`EdgeRuntime`: the only place that builds the parts and knows how they fit."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from . import hardware as machine
from .benchmark import Benchmark
from .config import Settings
from .const import EMBEDDED_MODEL, ONNX, SHARE_OF_MEMORY
from .downloads import ModelStore
from .errors import ModelUnknownError, ModelUnusableError, NoModelError
from .hardware.identity import identity
from .hardware.providers import installed_providers, plan_providers
from .hardware.software import base_install, can_serve
from .hardware.speed import MachineSpeed, guess_speed
from .inference.child import WorkerLaunch
from .inference.messages import LoadRequest, ScoreJob, SharedScorer
from .inference.providers import ProviderBook
from .inference.registry import ANSWERING, FAMILIES, SCORERS
from .inference.runner import ModelRunner
from .manifest import Manifest, ModelSpec, load_manifest
from .manifest.converted import converted_rows
from .preferences import NONE, SelectionLayer, SelectionSettings
from .schemas import CaptionRequest, CaptionResult, Task
from .selection import (
    Choice,
    ReasonCode,
    Selection,
    SelectionContext,
    memory_need,
    select,
)
from .selection.memory import usable_memory
from .selftest import SelfTest, SelfTestStore
from .timings import Timings
from .yaml_reader import suggest

# imported when a photo is described: 3 MB that a service at rest has no use for
if TYPE_CHECKING:
    from .pipeline import Composer, Described, FactFinder

_MAX_SHOWN: Final = 60
"""Characters of a wrong name that a message repeats."""


@dataclass(frozen=True, slots=True)
class Scores:
    """How well a photo supports texts, each on the scorer's own scale."""

    scorer: str
    values: tuple[float, ...]


class EdgeRuntime:
    """Everything one home needs: settings, manifest, hardware, models, workers."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = ModelStore(settings)
        self.self_tests = SelfTestStore(settings.home / "self-tests")
        self.timings = Timings(settings.home, self._identity)
        self._runners: dict[str, ModelRunner] = {}
        self._scorers: dict[tuple[str, frozenset[str]], ModelSpec | None] = {}

    async def __aenter__(self) -> Self:
        """Return the runtime; nothing is started before it is needed."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End every worker."""
        await self.close()

    async def close(self) -> None:
        """End every worker; all of their memory comes back."""
        for runner in self._runners.values():
            await runner.stop()
        self._runners.clear()
        await asyncio.to_thread(self.timings.save)

    @cached_property
    def manifest(self) -> Manifest:
        """Return the shipped manifest with the user's rows merged in."""
        converted = converted_rows(self.settings.models_home)
        return load_manifest(self.settings.manifest, converted=converted)

    def forget_manifest(self) -> None:
        """Read the rows again when they are next asked for."""
        for name in ("manifest", "libraries"):
            self.__dict__.pop(name, None)

    @cached_property
    def hardware(self) -> machine.HardwareInfo:
        """Return this machine, looked at once."""
        return machine.detect(self.settings.models_home)

    @cached_property
    def libraries(self) -> dict[str, str | None]:
        """Return which of the manifest's libraries are here, without importing any."""
        names = {spec.library for spec in self.manifest.models}
        return {name: "installed" if can_serve(name) else None for name in names}

    @cached_property
    def providers(self) -> ProviderBook:
        """Return what else than the processor the onnxruntime here may compute on."""
        plans = plan_providers(
            installed_providers(),
            self.hardware.accelerators,
            prefer=self.settings.prefer_providers,
            forbid=self.settings.forbid_providers,
        )
        return ProviderBook(plans, WorkerLaunch(self.settings.worker_command))

    @cached_property
    def benchmark(self) -> Benchmark:
        """Return what measures how fast this machine is, and remembers it."""
        launch = WorkerLaunch(self.settings.worker_command)
        return Benchmark(self.settings.home, launch)

    @property
    def speed(self) -> MachineSpeed:
        """Return how fast this machine is, measured or guessed."""
        return self.benchmark.speed(self.hardware)

    @property
    def threads(self) -> int:
        """Return how many threads a model computes with."""
        return self.settings.threads or machine.default_threads(self.hardware)

    @cached_property
    def composer(self) -> "Composer":
        """Return what puts captions and facts together."""
        from .pipeline import Composer  # noqa: PLC0415

        return Composer()

    @cached_property
    def finder(self) -> "FactFinder":
        """Return what reads the facts that photos hold."""
        from .pipeline import FactFinder  # noqa: PLC0415

        return FactFinder()

    def model(self, model_id: str) -> ModelSpec:
        """Return a manifest row by its id."""
        spec = self.manifest.get(model_id)
        if spec is None:
            known = [row.id for row in self.manifest.models]
            shown = f"{model_id[:_MAX_SHOWN]}…" if model_id[_MAX_SHOWN:] else model_id
            raise ModelUnknownError(f"unknown model '{shown}'; {suggest(shown, known)}")
        return spec

    def select(
        self,
        *,
        language: str | None = None,
        pin: str | None = None,
        hardware: machine.HardwareInfo | None = None,
    ) -> Selection:
        """Return the decision for every task, here or on another machine.

        On another machine (`hardware` given) only what a plain install there brings
        counts as installed.
        """
        here = hardware is None
        # What is built in was proven by its makers, and must answer in any case.
        rows = [spec for spec in self.manifest.models if here and not spec.is_bundled]
        tests = {s.id: test for s in rows if (test := self.self_tests.get(s))}
        tested = {i: test.seconds for i, test in tests.items() if test.passed}
        took = self.timings.seconds(self.manifest.models) if here else {}
        context = SelectionContext(
            settings=self._selection_settings(pin),
            families=frozenset(FAMILIES),
            libraries=self.libraries if hardware is None else base_install(hardware),
            installed=self._usable() if here else self._bundled(),
            memory_limit_bytes=self.settings.memory_limit_bytes if here else None,
            room_needed={s.id: self.store.room_needed(s) for s in rows},
            proven=frozenset(i for i, test in tests.items() if test.passed),
            failed=frozenset(i for i, test in tests.items() if not test.passed),
            seconds={**tested, **took},
            speed=guess_speed(hardware) if hardware else self.speed,
            threads=machine.default_threads(hardware) if hardware else self.threads,
            accepted_licenses=self._accepted(),
            language=language or self.settings.language,
        )
        return select(self.manifest, hardware or self.hardware, context)

    async def caption(self, request: CaptionRequest, spec: ModelSpec) -> CaptionResult:
        """Return the caption of one photo by one captioner, checked if possible."""
        return (await self.describe(request, spec)).result

    async def describe(self, request: CaptionRequest, spec: ModelSpec) -> "Described":
        """Return the same, ready for text models to go on with."""
        from .pipeline import CaptionCheck, CaptionPipeline  # noqa: PLC0415

        runner = self.runner(spec, verify=request.verify)
        scorer = self.scorer(spec) if request.verify else None
        check = None
        if scorer is not None and scorer.thresholds is not None:
            shared = scorer.shares_encoder is not None
            asked = runner if shared else self.runner(scorer)
            check = CaptionCheck(asked, scorer.id, scorer.thresholds)
        pipeline = CaptionPipeline(
            captioner=runner,
            model_id=spec.id,
            languages=spec.languages,
            memory_budget=self.memory_budget,
            reads_prompts=spec.family in ANSWERING,
            check=check,
            composer=self.composer,
            finder=self.finder,
        )
        described = await pipeline.describe(request)
        if self.timings.is_due:
            await asyncio.to_thread(self.timings.save)
        return described

    async def score(
        self, path: str, texts: Sequence[str], captioner: ModelSpec
    ) -> Scores | None:
        """Return how well a photo supports texts, by the scorer beside a captioner.

        None: no scorer is here.
        """
        scorer = self.scorer(captioner)
        if scorer is None:
            return None
        shared = scorer.shares_encoder is not None
        runner = self.runner(captioner if shared else scorer)
        job = ScoreJob(
            path=path, memory_budget=self.memory_budget(), captions=tuple(texts)
        )
        answer = await runner.score(job)
        return Scores(scorer.id, tuple(answer.captions))

    def captioner(self, selection: Selection) -> ModelSpec:
        """Return the captioner that answers now, or raise why there is none."""
        task = selection.get(Task.IMAGE_TO_TEXT)
        if task.running is not None:
            return task.running.model
        if task.stage == "off":
            raise NoModelError(
                "captions are switched off (selection: image-to-text: none)"
            )
        wanted = task.pinned or EMBEDDED_MODEL
        rejection = next((r for r in task.rejected if r.model_id == wanted), None)
        if rejection is not None:
            codes = {reason.code for reason in rejection.reasons}
            if codes != {ReasonCode.NOT_INSTALLED}:
                sentence = rejection.reasons[0].sentence
                raise ModelUnusableError(f"{wanted} {sentence}")
        self.store.paths(self.model(wanted))  # raises how to get it
        raise NoModelError(
            "no captioner can run here: see edge-captions models --explain"
        )

    def scorer(self, captioner: ModelSpec) -> ModelSpec | None:
        """Return the installed scorer that checks a captioner here; None: unchecked."""
        able = self._able_scorers(captioner)
        key = (captioner.id, frozenset(spec.id for spec in able))
        if able and key not in self._scorers:
            task = self.select().get(Task.ZERO_SHOT_IMAGE_CLASSIFICATION)
            choices = [task.running, *task.others]
            self._scorers[key] = next(
                (
                    choice.model
                    for choice in choices
                    if choice is not None
                    and choice.model in able
                    and (
                        choice.model.id == task.pinned or self._fits(choice, captioner)
                    )
                ),
                None,
            )
        return self._scorers.get(key)

    def runner(self, spec: ModelSpec, *, verify: bool = True) -> ModelRunner:
        """Return the runner of a model; its worker starts with the first request.

        A captioner's holds the scorer that shares its encoder, unless `verify` is off
        and there is none yet.
        """
        scorer = self._shared_scorer(spec)
        together = spec.id if scorer is None else f"{spec.id}+{scorer.id}"
        if scorer is not None and not verify and together not in self._runners:
            scorer, together = None, spec.id
        if together not in self._runners:
            self._runners[together] = ModelRunner(
                model=self._load_request(spec, scorer),
                launch=WorkerLaunch(self.settings.worker_command),
                keep_alive_s=self.settings.keep_alive_s,
                timeout_s=self.settings.worker_timeout_s,
                memory_limit_bytes=self._memory_limit(),
                providers=self.providers if spec.library == ONNX else None,
                on_answer=partial(self._note, spec),
            )
        return self._runners[together]

    @property
    def runners(self) -> tuple[ModelRunner, ...]:
        """Return every runner there is, loaded or not."""
        return tuple(self._runners.values())

    async def self_test(self, spec: ModelSpec) -> SelfTest:
        """Run a model on the bundled photos in a fresh worker; store the result."""
        runner = self.runner(spec)
        result = await self.self_tests.run(spec, runner)
        await runner.stop()
        self._runners = {k: r for k, r in self._runners.items() if r is not runner}
        return result

    def _load_request(self, spec: ModelSpec, scorer: ModelSpec | None) -> LoadRequest:
        shared = None
        if scorer is not None:
            shared = SharedScorer(
                model_id=scorer.id,
                family=scorer.family,
                library=scorer.library,
                files=self._files(scorer),
                options=dict(scorer.options),
            )
        return LoadRequest(
            model_id=spec.id,
            family=spec.family,
            library=spec.library,
            files=self._files(spec),
            threads=self.threads,
            preprocess=dict(spec.preprocess),
            generate=dict(spec.generate),
            options=dict(spec.options),
            scorer=shared,
        )

    def _files(self, spec: ModelSpec) -> dict[str, str]:
        return {role: str(path) for role, path in self.store.paths(spec).items()}

    def _shared_scorer(self, spec: ModelSpec) -> ModelSpec | None:
        if spec.task is not Task.IMAGE_TO_TEXT:
            return None
        scorer = self.scorer(spec)
        return scorer if scorer is not None and scorer.shares_encoder else None

    def _able_scorers(self, captioner: ModelSpec) -> tuple[ModelSpec, ...]:
        """Return the installed scorers that could check this captioner."""
        task = Task.ZERO_SHOT_IMAGE_CLASSIFICATION
        off = self._selection_settings(None).choice(task) == NONE
        if off or not self.settings.verify:
            return ()
        return tuple(
            spec
            for spec in self.manifest.for_task(task)
            if spec.thresholds is not None
            and spec.family in SCORERS
            and spec.shares_encoder in {None, captioner.id}
            and self.store.state(spec).is_usable
        )

    def _fits(self, choice: Choice, captioner: ModelSpec) -> bool:
        """Return whether a scorer has room beside the captioner it checks."""
        # One that shares the encoder is in the same worker, which has a limit.
        shared = choice.model.shares_encoder is not None
        limit = self.settings.memory_limit_bytes if shared else None
        usable = usable_memory(self.hardware.memory, limit)
        held = memory_need(captioner)
        if usable is None or held is None or choice.need is None:
            return usable is None
        return held.steady_bytes + choice.need.load_peak_bytes <= usable

    def _selection_settings(self, pin: str | None) -> SelectionSettings:
        request = None
        if pin is not None:
            spec = self.model(pin)
            request = SelectionLayer({spec.task: spec.id})
        return self.manifest.selection.overlaid(self.settings.selection, request)

    def _usable(self) -> frozenset[str]:
        rows = self.manifest.models
        return frozenset(s.id for s in rows if self.store.state(s).is_usable)

    def _bundled(self) -> frozenset[str]:
        return frozenset(spec.id for spec in self.manifest.models if spec.is_bundled)

    def _accepted(self) -> frozenset[str]:
        rows = self.manifest.models
        return frozenset(s.id for s in rows if not self.store.license_pending(s))

    def _note(self, spec: ModelSpec, seconds: float, is_warm: bool) -> None:
        self.timings.note(spec, seconds, is_warm=is_warm)

    def _identity(self) -> dict[str, Any]:
        return {**identity(self.hardware), "model_threads": self.threads}

    def _memory_limit(self) -> int | None:
        if self.settings.memory_limit_bytes is not None:
            return self.settings.memory_limit_bytes
        available = self.hardware.memory.available_bytes
        return None if available is None else int(available * SHARE_OF_MEMORY)

    def memory_budget(self) -> int | None:
        """Return the bytes that decoding one photo may take now."""
        available = machine.available_memory()
        limit = self.settings.memory_limit_bytes
        if limit is not None:
            held = max((r.rss_bytes() for r in self._runners.values()), default=0)
            available = min(available or limit, max(limit - held, 0))
        return None if available is None else int(available * SHARE_OF_MEMORY)
