"""Which models answer now: the selection, kept until something changes it."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
import json
import logging
import time
from types import MappingProxyType
from typing import Any, Final

from ..config import Settings
from ..manifest import ModelSpec
from ..preferences import AUTO, NONE, SelectionLayer
from ..runtime import EdgeRuntime
from ..schemas import Task
from ..selection import Choice, Selection
from ..store import Store

_LOGGER = logging.getLogger(__name__)
_META_KEY: Final = "selection"
_FRESH_S: Final = 600.0
"""Age after which the machine is looked at again, unless a model is in memory then."""


class Selector:
    """Keeps the pins that a person set and the selection that follows from them."""

    def __init__(self, runtime: EdgeRuntime) -> None:
        self._runtime = runtime
        settings = runtime.settings
        self._base = replace(settings, keep_alive_s=settings.service_keep_alive_s)
        self._pins: dict[Task, str] = {}
        self._known: dict[tuple[str, str | None], Selection] = {}
        self._looked_at = time.monotonic()
        self._revision = 0
        self._lock = asyncio.Lock()

    @property
    def pins(self) -> Mapping[Task, str]:
        """Return what a person chose in the service: a model's id, `auto` or `none`."""
        return MappingProxyType(self._pins)

    async def load(self, store: Store) -> None:
        """Read the stored pins; what a later version wrote is passed over."""
        await asyncio.to_thread(self._model_ids)  # reads the manifest's files
        tasks = {task.value: task for task in Task}
        try:
            raw = json.loads(await store.meta.get(_META_KEY) or "{}")
            pins = {tasks[name]: str(pin) for name, pin in raw.items() if name in tasks}
        except (ValueError, AttributeError):
            _LOGGER.warning("the stored selection can't be read and is not used")
            pins = {}
        self._apply(pins)

    async def pin(self, store: Store, task: Task, choice: str) -> None:
        """Store what a person chose for a task."""
        pins = {**self._pins, task: choice}
        if choice == AUTO and task not in _configured(self._base):
            del pins[task]
        await store.meta.set(
            _META_KEY, json.dumps({task.value: pin for task, pin in pins.items()})
        )
        self._apply(pins)

    def take(self, changed: Mapping[str, Any]) -> None:
        """Go on with settings that a person changed."""
        self._base = replace(self._base, **changed)
        self._apply(self._pins)

    async def select(
        self, language: str | None = None, pin: str | None = None
    ) -> Selection:
        """Return the decision for every task; raise ModelUnknownError."""
        async with self._lock:
            if self._revision != self._runtime.timings.revision:
                self._revision = self._runtime.timings.revision
                self.refresh()
            key = (language or self._base.language, pin)
            if key not in self._known:
                work = partial(self._runtime.select, language=key[0], pin=pin)
                self._known[key] = await asyncio.to_thread(work)
            return self._known[key]

    def refresh(self, *, look_again: bool = False) -> None:
        """Decide anew next time; with `look_again` look at the machine, too.

        The memory that is free must be read while no model takes a part of it.
        """
        self._known.clear()
        if look_again:
            self._runtime.__dict__.pop("hardware", None)
            self._looked_at = time.monotonic()

    def refresh_if_old(self, *, is_memory_free: bool) -> None:
        """Look at the machine again now and then, while no model is in memory."""
        if is_memory_free and time.monotonic() - self._looked_at > _FRESH_S:
            self.refresh(look_again=True)

    async def captioner(self, language: str | None, pin: str | None) -> ModelSpec:
        """Return the captioner that answers, or raise why there is none."""
        selection = await self.select(language, pin)
        return await asyncio.to_thread(self._runtime.captioner, selection)

    async def fastest(self, language: str | None) -> ModelSpec | None:
        """Return the installed captioner that takes the least time, where known.

        What is built in is small by design: it counts as quickest.
        """
        selection = await self.select(language)
        entry = selection.get(Task.IMAGE_TO_TEXT)
        usable = [c for c in (entry.running, *entry.others) if c and c.installed]
        timed = [
            (0.0 if c.model.is_bundled else c.seconds, c.model)
            for c in usable
            if c.model.is_bundled or c.seconds is not None
        ]
        best = min(timed, key=lambda entry: entry[0] or 0.0, default=None)
        return None if best is None else best[1]

    async def choice(self, spec: ModelSpec) -> Choice | None:
        """Return what the selection says of a model that fits, or None."""
        entry = (await self.select()).get(spec.task)
        choices = (entry.running, entry.recommended, *entry.others)
        return next((c for c in choices if c and c.model.id == spec.id), None)

    def _model_ids(self) -> set[str]:
        return {row.id for row in self._runtime.manifest.models}

    def _apply(self, pins: dict[Task, str]) -> None:
        known = self._model_ids() | {AUTO, NONE}
        self._pins = pins
        valid = {task: pin for task, pin in pins.items() if pin in known}
        configured = self._base.selection or SelectionLayer()
        layer = replace(configured, choices={**configured.choices, **valid})
        self._runtime.settings = replace(self._base, selection=layer)
        self.refresh()


def _configured(settings: Settings) -> Mapping[Task, str]:
    return {} if settings.selection is None else settings.selection.choices
