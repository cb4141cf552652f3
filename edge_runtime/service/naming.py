"""`PlaceNames`: what the store keeps of where photos were taken."""

import asyncio
from collections.abc import Sequence

from ..context import place_record
from ..facts import FactKind
from ..pipeline import FactFinder
from ..store import Json

Spot = tuple[float | None, float | None]
"""Latitude and longitude, as far as they are known."""


class PlaceNames:
    """Names positions for lists and searches, in the service's language."""

    def __init__(
        self, finder: FactFinder, language: str, allowed: Sequence[FactKind]
    ) -> None:
        self._finder = finder
        self._language = language
        self._is_on = FactKind.PLACE in allowed

    async def of(self, spots: Sequence[Spot]) -> list[Json | None]:
        """Return each spot's place; None where there is no name or none is wanted."""
        if not self._is_on or not any(lat is not None for lat, _ in spots):
            return [None] * len(spots)
        return await asyncio.to_thread(lambda: [self._named(*spot) for spot in spots])

    def _named(self, latitude: float | None, longitude: float | None) -> Json | None:
        if latitude is None or longitude is None:
            return None
        fact = self._finder.place_at(latitude, longitude, self._language)
        return None if fact is None else place_record(fact)
