"""`Pacer`: lets background work rest while the machine is hot or needed elsewhere."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
import time
from typing import Final

from ..config import Settings
from ..hardware.neighbours import NeighbourMeter
from ..hardware.sensors import processor_celsius
from ..jobs import JobContext

_LOOK_EVERY_S: Final = 5.0
_STEP_S: Final = 0.25
"""How soon something more urgent goes first, also while the work rests."""
_COOLER: Final = 3.0
_CALMER: Final = 0.1
"""How far below its limit a value must be before the work goes on."""

Drain = Callable[[], Awaitable[None]]
"""Waits for what is under way."""


@dataclass(frozen=True, slots=True)
class Strain:
    """How the machine is at one moment; None: it does not say."""

    celsius: float | None = None
    others: float | None = None
    """Share of all cores that other programs keep busy."""


def reason_to_rest(
    now: Strain, settings: Settings, *, is_resting: bool = False
) -> str | None:
    """Return why background work rests, or None; a limit of 0 is none. Pure."""
    hottest, busiest = settings.background_max_celsius, settings.background_max_load
    heat = hottest - (_COOLER if is_resting else 0.0)
    if hottest and now.celsius is not None and now.celsius > heat:
        return f"too hot ({now.celsius:.0f} °C, at most {hottest:g})"
    load = busiest - (min(_CALMER, busiest / 2) if is_resting else 0.0)
    if busiest and now.others is not None and now.others > load:
        return f"other programs are busy ({now.others:.0%}, at most {busiest:.0%})"
    return None


class Pacer:
    """Looks at the machine now and then, for all background jobs together."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        root: Path = Path("/"),
        look_every_s: float = _LOOK_EVERY_S,
    ) -> None:
        self._settings = settings
        self._root = root
        self._look_every_s = look_every_s
        self._meter = NeighbourMeter(root)
        self._now = Strain()
        self._looked_at = 0.0
        self._looking = asyncio.Lock()

    async def rest(self, context: JobContext, drain: Drain | None = None) -> None:
        """Return when a job may go on; meanwhile its status says why it rests.

        Raises JobYieldError for something more urgent.
        """
        if await self._reason() is None:
            return
        if drain is not None:
            await drain()
        try:
            while (reason := await self._reason(is_resting=True)) is not None:
                context.waits(reason)
                await self._pass_time(context)
        finally:
            context.waits("")

    async def _pass_time(self, context: JobContext) -> None:
        until = time.monotonic() + self._look_every_s
        while (left := until - time.monotonic()) > 0:
            context.step_back()
            await asyncio.sleep(min(left, _STEP_S))

    async def _reason(self, *, is_resting: bool = False) -> str | None:
        async with self._looking:
            if time.monotonic() - self._looked_at >= self._look_every_s:
                self._now = await asyncio.to_thread(self._look)
                self._looked_at = time.monotonic()
        return reason_to_rest(self._now, self._settings(), is_resting=is_resting)

    def _look(self) -> Strain:
        settings = self._settings()
        others = self._meter.share() if settings.background_max_load else None
        return Strain(processor_celsius(self._root), others)
