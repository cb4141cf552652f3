import pytest

from edge_runtime.units import human_bytes, human_seconds


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (12_345, "12 kB"),
        (1_000_000, "1.0 MB"),
        (98_362_432, "98.4 MB"),
        (276_566_124, "277 MB"),
        (1_117_320_768, "1.12 GB"),
        (1_480_000_000_000, "1480 GB"),
    ],
)
def test_sizes_are_decimal(count, text):
    assert human_bytes(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59, "59 s"), (61, "1 min 1 s"), (3725, "1 h 2 min")],
)
def test_durations_have_two_units_at_most(seconds, text):
    assert human_seconds(seconds) == text
