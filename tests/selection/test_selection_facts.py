from dataclasses import replace

import pytest
from selection_builders import context, files, here, machine, model

from edge_runtime.const import MB
from edge_runtime.manifest.model import Measurement, SourceKind
from edge_runtime.selection.facts import (
    download_size,
    free_text,
    needed_text,
    pace_of,
)
from edge_runtime.selection.model import Pace, PaceSource


def test_only_files_outside_the_package_are_downloaded():
    bundled = files(9 * MB, source=SourceKind.BUNDLED)

    assert download_size(model(files=bundled)) == 0
    assert download_size(model(files=bundled + files(5 * MB))) == 5 * MB
    assert download_size(model(files=bundled + files(None))) is None


@pytest.mark.parametrize(
    ("board", "cpu", "device", "expected"),
    [
        ("Raspberry Pi 4 Model B Rev 1.4", None, "Raspberry Pi 4", 7.5),
        ("Raspberry Pi 400 Rev 1.0", None, "Raspberry Pi 4", None),
        (None, "Intel(R) N100", "Intel N100", 7.5),
        (None, "Intel(R) Celeron(R) CPU  J1900  @ 1.99GHz", "celeron j1900", 7.5),
        (None, "Intel(R) Celeron(R) J4125 CPU @ 2.00GHz", "Celeron J1900", None),
        (None, None, "Celeron J1900", None),
    ],
)
def test_seconds_are_known_on_the_same_device_only(board, cpu, device, expected):
    measured = (Measurement("nothing", peak_rss_bytes=1), Measurement(device, 7.5))
    hardware = replace(machine(model_name=cpu), board=board)
    spec = model("m", measured=measured)
    pace = expected and Pace(expected, PaceSource.MEASURED_ALIKE)

    assert pace_of(spec, hardware, context()) == pace


def test_seconds_measured_here_win_over_the_manifest():
    spec = model("m", measured=(Measurement("N100", 7.5),))
    hardware = machine(model_name="Intel(R) N100")

    assert pace_of(spec, hardware, context(seconds={"m": 3.0})) == here(3.0)


@pytest.mark.parametrize(
    ("size", "free", "needed"),
    [
        (0, "0 bytes", "0 bytes"),
        (8_110_000, "8.1 MB", "8.2 MB"),
        (507_108_864, "507 MB", "508 MB"),
        (999_999_999, "999 MB", "1.00 GB"),
        (10**9, "1.00 GB", "1.00 GB"),
        (1_990_000_001, "1.99 GB", "2.00 GB"),
    ],
)
def test_what_is_free_never_looks_larger_and_what_is_needed_never_smaller(
    size, free, needed
):
    assert (free_text(size), needed_text(size)) == (free, needed)
