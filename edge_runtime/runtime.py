"""`EdgeRuntime`: the only place that builds the parts and knows how they fit."""

from functools import cached_property
from types import TracebackType
from typing import Self

from . import hardware as machine
from .config import Settings
from .const import EMBEDDED_MODEL, SHARE_OF_MEMORY
from .downloads import ModelStore
from .errors import ModelUnknownError, ModelUnusableError, NoModelError
from .hardware.software import base_install, is_installed
from .inference.child import WorkerLaunch
from .inference.messages import LoadRequest
from .inference.registry import FAMILIES
from .inference.runner import ModelRunner
from .manifest import Manifest, ModelSpec, load_manifest
from .pipeline import CaptionPipeline
from .preferences import SelectionLayer, SelectionSettings
from .schemas import CaptionRequest, CaptionResult, Task
from .selection import ReasonCode, Selection, SelectionContext, select
from .selftest import SelfTest, SelfTestStore
from .yaml_reader import suggest


class EdgeRuntime:
    """Everything one home needs: settings, manifest, hardware, models, workers."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = ModelStore(settings)
        self.self_tests = SelfTestStore(settings.home / "self-tests")
        self._runners: dict[str, ModelRunner] = {}

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

    @cached_property
    def manifest(self) -> Manifest:
        """Return the shipped manifest with the user's rows merged in."""
        return load_manifest(self.settings.manifest)

    @cached_property
    def hardware(self) -> machine.HardwareInfo:
        """Return this machine, looked at once."""
        return machine.detect(self.settings.models_home)

    @cached_property
    def libraries(self) -> dict[str, str | None]:
        """Return which of the manifest's libraries are here, without importing any."""
        names = {spec.library for spec in self.manifest.models}
        return {name: "installed" if is_installed(name) else None for name in names}

    def model(self, model_id: str) -> ModelSpec:
        """Return a manifest row by its id."""
        spec = self.manifest.get(model_id)
        if spec is None:
            known = [row.id for row in self.manifest.models]
            raise ModelUnknownError(
                f"unknown model '{model_id}'; {suggest(model_id, known)}"
            )
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
        context = SelectionContext(
            settings=self._selection_settings(pin),
            families=frozenset(FAMILIES),
            libraries=self.libraries if hardware is None else base_install(hardware),
            installed=self._usable() if here else self._bundled(),
            memory_limit_bytes=self.settings.memory_limit_bytes if here else None,
            room_needed={s.id: self.store.room_needed(s) for s in rows},
            proven=frozenset(i for i, test in tests.items() if test.passed),
            failed=frozenset(i for i, test in tests.items() if not test.passed),
            seconds={i: test.seconds for i, test in tests.items() if test.passed},
            accepted_licenses=self._accepted(),
            language=language or self.settings.language,
        )
        return select(self.manifest, hardware or self.hardware, context)

    async def caption(self, request: CaptionRequest, spec: ModelSpec) -> CaptionResult:
        """Return the caption of one photo by one captioner."""
        pipeline = CaptionPipeline(
            captioner=self.runner(spec),
            model_id=spec.id,
            languages=spec.languages,
            memory_budget=self._memory_budget,
        )
        return await pipeline.caption(request)

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

    def runner(self, spec: ModelSpec) -> ModelRunner:
        """Return the runner of a model; its worker starts with the first request."""
        if spec.id not in self._runners:
            paths = {role: str(path) for role, path in self.store.paths(spec).items()}
            self._runners[spec.id] = ModelRunner(
                model=LoadRequest(
                    model_id=spec.id,
                    family=spec.family,
                    library=spec.library,
                    files=paths,
                    threads=self.settings.threads or default_threads(self.hardware),
                    preprocess=dict(spec.preprocess),
                    generate=dict(spec.generate),
                    options=dict(spec.options),
                ),
                launch=WorkerLaunch(self.settings.worker_command),
                keep_alive_s=self.settings.keep_alive_s,
                timeout_s=self.settings.worker_timeout_s,
                memory_limit_bytes=self._memory_limit(),
            )
        return self._runners[spec.id]

    async def self_test(self, spec: ModelSpec) -> SelfTest:
        """Run a model on the bundled photos in a fresh worker; store the result."""
        runner = self.runner(spec)
        result = await self.self_tests.run(spec, runner)
        await runner.stop()
        self._runners.pop(spec.id, None)
        return result

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

    def _memory_limit(self) -> int | None:
        if self.settings.memory_limit_bytes is not None:
            return self.settings.memory_limit_bytes
        available = self.hardware.memory.available_bytes
        return None if available is None else int(available * SHARE_OF_MEMORY)

    def _memory_budget(self) -> int | None:
        """Return the bytes that decoding one photo may take now."""
        available = machine.available_memory()
        limit = self.settings.memory_limit_bytes
        if limit is not None:
            held = max((r.rss_bytes() for r in self._runners.values()), default=0)
            available = min(available or limit, max(limit - held, 0))
        return None if available is None else int(available * SHARE_OF_MEMORY)


def default_threads(hardware: machine.HardwareInfo) -> int:
    """Return the threads of a model: all physical cores but one, at least one.

    The spared core is for whatever else the machine is for; a container's quota counts.
    """
    cpu = hardware.cpu
    cores = cpu.physical_cores or cpu.logical_cpus or 1
    if cpu.usable_cpus is not None:
        cores = min(cores, max(int(cpu.usable_cpus), 1))
    return max(cores - 1, 1)
