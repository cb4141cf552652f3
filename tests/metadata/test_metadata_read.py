"""Everything that a photo says about itself is found, wherever it stands."""

import json
import os
import struct
import zlib

from metadata_photos import (
    encoded,
    exif_with,
    iptc_dataset,
    iptc_segment,
    languages,
    png_chunk,
    segment,
    with_chunks,
    with_segments,
    xmp_packet,
    xmp_segment,
)
from PIL import Image, PngImagePlugin, TiffImagePlugin
import pytest

from edge_runtime.errors import (
    PhotoEmptyError,
    PhotoIsFolderError,
    PhotoNotFoundError,
    PhotoUnreadableError,
)
from edge_runtime.metadata import FileKind, Zone, read_metadata


def found_in(tmp_path, data, name="photo.jpg"):
    path = tmp_path / name
    path.write_bytes(data)
    return read_metadata(path)


def in_jpeg(tmp_path, *segments):
    return found_in(tmp_path, with_segments(encoded("JPEG"), *segments))


def in_xmp(tmp_path, body, spaces=""):
    return in_jpeg(tmp_path, xmp_segment(xmp_packet(body, spaces)))


def full_exif():
    exif = Image.Exif()
    exif[0x010E] = "Café am See".encode() + b"\0"
    exif[0x010F], exif[0x0110], exif[0x0131] = "Maker", "Model 3", "Developer 1.0"
    exif[0x0112] = 6
    exif[0x4746] = 3
    exif[0x9C9B] = "Größe".encode("utf-16-le") + b"\0\0"
    exif[0x9C9E] = "Hund;Katze".encode("utf-16-le") + b"\0\0"
    photo = exif.get_ifd(0x8769)
    photo[0x9003], photo[0x9011], photo[0x9291] = (
        "2021:05:01 12:30:15", "+02:00", "250"
    )  # fmt: skip
    photo[0xA434] = "Lens 50mm"
    photo[0x9286] = b"UNICODE\0" + "Notiz".encode("utf-16-be")
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2] = "S", (33.0, 51.0, 30.5)
    gps[3], gps[4] = "E", (151.0, 12.0, 0.0)
    gps[5], gps[6] = b"\1", 12.5
    gps[17] = 370.0
    return exif


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
def test_exif_is_read_from_every_kind_of_file(tmp_path, kind):
    data = full_exif().tobytes()[6:]  # a TIFF is an EXIF block, and Pillow's lack some
    if kind != "TIFF":
        data = encoded(kind, exif=full_exif())
    found = found_in(tmp_path, data, "photo.any")
    assert found.kind is FileKind(kind.lower())
    assert found.caption().text == "Café am See"
    assert found.caption().place == "exif:ImageDescription"
    assert found.titles[0].text == "Größe"
    assert found.keywords == ("Hund", "Katze")
    assert found.comments[0].text == "Notiz"
    assert found.taken.value == "2021-05-01T12:30:15.250+02:00"
    assert found.taken.zone is Zone.KNOWN
    assert (found.camera.make, found.camera.model) == ("Maker", "Model 3")
    assert found.camera.lens == "Lens 50mm"
    assert found.position.latitude == pytest.approx(-33.8584722)
    assert found.position.longitude == pytest.approx(151.2)
    assert found.position.altitude_m == -12.5
    assert found.position.direction_deg == 10
    assert found.rating == 3
    assert found.software == "Developer 1.0"
    assert found.orientation == (6 if kind != "AVIF" else found.orientation)
    assert not found.problems


