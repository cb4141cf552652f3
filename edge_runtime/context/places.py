"""Look up what a place is called, by its position, offline.

Data: GeoNames (CC BY 4.0); `scripts/build_places.py` builds the table. Places are
points: a town reaches as far as its size lets one expect, never by its true border.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
import json
import math
import mmap
from pathlib import Path
from typing import Final

from ..facts import Fact, FactKind, FactSource, PlaceScope
from .table import CELL, CELLS, COLUMNS, HEADER, MAGIC, RECORD, REGION

_DATA: Final = Path(__file__).parent / "data"
_KM_PER_DEGREE: Final = 111.2
_FIRST_LOOK_KM, _SECOND_LOOK_KM = 35.0, 120.0
_REGION_KM: Final = 60.0
_AGREEING: Final = 5
"""So many of the nearest places must lie in one country before it is named."""
_MUCH_LARGER: Final = 2.2
"""A city that reaches so much further than a suburb gives the place its name."""
_CITY_REACH_KM: Final = 4.0
_BORDER_SHARE: Final = 1.5
_NAMED: Final = "en"
"""GeoNames' own names are English where there is an English name."""


@dataclass(frozen=True, slots=True)
class Place:
    """A city, town or village, and how far away it is."""

    name: str
    region: str
    country: str
    """Two letters, ISO 3166-1."""
    reach_km: float
    distance_km: float

    @property
    def key(self) -> str:
        """Return what the tables of names know it by."""
        return f"{self.country}/{self.region}/{self.name}"


class Gazetteer:
    """The places of the world in a file that is read where it lies."""

    def __init__(self, data: Path = _DATA) -> None:
        self._folder = data
        self._names: dict[str, Mapping[str, Mapping[str, str]]] = {}
        with (data / "places.bin").open("rb") as file:
            self._table = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        magic, places, regions = HEADER.unpack_from(self._table)
        if magic != MAGIC:
            raise ValueError(f"{data / 'places.bin'} is no table of places")
        self._places = HEADER.size + CELL.size * (CELLS + 1)
        self._regions = self._places + RECORD.size * places
        self._texts = self._regions + REGION.size * regions

    def place_at(
        self, latitude: float, longitude: float, language: str = _NAMED
    ) -> Fact | None:
        """Return the most exact name that is sure for a position; None on high seas."""
        if not (abs(latitude) <= 90 and abs(longitude) <= 180):  # noqa: PLR2004
            return None
        near = self.around(latitude, longitude, _FIRST_LOOK_KM)
        if city := _city(near):
            is_near = city.distance_km > city.reach_km
            agreed = not is_near or _agree(near, lambda place: place.country)
            if _is_at_border(city, near):
                is_near, agreed = True, False
            within = self._wider(city, language) if agreed else ()
            name = self._name("cities", city.key, language) or city.name
            return _fact(name, PlaceScope.CITY, within, language, is_near=is_near)
        if len(near) < _AGREEING:
            near = self.around(latitude, longitude, _SECOND_LOOK_KM)
        return self._area(near[:_AGREEING], language)

    def around(self, latitude: float, longitude: float, km: float) -> list[Place]:
        """Return the places within a distance, the nearest first."""
        found: list[Place] = []
        for start, lat, lon in self._cells(latitude, longitude, km):
            found += self._in_cell(start, (lat, lon), (latitude, longitude), km)
        return sorted(found, key=lambda place: place.distance_km)

    def _area(self, near: list[Place], language: str) -> Fact | None:
        """Return the region that the nearest places share, else their country."""
        if not near or not _agree(near, lambda place: place.country):
            return None
        country = self._name("countries", near[0].country, language)
        sure = len(near) == _AGREEING and near[0].distance_km <= _REGION_KM
        if sure and _agree(near, lambda place: place.region):
            region = self._region(near[0], language)
            if region:
                within = (country,) if country else ()
                return _fact(region, PlaceScope.REGION, within, language)
        return _fact(country, PlaceScope.COUNTRY, (), language) if country else None

    def _wider(self, city: Place, language: str) -> tuple[str, ...]:
        name = self._name("cities", city.key, language) or city.name
        country = self._name("countries", city.country, language)
        wider = (self._region(city, language), country)
        return tuple(dict.fromkeys(w for w in wider if w and w != name))

    def _region(self, place: Place, language: str) -> str:
        known = self._name("regions", f"{place.country}/{place.region}", language)
        return known or (place.region if _primary(language) == _NAMED else "")

    def _name(self, kind: str, key: str, language: str) -> str:
        names = self._of_language(_primary(language)).get(kind, {})
        if key in names or kind != "countries":
            return names.get(key, "")
        return self._of_language(_NAMED)[kind].get(key, "")

    def _of_language(self, language: str) -> Mapping[str, Mapping[str, str]]:
        if language not in self._names:
            path = self._folder / f"names.{language}.json"
            known = language.isalpha() and path.is_file()
            text = path.read_text(encoding="utf-8") if known else "{}"
            self._names[language] = json.loads(text)
        return self._names[language]

    def _cells(
        self, latitude: float, longitude: float, km: float
    ) -> Iterator[tuple[int, int, int]]:
        """Yield each cell in reach: its number, and its south-west corner."""
        high = km / _KM_PER_DEGREE
        south = max(math.floor(latitude - high), -90)
        north = min(math.floor(latitude + high), 89)
        narrowest = math.cos(math.radians(min(abs(latitude) + high, 89.0)))
        wide = min(high / narrowest, 179.0)
        west, east = math.floor(longitude - wide), math.floor(longitude + wide)
        for lat in range(south, north + 1):
            for lon in range(west, east + 1):
                column = (lon + 180) % COLUMNS
                yield (lat + 90) * COLUMNS + column, lat, lon

    def _in_cell(
        self, cell: int, corner: tuple[int, int], spot: tuple[float, float], km: float
    ) -> Iterator[Place]:
        place = HEADER.size + CELL.size * cell
        (first,), (end,) = (
            CELL.unpack_from(self._table, at) for at in (place, place + CELL.size)
        )
        start, stop = (self._places + RECORD.size * n for n in (first, end))
        for north, east, reach, region, name in RECORD.iter_unpack(
            self._table[start:stop]
        ):
            lat = corner[0] + north / 65536
            if abs(lat - spot[0]) * _KM_PER_DEGREE > km:
                continue
            away = _distance_km(spot, (lat, corner[1] + east / 65536))
            if away > km:
                continue
            country, named = REGION.unpack_from(
                self._table, self._regions + REGION.size * region
            )
            yield Place(
                name=self._text(name),
                region=self._text(named),
                country=country.decode(),
                reach_km=reach / 4,
                distance_km=away,
            )

    def _text(self, start: bytes) -> str:
        place = self._texts + int.from_bytes(start)
        length = self._table[place]
        return self._table[place + 1 : place + 1 + length].decode("utf-8", "replace")


