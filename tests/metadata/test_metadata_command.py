"""`edge-captions metadata` as people run it."""

import json
import os
from pathlib import Path
import subprocess
import sys

from metadata_photos import encoded, exif_with, with_segments, xmp_packet, xmp_segment
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def run(tmp_path):
    """Return a function that runs the command in the photos' folder."""

    def command(*arguments, code=0):
        done = subprocess.run(
            [sys.executable, "-m", "edge_runtime", "metadata", *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return done

    return command


def test_a_caption_is_written_shown_and_taken_out(run, jpeg):
    before = jpeg.read_bytes()
    done = run("write", "photo.jpg", "--text", "Ein Hund", "--language", "de",
               "--keywords", "dog, Wiese", "--alt", "Ein brauner Hund")  # fmt: skip
    assert "photo.jpg.xmp" in done.stdout
    assert "dc:description" in done.stdout
    shown = run("show", "photo.jpg").stdout
    for part in ("caption de", "Ein Hund", "dog, Wiese", "Ein brauner Hund",
                 "written by Edge Captions", "Maker Model"):  # fmt: skip
        assert part in shown
    assert "\x1b" not in shown
    run("write", "photo.jpg", "--text", "A dog", "--language", "en", "--embed")
    found = json.loads(run("show", "--json", "photo.jpg").stdout)
    assert {c["text"] for c in found["captions"]} == {"Ein Hund", "A dog"}
    assert found["keywords"] == ["dog", "Wiese"]
    assert "unchanged" in run(
        "write", "photo.jpg", "--text", "A dog", "--language", "en", "--embed"
    ).stdout  # fmt: skip
    done = json.loads(run("restore", "--json", "photo.jpg").stdout)
    assert done["identical"] is True
    assert jpeg.read_bytes() == before
    assert "nothing of ours" in run("restore", "photo.jpg").stdout


def test_one_bad_photo_does_not_stop_the_others(run, jpeg):
    done = run("show", "none.jpg", "photo.jpg", "--json", code=1)
    first, second = map(json.loads, done.stdout.splitlines())
    assert first["error"]["code"] == "photo_not_found"
    assert second["kind"] == "jpeg"
    assert "no such file" in done.stderr


def test_a_persons_caption_is_told_and_kept(run, tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(encoded("JPEG", exif=exif_with(t270="Granny")))
    done = run("write", "photo.jpg", "--text", "A dog")
    assert "nothing written" in done.stdout
    assert "somebody's own words" in done.stderr
    assert "exif:ImageDescription" in done.stderr


def test_a_fallback_to_a_sidecar_is_told(run, tmp_path):
    (tmp_path / "photo.tif").write_bytes(encoded("TIFF"))
    done = run("write", "photo.tif", "--text", "A dog", "--embed")
    assert "TIFF files are not rewritten" in done.stderr
    assert "photo.tif.xmp" in done.stdout


def test_wrong_usage_is_told(run, jpeg):
    assert "nothing to write" in run("write", "photo.jpg", code=2).stderr
    run("write", "photo.jpg", "--text", "x", "--language", "no language", code=2)
    assert "is empty" in run("write", "photo.jpg", "--text", " ", code=1).stderr


def test_what_a_photo_says_cannot_steer_the_terminal(run, tmp_path):
    packet = xmp_packet("<dc:description>red&#x9b;31m\n\u202edaer</dc:description>")
    path = tmp_path / "photo.jpg"
    path.write_bytes(with_segments(encoded("JPEG"), xmp_segment(packet)))
    shown = run("show", "photo.jpg").stdout
    assert "red" in shown
    assert "\x9b" not in shown
    assert "\u202e" not in shown