def test_xmp_is_read_from_every_kind_of_file(tmp_path):
    packet = xmp_packet(languages("dc:description", _="Hello", de="Hallo")).encode()
    tiff = TiffImagePlugin.ImageFileDirectory_v2()
    tiff[700] = packet
    tiff.tagtype[700] = 1
    text = PngImagePlugin.PngInfo()
    text.add_itxt("XML:com.adobe.xmp", packet.decode(), zip=True)
    gif = encoded("GIF")
    magic = bytes((1,)) + bytes(range(255, -1, -1)) + b"\0"
    block = b"\x21\xff\x0bXMP DataXMP" + packet + magic
    at = 13 + 3 * 2 ** ((gif[10] & 7) + 1)
    made = {
        "jpeg": with_segments(encoded("JPEG"), xmp_segment(packet)),
        "webp": encoded("WEBP", xmp=packet),
        "png": encoded("PNG", pnginfo=text),
        "avif": encoded("AVIF", xmp=packet),
        "tiff": encoded("TIFF", tiffinfo=tiff),
        "gif": gif[:at] + block + b"\x21\xfe\x03Hey\0" + gif[at:],
    }
    for kind, data in made.items():
        found = found_in(tmp_path, data, "photo")
        assert found.kind == kind
        assert [(c.text, c.language) for c in found.captions] == [
            ("Hello", "x-default"), ("Hallo", "de")
        ], kind  # fmt: skip
        assert found.rating == 4
    assert found.comments[0].text == "Hey"


def heic_with(*items):
    """Return the boxes of a HEIC whose items hold metadata, its pictures left out."""

    def box(kind, data):
        return struct.pack(">I4s", 8 + len(data), kind) + data

    entries = b"".join(
        box(b"infe", struct.pack(">IHH4s", 2 << 24, number, 0, kind) + b"\0")
        for number, (kind, _) in enumerate(items, 1)
    )
    head = box(b"ftyp", b"heic\0\0\0\0mif1heic")
    iinf = box(b"iinf", struct.pack(">IH", 0, len(items)) + entries)
    data_start = len(head) + 12 + len(iinf) + 8 + 8 + 14 * len(items) + 8
    places, at = b"", data_start
    for number, (_, data) in enumerate(items, 1):
        places += struct.pack(">HHHII", number, 0, 1, at, len(data))
        at += len(data)
    iloc = box(b"iloc", struct.pack(">IBBH", 0, 0x44, 0, len(items)) + places)
    meta = box(b"meta", b"\0\0\0\0" + iinf + iloc)
    return head + meta + box(b"mdat", b"".join(data for _, data in items))


def test_heic_items_are_read(tmp_path):
    exif = b"\0\0\0\6Exif\0\0" + full_exif().tobytes()[6:]
    packet = xmp_packet(languages("dc:description", de="Hallo")).encode()
    data = heic_with((b"Exif", exif), (b"mime", b"<html>"), (b"mime", packet))
    found = found_in(tmp_path, data, "photo.heic")
    assert found.kind is FileKind.HEIC
    assert found.camera.model == "Model 3"
    assert found.caption("de").text == "Hallo"
    cut = found_in(tmp_path, data[:150], "photo.heic")
    assert cut.kind is FileKind.HEIC
    assert not cut.captions


def test_iptc_is_read_in_its_own_encoding(tmp_path):
    latin = in_jpeg(
        tmp_path,
        iptc_segment(
            iptc_dataset(2, 120, "Grüße".encode("latin-1")),
            iptc_dataset(2, 25, b"one"),
            iptc_dataset(2, 25, b"two"),
            iptc_dataset(2, 5, b"A title"),
            iptc_dataset(2, 55, b"20200229"),
            iptc_dataset(2, 60, b"101112-0330"),
        ),
    )
    assert latin.caption().text == "Grüße"
    assert latin.caption().place == "iptc:Caption-Abstract"
    assert latin.keywords == ("one", "two")
    assert latin.titles[0].text == "A title"
    assert latin.taken.value == "2020-02-29T10:11:12-03:30"
    for mark, encoding in ((b"\x1b%G", "utf-8"), (b"\x1b.A", "latin-1")):
        marked = in_jpeg(
            tmp_path,
            iptc_segment(
                iptc_dataset(1, 90, mark), iptc_dataset(2, 120, "é".encode(encoding))
            ),
        )
        assert marked.caption().text == "é"


