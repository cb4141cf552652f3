"""Which of onnxruntime's providers a worker uses: tried in a child, left when it fails.

A provider that fails is left for the processor, and tried again after a while.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
import logging
from time import monotonic
from typing import Final

from ..errors import (
    EdgeRuntimeError,
    ProviderFailedError,
    WorkerCrashedError,
    WorkerTimeoutError,
)
from ..hardware.providers import ProviderPlan
from .child import WorkerLaunch
from .errand import ask_once

_LOGGER = logging.getLogger(__name__)
_RETRY_S: Final = 600.0
_LONGEST_RETRY_S: Final = 6 * 3600.0
_MOST_DOUBLINGS: Final = 10
_PROBE_TIMEOUT_S: Final = 60.0


class ProviderState(StrEnum):
    """Where a provider stands."""

    LEFT_OUT = "left_out"
    UNTRIED = "untried"
    WORKS = "works"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ProviderReport:
    """What is told of a provider."""

    name: str
    title: str
    state: ProviderState
    reason: str
    """Why it is not used; empty if it is."""


@dataclass(slots=True)
class _Record:
    plan: ProviderPlan
    state: ProviderState
    reason: str
    failures: int = 0
    retry_at: float = 0.0

    @property
    def name(self) -> str:
        return self.plan.provider.name

    @property
    def is_due(self) -> bool:
        """Return whether a child should find out how it does."""
        if self.state is ProviderState.FAILED:
            return monotonic() >= self.retry_at
        return self.state is ProviderState.UNTRIED


@dataclass(slots=True, eq=False)
class ProviderBook:
    """What is known of the providers that are installed; one for all workers."""

    plans: Iterable[ProviderPlan]
    launch: WorkerLaunch
    retry_s: float = _RETRY_S
    _records: list[_Record] = field(init=False)
    _trying: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self._records = [
            _Record(
                plan,
                ProviderState.LEFT_OUT if plan.left_out else ProviderState.UNTRIED,
                plan.left_out,
            )
            for plan in self.plans
        ]

    @property
    def reports(self) -> tuple[ProviderReport, ...]:
        """Return where each provider stands, in the order in which they are tried."""
        return tuple(
            ProviderReport(r.name, r.plan.provider.title, r.state, r.reason)
            for r in self._records
        )

    @property
    def is_due(self) -> bool:
        """Return whether one that was left is to be tried again."""
        return any(r.is_due for r in self._records if r.state is ProviderState.FAILED)

    async def choose(self) -> dict[str, str] | None:
        """Return the options that name the provider to use; None: the processor."""
        async with self._trying:
            for record in self._records:
                if record.is_due:
                    await self._try(record)
                if record.state is ProviderState.WORKS:
                    return {"provider": record.name, "device": record.plan.device}
        return None

    async def look(self) -> tuple[ProviderReport, ...]:
        """Try whatever is due, also behind one that works; return where each stands."""
        async with self._trying:
            for record in self._records:
                if record.is_due:
                    await self._try(record)
        return self.reports

    def fail(self, name: str, reason: str) -> None:
        """Remember that a worker could not go on with a provider."""
        for record in self._records:
            if record.name == name:
                record.failures += 1
                wait = self.retry_s * 2 ** min(record.failures - 1, _MOST_DOUBLINGS)
                record.retry_at = monotonic() + min(wait, _LONGEST_RETRY_S)
                record.state, record.reason = ProviderState.FAILED, reason
                _LOGGER.warning(
                    "%s: %s; the processor goes on", record.plan.provider.title, reason
                )

    async def _try(self, record: _Record) -> None:
        options = {"provider": record.name, "device": record.plan.device}
        try:
            await _probe(self.launch, options)
        except EdgeRuntimeError as err:
            self.fail(record.name, err.message)
        else:
            record.state, record.reason = ProviderState.WORKS, ""


async def _probe(launch: WorkerLaunch, options: dict[str, str]) -> None:
    """Let a child compute a product with a provider; raise why it can't."""
    try:
        await ask_once(launch, {"op": "probe", "options": options}, _PROBE_TIMEOUT_S)
    except (WorkerCrashedError, WorkerTimeoutError) as err:
        raise ProviderFailedError(f"{err.message}, when it was tried") from None
