"""`PlaceNames`: what the store keeps of where photos were taken."""

import asyncio
from collections.abc import Sequence

from ..facts import FactKind
from ..runtime import EdgeRuntime
from ..store import Json

Spot = tuple[float | None, float | None]
"""Latitude and longitude, as far as they are known."""


class PlaceNames:
    """Names positions for lists and searches, in the service's language."""

    def __init__(self, runtime: EdgeRuntime) -> None:
        self._runtime = runtime

    async def of(self, spots: Sequence[Spot]) -> list[Json | None]:
        """Return each spot's place; None where there is no name or none is wanted."""
        is_on = FactKind.PLACE in self._runtime.settings.facts
        if not is_on or not any(lat is not None for lat, _ in spots):
            return [None] * len(spots)
        return await asyncio.to_thread(lambda: [self._named(*spot) for spot in spots])

    def _named(self, latitude: float | None, longitude: float | None) -> Json | None:
        if latitude is None or longitude is None:
            return None
        language = self._runtime.settings.language
        fact = self._runtime.finder.place_at(latitude, longitude, language)
        if fact is None:
            return None
        # the places of the world are imported by whom they are looked up for
        from ..context import place_record  # noqa: PLC0415

        return place_record(fact)
