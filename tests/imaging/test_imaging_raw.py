"""RAW photos are seen by the largest preview that the camera put in."""

import io
import struct

from PIL import Image
import pytest
from raw_photo import make_raw

from edge_runtime.errors import PhotoDamagedError, PhotoFormatError
from edge_runtime.imaging.decode import open_photo
from edge_runtime.imaging.header import read_header
from edge_runtime.imaging.model import PhotoFormat

CR3 = b"\x00\x00\x00\x18ftypcrx \x00\x00\x00\x01crx isom"
RAF = b"FUJIFILMCCD-RAW 0201FF383501FinePix".ljust(84, b"\0")


def jpeg(width, height, color="red", **save) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (width, height), color).save(data, "jpeg", **save)
    return data.getvalue()


def turned(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def colour(image):
    return tuple(round(value / 255) for value in image.getpixel((20, 20)))


def test_the_largest_preview_is_the_picture():
    raw = make_raw(jpeg(160, 120), jpeg(1620, 1080, "blue"), jpeg(640, 480, "green"))
    header = read_header(raw)
    assert (header.format, header.width, header.height) == ("raw", 1620, 1080)
    photo = open_photo(raw, 224)
    assert photo.format is PhotoFormat.RAW
    assert (photo.width, photo.height) == (1620, 1080)
    assert colour(photo.image) == (0, 0, 1)
    assert photo.notes == ("seen by the preview in the RAW photo (1620 x 1080)",)


def test_it_is_turned_as_the_raw_says_else_as_the_preview_does():
    told = open_photo(make_raw(jpeg(640, 480), orientation=6), 224)
    assert (told.width, told.height) == (480, 640)
    assert told.image.height > told.image.width
    own = RAF + jpeg(640, 480, exif=turned(8))
    assert (open_photo(own, 224).width, open_photo(own, 224).height) == (480, 640)


@pytest.mark.parametrize(
    "head",
    [
        RAF,
        CR3,
        b"IIU\x00\x18\x00\x00\x00" + bytes(40),
        b"IIRO\x08\x00\x00\x00" + bytes(40),
        b"FOVb" + bytes(40),
        b"II\x1a\x00\x00\x00HEAPCCDR" + bytes(40),
        b"II*\x00\x10\x00\x00\x00CR\x02\x00" + bytes(40),
    ],
)
def test_every_makers_raw_is_seen(head):
    photo = open_photo(head + jpeg(320, 240, "green") + bytes(1000), 224)
    assert photo.format is PhotoFormat.RAW
    assert (photo.width, photo.height) == (320, 240)


@pytest.mark.parametrize(
    "raw",
    [
        make_raw(),
        make_raw(jpeg(80, 60)),  # a thumbnail shows too little
        make_raw(b"\xff\xd8\xff\xc3" + bytes(400)),  # lossless data of the sensor
        make_raw(b"\xff\xd8\xff" * 200_000),
        RAF + b"\xff\xd8\xff\xe0" + bytes(50),
    ],
)
def test_a_raw_without_a_preview_says_what_to_do(raw):
    with pytest.raises(PhotoFormatError, match=r"RAW photo .* name the JPEG or HEIC"):
        open_photo(raw, 224)


def test_a_preview_that_is_cut_off_is_damaged_not_a_crash():
    whole = jpeg(640, 480, quality=95)
    with pytest.raises(PhotoDamagedError):
        open_photo(RAF + whole[: len(whole) // 3], 224)


def test_little_memory_is_kept_to():
    raw = make_raw(jpeg(4000, 3000, progressive=True))
    header = read_header(raw)
    assert header.progressive
    need = open_photo(raw, 224, memory_budget=200_000_000)
    assert need.image.width >= 224
    with pytest.raises(Exception, match="allow more memory"):
        open_photo(raw, 224, memory_budget=9_000_000)


def test_a_preview_at_the_edge_of_what_is_read_at_once_is_found():
    picture = jpeg(320, 240)
    for gap in (-2, -1, 0, 1):
        padding = bytes(1024 * 1024 - len(RAF) + gap)
        assert read_header(RAF + padding + picture).width == 320


def test_offsets_that_point_nowhere_end_nothing():
    hostile = b"II*\0" + struct.pack("<I", 2**32 - 1) + b"CR\x02\x00"
    assert read_header(hostile + jpeg(320, 240)).orientation == 1
