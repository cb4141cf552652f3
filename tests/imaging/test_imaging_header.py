"""Headers are read with few bytes, by what the file holds and not by its name."""

import io
import struct
import subprocess
import sys

from imaging_pictures import (
    FIXTURES,
    UPRIGHT,
    close_to,
    encode,
    every_format,
    quadrants,
    seen_quadrants,
)
from PIL import Image
import pytest

from edge_runtime.errors import PhotoDamagedError, PhotoFormatError
from edge_runtime.imaging import PhotoFormat, decode_need, open_photo, read_header
from edge_runtime.imaging.convert import to_small_rgb


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("jpeg", (PhotoFormat.JPEG, 6, False, False)),
        ("progressive", (PhotoFormat.JPEG, 1, True, False)),
        ("png", (PhotoFormat.PNG, 6, False, False)),
        ("apng", (PhotoFormat.PNG, 1, False, True)),
        ("webp", (PhotoFormat.WEBP, 6, False, False)),
        ("lossless", (PhotoFormat.WEBP, 1, False, False)),
        ("gif", (PhotoFormat.GIF, 1, False, False)),
        ("tiff", (PhotoFormat.TIFF, 6, False, False)),
        ("bmp", (PhotoFormat.BMP, 1, False, False)),
        ("avif", (PhotoFormat.AVIF, 6, False, False)),
        ("heic", (PhotoFormat.HEIC, 6, False, False)),
    ],
)
def test_the_header_says_what_the_file_is(kind, expected):
    data = every_format()[kind]
    header = read_header(data)
    found = (header.format, header.orientation, header.progressive, header.animated)
    assert found == expected
    assert header.bytes == len(data)
    size = (128, 64) if kind == "heic" else (160, 96)
    assert (header.width, header.height) == size
    assert header.upright_size == (size[::-1] if header.orientation == 6 else size)


@pytest.mark.parametrize(
    ("subsampling", "samples"), [("4:4:4", 3), ("4:2:2", 2), ("4:2:0", 1.5)]
)
@pytest.mark.parametrize("kind", ["JPEG", "AVIF"])
def test_chroma_subsampling_decides_the_need(kind, subsampling, samples):
    options = {"speed": 10} if kind == "AVIF" else {"progressive": True}
    data = encode(quadrants(), kind, subsampling=subsampling, **options)
    across, down = read_header(data).sampling[0]
    assert across * down + 2 == samples * across * down


def test_gray_needs_less_than_colour():
    colour = encode(quadrants(1600, 1600), "AVIF", speed=10)
    gray = encode(
        quadrants(1600, 1600).convert("L"), "AVIF", speed=10, subsampling="4:0:0"
    )
    assert decode_need(read_header(gray), 224) < decode_need(read_header(colour), 224)


@pytest.mark.parametrize("value", [0, 9, 65_535])
def test_an_orientation_that_does_not_exist_changes_nothing(value):
    data = encode(quadrants(), "JPEG", value)
    assert read_header(data).orientation == 1
    assert seen_quadrants(open_photo(data, 64).image) == UPRIGHT[1]


def test_exif_in_the_other_byte_order_is_read():
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    out = io.BytesIO()
    quadrants().save(out, "JPEG", exif=exif)
    assert seen_quadrants(open_photo(out.getvalue(), 64).image) == UPRIGHT[6]


def test_exif_with_a_broken_beginning_changes_nothing():
    out = io.BytesIO()
    quadrants().save(out, "JPEG", exif=b"Exif\0\0XX*\0garbage")
    assert read_header(out.getvalue()).orientation == 1


def test_webp_exif_with_the_prefix_of_a_jpeg_is_read():
    exif = Image.Exif()
    exif[0x0112] = 8
    out = io.BytesIO()
    quadrants().save(out, "WEBP", exif=b"Exif\0\0" + exif.tobytes()[6:])
    assert seen_quadrants(open_photo(out.getvalue(), 64).image) == UPRIGHT[8]


