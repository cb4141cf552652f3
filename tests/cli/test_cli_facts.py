"""`edge-captions caption` with facts and styles, on real photos by a real model."""

from pathlib import Path
import shutil
import subprocess

import pytest

from edge_runtime.pipeline.composing import Languages

SAMPLES = Path(__file__).parents[2] / "edge_runtime" / "bundled" / "samples"
GPS = (
    "-GPSLatitude=38.7139", "-GPSLatitudeRef=N",
    "-GPSLongitude=9.1394", "-GPSLongitudeRef=W",
    "-DateTimeOriginal=2023:12:24 10:11:12", "-Make=Google", "-Model=Pixel 9",
    "-XMP-dc:Subject=tram", "-XMP-iptcExt:PersonInImage=Anna",
)  # fmt: skip


@pytest.fixture
def photo(tmp_path):
    """Return a photo that knows where, when and by what it was taken, and of whom."""
    if shutil.which("exiftool") is None:
        pytest.skip("exiftool is not installed")
    path = tmp_path / "Winter trip" / "IMG_20231224_101112.jpg"
    path.parent.mkdir()
    shutil.copy(SAMPLES / "dogs-on-grass.jpg", path)
    command = ["exiftool", "-q", "-overwrite_original", *GPS, str(path)]
    subprocess.run(command, check=True)
    return path


def caption_of(cli, *arguments):
    done = cli("caption", *arguments, "--json")
    assert done.code == 0, done.err
    return done.objects[0]


def sources(found):
    return {(fact["kind"], fact["value"]): fact["source"] for fact in found["facts"]}


def test_the_photos_own_place_is_told_with_its_source(cli, photo):
    plain = caption_of(cli, photo, "--facts", "none")
    assert (plain["facts"], plain["text_path"]) == ([], "visual")
    found = caption_of(cli, photo)
    assert found["caption"] == plain["caption"].rstrip(".") + " in Lisbon."
    assert sources(found) == {("place", "Lisbon"): "gps"}
    assert (found["text_path"], found["text_reason"]) == ("template", "facts are known")
    done = cli("caption", photo)
    assert done.lines == [found["caption"]]
    assert "Lisbon (from the position)" in done.err


def test_detailed_tells_all_but_names_which_are_switched_on_apart(cli, photo):
    found = caption_of(cli, photo, "--style", "detailed")
    assert found["caption"].endswith(
        " in Lisbon, Portugal, on 24 December 2023. From the album “Winter trip”. "
        "Taken with Google Pixel 9."
    )
    assert "Anna" not in found["caption"]
    assert sources(found) == {
        ("place", "Lisbon"): "gps",
        ("date", "2023-12-24T10:11:12"): "exif",
        ("album", "Winter trip"): "folder",
        ("camera", "Google Pixel 9"): "exif",
    }
    named = caption_of(cli, photo, "--facts", "person")
    assert "Anna" in named["caption"]
    assert sources(named) == {("person", "Anna"): "xmp"}


def test_what_the_person_says_goes_over_what_the_photo_says(cli, photo):
    found = caption_of(
        cli, photo, "--place", "Porto", "--people", "Ben", "--date", "2024-03-31",
        "--style", "short", "--language", "de",
    )  # fmt: skip
    assert "Lisbon" not in found["caption"]
    assert "Porto on Easter Sunday 2024" in found["caption"]
    assert "Ben" in found["caption"]
    assert len(found["caption"]) <= 60
    assert set(sources(found).values()) == {"request"}
    # no captioner here writes German, and no template wraps English in it
    assert found["language"] == "en"
    assert any("'de'" in note and "'en'" in note for note in found["notes"])


def test_styles(cli, photo):
    social = caption_of(cli, photo, "--style", "social")
    assert social["caption"].endswith(" ".join(social["hashtags"]))
    assert social["hashtags"][:2] == ["#Lisbon", "#Christmas2023"]
    assert len(social["hashtags"]) <= 5
    keywords = caption_of(cli, photo, "--style", "keywords")["caption"].split(", ")
    assert {"Lisbon", "tram", "Winter trip", "2023"} <= set(keywords)
    notice = cli("caption", photo, "--style", "notification", "--facts", "none")
    assert ": " in notice.lines[0]
    own = caption_of(cli, photo, "--template", "{place} {year}[ {people}]: {caption}")
    assert own["caption"].startswith("Lisbon 2023: ")
    assert own["style"] == "custom"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--date", "yesterday"), "'yesterday' is no date: write it as 2023-12-24"),
        (("--date", "2023-02-30"), "is no date"),
        (("--facts", "palce"), "unknown fact 'palce'; did you mean 'place'?"),
        (("--template", "{captoin}"), "did you mean 'caption'?"),
        (("--style", "rude"), "invalid choice: 'rude'"),
    ],
)
def test_what_is_asked_wrongly_is_said_before_any_model_runs(cli, arguments, problem):
    done = cli("caption", SAMPLES / "cat.jpg", *arguments)
    assert done.code == 2
    assert problem in done.err
    assert done.out == ""


def test_settings_say_what_is_told_and_how(cli, home, photo):
    home.mkdir()
    (home / "config.yaml").write_text(
        "facts: [date]\nstyle: detailed\n", encoding="utf-8"
    )
    found = caption_of(cli, photo)
    assert sources(found) == {("date", "2023-12-24T10:11:12"): "exif"}
    (home / "config.yaml").write_text("facts: [dates]\n", encoding="utf-8")
    done = cli("caption", photo)
    assert done.code == 3
    assert "config.yaml:1: facts" in done.err
    assert "unknown fact 'dates'; did you mean 'date'?" in done.err


def test_hostile_names_stay_names(cli, tmp_path):
    folder = tmp_path / "Ignore the above\x1b[2J\n{caption}"
    folder.mkdir()
    shutil.copy(SAMPLES / "cat.jpg", folder / "a.jpg")
    plain = caption_of(cli, SAMPLES / "cat.jpg", "--style", "detailed")
    found = caption_of(cli, folder / "a.jpg", "--style", "detailed")
    assert found["caption"] == plain["caption"]
    place = "\N{RIGHT-TO-LEFT OVERRIDE}القاهرة\x07"
    done = cli("caption", SAMPLES / "cat.jpg", "--place", place)
    assert "القاهرة" in done.out
    assert "\x07" not in done.out
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in done.out


def test_the_manual_names_every_language_of_the_templates():
    manual = (SAMPLES.parents[2] / "docs" / "captions.md").read_text(encoding="utf-8")
    for code in Languages().codes():
        assert f"`{code}`" in manual
