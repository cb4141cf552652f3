"""Dates are read as exactly as they are known, and no more exactly."""

from datetime import datetime

from metadata_photos import encoded, with_segments, xmp_packet, xmp_segment
from PIL import Image
import pytest

from edge_runtime.metadata import Zone, read_metadata
from edge_runtime.metadata.dates import choose, exif_date, iptc_date, iso_date


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2021", "2021"),
        ("2021-05", "2021-05"),
        ("2021-05-03", "2021-05-03"),
        ("2021-05-03T10:20", "2021-05-03T10:20"),
        ("2021-05-03T10:20:30.5Z", "2021-05-03T10:20:30.5+00:00"),
        ("2021-05-03T10:20:30-03:30", "2021-05-03T10:20:30-03:30"),
        ("2021:05:03 10:20:30", "2021-05-03T10:20:30"),
        ("2021-05-03T10:20:60", "2021-05-03T10:20:60"),
    ],
)
def test_dates_of_xmp(text, value):
    assert choose([iso_date(text, "p", "s")], None).value == value


@pytest.mark.parametrize(
    "text",
    ["", "0000:00:00 00:00:00", "    :  :     :  :  ", "2021-13-01", "2021-02-30",
     "2021-05-03T25:00", "yesterday", "20210503"],
)  # fmt: skip
def test_what_is_no_date_is_none(text):
    assert iso_date(text, "p", "s") is None


def test_iptc_dates_come_in_two_parts():
    assert choose([iptc_date("20200229", "101112+0200", "p", "s")], None).value == (
        "2020-02-29T10:11:12+02:00"
    )
    assert choose([iptc_date("20200229", "", "p", "s")], None).value == "2020-02-29"
    assert iptc_date("20200230", "", "p", "s") is None


def taken(text, offset=""):
    return exif_date(text, "", offset, "p", "s")


def utc(day, hour, minute):
    return datetime(2021, 5, day, hour, minute)  # noqa: DTZ001 - always UTC


def test_the_zone_comes_from_another_place_or_from_the_satellites():
    plain = taken("2021:05:03 10:20:30")
    assert choose([plain], None).zone is Zone.UNKNOWN
    other = choose([plain, taken("2021:05:03 10:20:31", "+09:00")], None)
    assert (other.value, other.zone) == ("2021-05-03T10:20:30+09:00", Zone.KNOWN)
    by_gps = choose([plain], utc(3, 4, 50))
    assert (by_gps.value, by_gps.zone) == ("2021-05-03T10:20:30+05:30", Zone.FROM_GPS)
    for wrong in (utc(3, 4, 42), utc(1, 4, 50)):
        assert choose([plain], wrong).zone is Zone.UNKNOWN


def test_a_sidecar_corrects_the_camera(tmp_path):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2001:01:01 00:00:00"
    path = tmp_path / "photo.jpg"
    spaces = 'xmlns:e="http://ns.adobe.com/exif/1.0/" e:DateTimeOriginal="{}"'
    embedded = xmp_packet("", spaces.format("2002-02-02T02:02:02"))
    path.write_bytes(with_segments(encoded("JPEG", exif=exif), xmp_segment(embedded)))
    assert read_metadata(path).taken.value == "2001-01-01T00:00:00"
    (tmp_path / "photo.xmp").write_text(
        xmp_packet("", spaces.format("2021-05-03T10:00:00+02:00"))
    )
    found = read_metadata(path).taken
    assert found.value == "2021-05-03T10:00:00+02:00"
    assert found.source == "photo.xmp"
    created = 'xmp:CreateDate="2030-01-01"'
    (tmp_path / "photo.xmp").write_text(xmp_packet("", created))
    assert read_metadata(path).taken.value == "2001-01-01T00:00:00"


def test_the_satellites_time_gives_the_zone(tmp_path):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2021:05:03 10:20:30"
    gps = exif.get_ifd(0x8825)
    gps[29], gps[7] = "2021:05:03", (8.0, 20.0, 29.0)
    path = tmp_path / "photo.jpg"
    path.write_bytes(encoded("JPEG", exif=exif))
    found = read_metadata(path).taken
    assert (found.value, found.zone) == ("2021-05-03T10:20:30+02:00", Zone.FROM_GPS)