def place_record(fact: Fact) -> dict[str, str]:
    """Return a place as the store keeps it, by what each name is."""
    record = {fact.scope.value if fact.scope else "place": fact.value}
    if fact.within:
        record["country"] = fact.within[-1]
        if len(fact.within) > 1:
            record["region"] = fact.within[0]
    return record


def _city(near: list[Place]) -> Place | None:
    """Return the place that a photo was taken in or near; near[0] is the nearest."""
    inside = [place for place in near if place.distance_km <= place.reach_km]
    close = [
        place
        for place in near
        if place.distance_km <= max(2 * place.reach_km, place.reach_km + _CITY_REACH_KM)
    ]
    best = min(inside or close, key=_share, default=None)
    if best is None:
        return None
    larger = [place for place in close if place.reach_km > _MUCH_LARGER * best.reach_km]
    return min(larger, key=_share, default=best)


def _is_at_border(city: Place, near: list[Place]) -> bool:
    """Return whether a place of another country is as good a guess."""
    return any(
        place.country != city.country and _share(place) <= _BORDER_SHARE
        for place in near
    )


def _share(place: Place) -> float:
    return place.distance_km / place.reach_km


def _agree(near: list[Place], what: Callable[[Place], str]) -> bool:
    return len({what(place) for place in near[:_AGREEING]}) == 1


def _distance_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the distance of two spots, exact enough for what is near."""
    north = (other[0] - one[0]) * _KM_PER_DEGREE
    middle = math.radians((one[0] + other[0]) / 2)
    return math.hypot(north, (other[1] - one[1]) * _KM_PER_DEGREE * math.cos(middle))


def _fact(
    name: str,
    scope: PlaceScope,
    within: tuple[str, ...],
    language: str,
    *,
    is_near: bool = False,
) -> Fact:
    return Fact(
        kind=FactKind.PLACE,
        value=name,
        source=FactSource.GPS,
        language=_primary(language),
        scope=scope,
        within=within,
        is_near=is_near,
    )


def _primary(language: str) -> str:
    return language.lower().partition("-")[0]