def test_big_tiff_is_read():
    data = encode(quadrants(), "TIFF", big_tiff=True)
    assert data.startswith(b"II+\0")
    assert seen_quadrants(open_photo(data, 64).image) == UPRIGHT[1]


def test_an_old_bmp_is_read():
    rows = bytes([0, 0, 255, 255, 255, 255, 0, 0])  # red and white, stored as BGR
    head = struct.pack("<IHHHH", 12, 2, 1, 1, 24)
    data = b"BM" + struct.pack("<IHHI", 26 + len(rows), 0, 0, 26) + head + rows
    photo = open_photo(data, 1)
    assert (photo.width, photo.height) == (2, 1)
    assert photo.image.getpixel((0, 0)) == (255, 0, 0)


def test_bytes_between_the_segments_of_a_jpeg_are_skipped():
    data = encode(quadrants(), "JPEG", 6)
    for junk in (b"\xff\xff\xff", b"\0\0\0\0\0\0", b"\xff\x00\x41"):
        padded = data[:2] + junk + data[2:]
        if padded.startswith(b"\xff\xd8\xff"):
            assert read_header(padded).orientation == 6


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8\xff\xc0\x00\x04\x08\x00",
        b"\xff\xd8\xff\xe0\xff\xff",
        b"GIF89a\x01",
        b"BM" + bytes(10),
        b"RIFF\x00\x00\x00\x00WEBPVP8 ",
        b"RIFF\x20\x00\x00\x00WEBPVP9 " + bytes(30),
        b"II*\x00\xff\xff\xff\x00" + bytes(20),
        b"MM\x00+\x00\x08",
        b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic",
        b"\x00\x00\x00\x10ftypmif1\x00\x00\x00\x00\x00\x00\x00\x01meta",
        b"\x00\x00\x00\x10ftypavif\x00\x00\x00\x00\x00\x00\x00\x00free",
    ],
)
def test_a_header_that_ends_too_early_is_damaged(data):
    with pytest.raises(PhotoDamagedError, match="copy the photo again"):
        read_header(data)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("naïve café ".encode() * 200, "is text"),
        (("x" * 507 + "é" * 9).encode(), "is text"),
        ("\ufeffhello".encode("utf-16"), "is text"),
        (b"caption\x07\x01\x02\x03 of no kind", "is of no kind"),
        (b"latin-1 caf\xe9 and more words", "is of no kind"),
    ],
)
def test_text_is_told_from_other_bytes(text, words):
    with pytest.raises(PhotoFormatError, match=words):
        read_header(text)


def test_a_heic_box_may_have_a_long_size():
    data = (FIXTURES / "quadrants-6.heic").read_bytes()
    size = int.from_bytes(data[:4], "big")
    (meta_size,) = struct.unpack_from(">I", data, size)
    long_meta = struct.pack(">I4sQ", 1, b"meta", meta_size + 8)
    longer = data[:size] + long_meta + data[size + 8 :]
    assert read_header(longer).orientation == 6


def test_opacity_that_is_multiplied_in_already_lies_on_white():
    picture = Image.new("RGBA", (4, 4), (255, 0, 0, 128)).convert("RGBa")
    image, _ = to_small_rgb(picture, 4, None)
    assert close_to(image.getpixel((0, 0)), (255, 127, 127))


def test_only_the_plugin_of_the_format_is_imported(tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(encode(quadrants(), "JPEG"))
    code = (
        "import sys\n"
        "from edge_runtime.imaging import open_photo\n"
        f"open_photo({str(path)!r}, 64)\n"
        "print(*[m for m in sys.modules if 'ImagePlugin' in m or 'heif' in m.lower()"
        " and not m.startswith('edge')], 'PIL.ImageCms' in sys.modules)\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=FIXTURES.parents[2],
    )
    assert found.stdout.split() == ["PIL.JpegImagePlugin", "False"]