def test_iptc_spread_over_segments_is_put_together(tmp_path):
    caption = iptc_dataset(2, 120, b"Long " * 100)
    whole = iptc_segment(caption)[4 + 14 :]
    found = in_jpeg(
        tmp_path,
        segment(0xED, b"Photoshop 3.0\0" + whole[:100]),
        segment(0xED, b"Photoshop 3.0\0" + whole[100:]),
    )
    assert found.caption().text == ("Long " * 100).strip()


def test_png_texts_and_the_old_raw_profiles_are_read(tmp_path):
    text = PngImagePlugin.PngInfo()
    text.add_text("Title", "A title")
    text.add_text("Description", "Käse", zip=True)
    text.add_itxt("Comment", "日本")
    text.add_text("Software", "Painter")
    found = found_in(tmp_path, encoded("PNG", pnginfo=text), "p.png")
    assert found.caption().text == "Käse"
    assert found.titles[0].text == "A title"
    assert found.comments[0].text == "日本"
    assert found.software == "Painter"
    exif = exif_with(t270="From a profile").hex().encode()
    profile = b"Raw profile type exif\0\0" + zlib.compress(
        b"\nexif\n%8d\n%s\n" % (len(exif) // 2, exif)
    )
    data = with_chunks(encoded("PNG"), png_chunk(b"zTXt", profile))
    assert found_in(tmp_path, data, "p.png").caption().text == "From a profile"


def test_a_jpeg_comment_is_a_comment_and_no_caption(tmp_path):
    found = in_jpeg(tmp_path, segment(0xFE, b"CREATOR: gd-jpeg v1.0"))
    assert not found.comments
    found = in_jpeg(tmp_path, segment(0xFE, "Für Oma".encode()))
    assert found.comments[0].text == "Für Oma"
    assert not found.captions


@pytest.mark.parametrize(
    "mark",
    ["OLYMPUS DIGITAL CAMERA         ", "SONY DSC", "DCIM\\100GOPRO\\G.JPG", " "],
)
def test_what_cameras_write_by_themselves_is_no_caption(tmp_path, mark):
    found = found_in(tmp_path, encoded("JPEG", exif=exif_with(t270=mark)))
    assert not found.captions


def test_a_receiver_without_a_fix_gives_no_position(tmp_path):
    exif = Image.Exif()
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2], gps[3], gps[4] = "N", (0.0, 0.0, 0.0), "E", (0.0, 0.0, 0.0)
    assert found_in(tmp_path, encoded("JPEG", exif=exif)).position is None


def test_what_is_no_photo_is_told(tmp_path):
    (tmp_path / "empty.jpg").touch()
    for path, error in (
        (tmp_path / "none.jpg", PhotoNotFoundError),
        (tmp_path, PhotoIsFolderError),
        (tmp_path / "empty.jpg", PhotoEmptyError),
        (tmp_path / "a\0b", PhotoNotFoundError),
    ):
        with pytest.raises(error):
            read_metadata(path)
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(PhotoUnreadableError, match="no regular file"):
        read_metadata(tmp_path / "pipe.jpg")


def test_a_raw_photo_is_known_by_its_inside(tmp_path):
    canon = b"II*\0\x10\0\0\0CR\2\0" + bytes(40)
    assert found_in(tmp_path, canon, "a.tif").kind is FileKind.RAW
    olympus = b"IIRO\x08\0\0\0" + bytes(40)
    assert found_in(tmp_path, olympus, "a.jpg").kind is FileKind.RAW


def test_the_result_goes_into_json(tmp_path):
    found = found_in(tmp_path, encoded("JPEG", exif=full_exif()))
    made = json.loads(json.dumps(found.to_dict()))
    assert made["kind"] == "jpeg"
    assert made["taken"]["zone"] == "known"
    assert made["captions"][0]["place"] == "exif:ImageDescription"
