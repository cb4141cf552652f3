"""Place names from positions: right, honest about how exact they are, quick, small."""

import json
from pathlib import Path
import subprocess
import sys
from time import perf_counter

import pytest

from edge_runtime.context import Gazetteer
from edge_runtime.facts import FactKind, FactSource, PlaceScope


@pytest.fixture(scope="module")
def gazetteer():
    return Gazetteer()


@pytest.mark.parametrize(
    ("spot", "english", "german"),
    [
        ((38.7139, -9.1394), "Lisbon", "Lissabon"),
        ((48.137, 11.576), "Munich", "München"),
        ((50.941, 6.958), "Cologne", "Köln"),
        ((48.2082, 16.3738), "Vienna", "Wien"),
        ((45.4641, 9.1919), "Milan", "Mailand"),
        ((40.7075, -74.003), "New York City", "New York"),
        ((35.68, 139.76), "Tokyo", "Tokio"),
        ((-33.92, 18.42), "Cape Town", "Kapstadt"),
        ((52.499, 13.40), "Berlin", "Berlin"),
        ((49.477, 10.99), "Fürth", "Fürth"),
    ],
)
def test_a_city_is_called_as_the_language_calls_it(gazetteer, spot, english, german):
    for language, name in (("en", english), ("de", german), ("de-AT", german)):
        fact = gazetteer.place_at(*spot, language)
        assert (fact.value, fact.is_near) == (name, False)
        assert fact.scope is PlaceScope.CITY
        assert (fact.kind, fact.source) == (FactKind.PLACE, FactSource.GPS)
        assert fact.language == language[:2]


def test_the_wider_places_come_along(gazetteer):
    lisbon = gazetteer.place_at(38.7139, -9.1394, "de")
    assert lisbon.within == ("Portugal",)
    munich = gazetteer.place_at(48.137, 11.576, "de")
    assert munich.within == ("Bayern", "Deutschland")


@pytest.mark.parametrize(
    ("spot", "name", "scope", "is_near"),
    [
        ((38.6916, -9.2160), "Lisbon", PlaceScope.CITY, True),  # Belém, at its edge
        ((48.84, 2.24), "Paris", PlaceScope.CITY, True),  # Boulogne-Billancourt
        ((48.8049, 2.1204), "Versailles", PlaceScope.CITY, False),
        ((43.2, 11.5), "Tuscany", PlaceScope.REGION, False),
        ((36.1, -112.1), "Arizona", PlaceScope.REGION, False),
        ((64.9, -18.5), "Iceland", PlaceScope.COUNTRY, False),
        ((23.0, 5.0), "Algeria", PlaceScope.COUNTRY, False),
        ((-16.8, 179.95), "Fiji", PlaceScope.COUNTRY, False),  # at the date line
    ],
)
def test_a_name_is_no_more_exact_than_sure(gazetteer, spot, name, scope, is_near):
    fact = gazetteer.place_at(*spot)
    assert (fact.value, fact.scope, fact.is_near) == (name, scope, is_near)


@pytest.mark.parametrize(
    "spot",
    [(40.0, -35.0), (38.0, 5.0), (89.9, 0.0), (-89.9, 120.0), (0.0, 180.0)],
)
def test_far_from_every_place_nothing_is_said(gazetteer, spot):
    assert gazetteer.place_at(*spot) is None


def test_beside_a_border_no_country_is_guessed(gazetteer):
    beside_basel = gazetteer.place_at(47.5915, 7.5900)
    assert beside_basel.is_near
    assert beside_basel.within == ()
    assert gazetteer.place_at(45.976, 7.658) is None  # the Matterhorn


@pytest.mark.parametrize(
    "spot", [(91.0, 0.0), (0.0, 181.0), (float("nan"), 0.0), (float("inf"), 0.0)]
)
def test_no_position_gives_no_place(gazetteer, spot):
    assert gazetteer.place_at(*spot) is None


def test_a_language_without_names_gets_those_of_the_table(gazetteer):
    fact = gazetteer.place_at(48.2082, 16.3738, "tlh")
    assert fact.value == "Vienna"
    assert gazetteer.place_at(48.2082, 16.3738, "../../etc").value == "Vienna"


def test_a_lookup_takes_milliseconds(gazetteer):
    spots = [(48.8 + i / 50, 2.1 + i / 50) for i in range(20)]
    gazetteer.place_at(*spots[0])
    started = perf_counter()
    for spot in spots:
        gazetteer.place_at(*spot)
    assert (perf_counter() - started) / len(spots) < 0.05


HELD = """
import json, sys
from pathlib import Path
from edge_runtime.context import Gazetteer
def held():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])
before = held()
places = Gazetteer()
for latitude in range(-60, 70, 5):
    for longitude in range(-180, 180, 20):
        places.place_at(latitude + 0.3, longitude + 0.4, "de")
heavy = {"numpy", "PIL", "aiohttp"} & set(sys.modules)
print(json.dumps([held() - before, sorted(heavy)]))
"""


def test_the_table_costs_little_memory_and_imports_nothing_heavy():
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", HELD]
    run = subprocess.run(command, capture_output=True, check=True, cwd=root)
    grown_kib, heavy = json.loads(run.stdout)
    assert heavy == []
    # something was read, and never more than the whole table and two files of names
    assert 0 < grown_kib < 6_000


def test_every_language_names_every_country(gazetteer):
    folder = Path(__file__).parents[2] / "edge_runtime" / "context" / "data"
    files = sorted(folder.glob("names.*.json"))
    counts = {
        path.name: len(json.loads(path.read_text(encoding="utf-8"))["countries"])
        for path in files
    }
    assert len(counts) >= 2
    assert len(set(counts.values())) == 1


def test_a_file_that_is_no_table_is_refused(tmp_path):
    (tmp_path / "places.bin").write_bytes(b"something else, long enough")
    with pytest.raises(ValueError, match=r"places\.bin is no table of places"):
        Gazetteer(tmp_path)
