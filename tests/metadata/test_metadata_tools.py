"""Other people's programs read what we write, and we cope with what they do to it."""

from dataclasses import replace
import json
import shutil
import subprocess

from metadata_photos import CAPTION, ENGLISH, GERMAN, JAPANESE, STRICT, encoded
from PIL import Image
import pytest

from edge_runtime.metadata import (
    WriteMode,
    read_metadata,
    restore,
    write_caption,
)


def program(name):
    return pytest.mark.skipif(
        shutil.which(name) is None, reason=f"{name} is not installed"
    )


needs_exiftool, needs_exiv2 = program("exiftool"), program("exiv2")


def exiftool(path, *arguments):
    command = ["exiftool", "-json", "-a", "-G1", *arguments, path]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)[0]


def change(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def exiv2(path, key):
    done = subprocess.run(
        ["exiv2", "-q", "-K", key, "-Pv", path],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@needs_exiftool
@pytest.mark.parametrize("mode", WriteMode)
def test_exiftool_reads_every_language_and_keyword(photo, mode):
    path = write_caption(photo, CAPTION, mode, STRICT).file
    found = exiftool(path)
    assert found["XMP-dc:Description"] == ENGLISH
    assert found["XMP-dc:Description-de"] == GERMAN
    assert found["XMP-dc:Description-ja"] == JAPANESE
    assert found["XMP-tiff:ImageDescription"] == ENGLISH
    assert found["XMP-dc:Subject"] == list(CAPTION.keywords)
    assert found["XMP-digiKam:TagsList"] == list(CAPTION.keywords)
    assert found["XMP-iptcCore:AltTextAccessibility"] == "A brown dog on a meadow"
    assert found["XMP-photoshop:CaptionWriter"] == "Edge Captions (tiny-captioner)"
    assert "ExifTool:Warning" not in found


@needs_exiftool
def test_exiftool_reads_the_mirrors_in_german(jpeg):
    caption = replace(CAPTION, texts={"de": GERMAN})
    write_caption(jpeg, caption, WriteMode.EMBED, STRICT)
    found = exiftool(jpeg)
    assert found["IFD0:ImageDescription"] == GERMAN
    assert found["IPTC:Caption-Abstract"] == GERMAN
    assert found["IFD0:Model"] == "Model"


@needs_exiftool
def test_exiftool_finds_nothing_wrong(photo):
    def warnings(path):
        return exiftool(path, "-validate", "-warning").get("ExifTool:Validate")

    before = warnings(photo)
    write_caption(photo, CAPTION, WriteMode.EMBED, STRICT)
    assert warnings(photo) == before


@needs_exiv2
@pytest.mark.parametrize("mode", WriteMode)
def test_exiv2_reads_every_language_and_keyword(photo, mode):
    path = write_caption(photo, CAPTION, mode, STRICT).file
    words = exiv2(path, "Xmp.dc.description")
    for part in (f'lang="x-default" {ENGLISH}', f'lang="de" {GERMAN}', JAPANESE):
        assert part in words
    assert all(word in exiv2(path, "Xmp.dc.subject") for word in CAPTION.keywords)
    if mode is WriteMode.EMBED:
        assert ENGLISH in exiv2(path, "Exif.Image.ImageDescription")
        if photo.suffix == ".jpg":
            assert ENGLISH in exiv2(path, "Iptc.Application2.Caption")


def test_pillow_reads_the_packet_and_the_mirror(photo):
    write_caption(photo, CAPTION, WriteMode.EMBED, STRICT)
    with Image.open(photo) as image:
        image.load()
        packet = image.info.get("xmp") or image.info["XML:com.adobe.xmp"].encode()
        assert GERMAN.encode() in packet
        assert JAPANESE.encode() in packet
        assert image.getexif()[0x010E] == ENGLISH


@needs_exiftool
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_our_words_leave_a_file_that_exiftool_rewrote(tmp_path, kind):
    path = tmp_path / f"photo.{kind.lower()}"
    path.write_bytes(encoded(kind))
    write_caption(path, CAPTION, WriteMode.EMBED, STRICT)
    change(
        "exiftool", "-q", "-overwrite_original", "-XMP-dc:Creator=Jo",
        "-XMP-dc:Subject+=Rex", "-XMP-xmp:Rating=5", "-IFD0:Artist=Jo", path,
    )  # fmt: skip
    found = read_metadata(path)
    assert found.caption("de").ours
    assert found.rating == 5
    write_caption(path, CAPTION, WriteMode.EMBED, STRICT)
    assert read_metadata(path).caption("de").text == GERMAN
    assert restore(path).identical is False
    found = read_metadata(path)
    assert not found.captions
    assert not found.alt_texts
    assert found.provenance is None
    assert found.keywords == ("Rex",)
    assert found.rating == 5
    left = exiftool(path)
    assert left["IFD0:Artist"] == "Jo"
    assert left["XMP-dc:Creator"] == "Jo"
    assert not any("edge" in key.lower() for key in left)
    assert "IFD0:ImageDescription" not in left
    assert "IPTC:Caption-Abstract" not in left


@needs_exiv2
def test_our_words_leave_a_file_that_exiv2_rewrote(jpeg):
    write_caption(jpeg, CAPTION, WriteMode.EMBED, STRICT)
    change(
        "exiv2", "-M", "set Xmp.xmp.Rating 5", "-M", "set Exif.Image.Artist Jo", jpeg
    )
    found = read_metadata(jpeg)
    assert found.caption("ja").ours
    assert found.provenance.model == "tiny-captioner"
    restore(jpeg)
    found = read_metadata(jpeg)
    assert not found.captions
    assert not found.keywords
    assert found.provenance is None
    assert found.rating == 5
    assert b"edgeCaptions" not in jpeg.read_bytes().replace(b"xmlns:edgeCaptions", b"")


@needs_exiftool
def test_a_caption_changed_with_exiftool_is_a_persons(jpeg):
    write_caption(jpeg, CAPTION, WriteMode.EMBED, STRICT)
    change(
        "exiftool", "-q", "-overwrite_original", "-XMP-dc:Description-de=Mein Rex", jpeg
    )
    write_caption(jpeg, CAPTION, WriteMode.EMBED, STRICT)
    assert read_metadata(jpeg).caption("de").text == "Mein Rex"
    restore(jpeg)
    assert {c.text for c in read_metadata(jpeg).captions} == {"Mein Rex"}
