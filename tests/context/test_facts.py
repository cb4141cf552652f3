"""The record of facts: clean, whatever a name holds, and the same after a journey."""

import json

import pytest

from edge_runtime.facts import (
    MAX_FACT_CHARS,
    Fact,
    FactKind,
    FactSource,
    PlaceScope,
    distinct,
    of_kind,
    one_line,
)

LISBON = Fact(
    FactKind.PLACE,
    "Lisbon",
    FactSource.GPS,
    language="en",
    scope=PlaceScope.CITY,
    within=("Portugal",),
    is_near=True,
)
ANNA = Fact(FactKind.PERSON, "Anna", FactSource.REQUEST)


@pytest.mark.parametrize("fact", [LISBON, ANNA])
def test_a_fact_survives_json(fact):
    assert Fact.from_dict(json.loads(json.dumps(fact.to_dict()))) == fact


def test_only_what_is_said_stands_in_the_json():
    assert ANNA.to_dict() == {"kind": "person", "value": "Anna", "source": "request"}


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("a\nb\tc\x1b[2Jd", "a b c [2Jd"),
        ("  two  words ", "two words"),
        ("\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe", "gpj.exe"),
        ("a\N{LINE SEPARATOR}b", "a b"),
        ("broken \udcff name", "broken name"),
        ("Cafe\N{COMBINING ACUTE ACCENT}", "Café"),
        ("می\N{ZERO WIDTH NON-JOINER}خواهم", "می\N{ZERO WIDTH NON-JOINER}خواهم"),
        ("東京タワー", "東京タワー"),
        ("👩\N{ZERO WIDTH JOINER}🚀", "👩\N{ZERO WIDTH JOINER}🚀"),
    ],
)
def test_a_value_is_one_harmless_line(given, shown):
    assert one_line(given) == shown
    assert Fact(FactKind.ALBUM, given, FactSource.FOLDER).value == shown


def test_a_huge_name_is_cut():
    fact = Fact(FactKind.ALBUM, "x" * 5_000_000, FactSource.FOLDER)
    assert len(fact.value) == MAX_FACT_CHARS


@pytest.mark.parametrize(
    "said",
    [
        {"kind": "weather", "value": "rain", "source": "gps"},
        {"kind": "place", "value": "Lisbon", "source": "hearsay"},
        {"kind": "place", "value": "Lisbon", "source": "gps", "scope": "galaxy"},
    ],
)
def test_an_unknown_word_is_an_error(said):
    with pytest.raises(ValueError, match="is not a valid"):
        Fact.from_dict(said)


def test_a_fact_stands_once_and_the_first_source_counts():
    again = Fact(FactKind.PERSON, "ANNA", FactSource.XMP)
    empty = Fact(FactKind.ALBUM, "\x00", FactSource.FOLDER)
    assert distinct([LISBON, ANNA, again, empty]) == (LISBON, ANNA)
    assert of_kind([LISBON, ANNA, again], FactKind.PERSON) == (ANNA, again)
