"""The picture's hash stays through metadata edits and moves with the picture."""

from io import BytesIO
import os
from pathlib import Path
import struct
import zlib

from PIL import Image, PngImagePlugin
import pytest

from edge_runtime.errors import PhotoNotFoundError, PhotoUnreadableError
from edge_runtime.picture_hash import hash_stream, picture_hash

FIXTURES = Path(__file__).parents[1] / "fixtures" / "images"


def picture(seed: int = 1) -> Image.Image:
    noise = Image.effect_noise((96, 64), 40 + seed).resize((192, 128))
    return Image.merge("RGB", (noise, noise.rotate(180), noise))


def encoded(kind: str, image: Image.Image, **options) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def some_exif(words: str) -> bytes:
    exif = Image.Exif()
    exif[0x010E] = words
    exif[0x0112] = 6
    return exif.tobytes()


def of(data: bytes) -> str:
    return hash_stream(BytesIO(data))


def jpeg_segment(marker: int, payload: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(payload) + 2) + payload


def with_jpeg_segments(data: bytes, *segments: bytes) -> bytes:
    return data[:2] + b"".join(segments) + data[2:]


def png_chunk(kind: bytes, payload: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + payload))
    return struct.pack(">I", len(payload)) + kind + payload + checksum


def without_png_text(data: bytes) -> bytes:
    kept, offset = [data[:8]], 8
    while offset < len(data):
        length, kind = struct.unpack_from(">I4s", data, offset)
        if kind not in {b"tEXt", b"eXIf", b"iTXt"}:
            kept.append(data[offset : offset + 12 + length])
        offset += 12 + length
    return b"".join(kept)


@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg_metadata_leave_the_hash_alone(progressive):
    image = picture()
    plain = encoded("JPEG", image, quality=85, progressive=progressive)
    tagged = with_jpeg_segments(
        plain,
        jpeg_segment(0xE1, b"Exif\0\0" + some_exif("a title")),
        jpeg_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>"),
        jpeg_segment(0xED, b"Photoshop 3.0\0" + bytes(40)),
        jpeg_segment(0xFE, b"a comment"),
    )
    trailed = tagged + b"\0\0\0\x18ftypmp42" + os.urandom(5000)
    assert of(plain) == of(tagged) == of(trailed)
    by_pillow = encoded(
        "JPEG", image, quality=85, progressive=progressive, exif=some_exif("other")
    )
    assert of(by_pillow) == of(plain)


def test_another_picture_or_coding_is_another_hash():
    image = picture()
    plain = of(encoded("JPEG", image, quality=85))
    assert of(encoded("JPEG", image, quality=84)) != plain
    assert of(encoded("JPEG", picture(2), quality=85)) != plain
    assert of(encoded("JPEG", image, quality=85)[:-400]) != plain


def test_flat_pictures_of_other_brightness_differ():
    # their coded data are the same; only the tables tell them apart
    first = encoded("JPEG", Image.new("L", (64, 64), 120), quality=90)
    second = encoded("JPEG", Image.new("L", (64, 64), 112), quality=40)
    assert of(first) != of(second)


def test_a_mark_that_lies_across_two_reads_is_found(monkeypatch):
    plain = encoded("JPEG", picture(), quality=90)
    whole = of(plain + b"tail")
    for size in (7, 64, 1021):
        monkeypatch.setattr("edge_runtime.picture_hash.hashing._CHUNK_BYTES", size)
        assert of(plain + b"other tail") == whole


def test_png_metadata_and_the_cut_of_its_data_leave_the_hash_alone():
    info = PngImagePlugin.PngInfo()
    info.add_text("Title", "a title")
    image = picture()
    tagged = encoded("PNG", image, pnginfo=info, exif=some_exif("words"))
    plain = encoded("PNG", image)
    assert of(tagged) == of(plain) == of(without_png_text(tagged))
    at = plain.index(b"IDAT") - 4
    (length,) = struct.unpack_from(">I", plain, at)
    data = plain[at + 8 : at + 8 + length]
    cut = png_chunk(b"IDAT", data[:100]) + png_chunk(b"IDAT", data[100:])
    assert of(plain[:at] + cut + plain[at + 12 + length :]) == of(plain)
    assert of(encoded("PNG", picture(3))) != of(plain)


def test_webp_metadata_leave_the_hash_alone():
    image = picture()
    plain = encoded("WEBP", image, quality=80)
    tagged = encoded("WEBP", image, quality=80, exif=some_exif("words"), xmp=b"<x/>")
    assert len(tagged) > len(plain)
    assert of(tagged) == of(plain)
    assert of(encoded("WEBP", picture(4), quality=80)) != of(plain)


def test_avif_metadata_leave_the_hash_alone():
    image = picture()
    plain = encoded("AVIF", image, quality=70, speed=10, max_threads=1)
    tagged = encoded(
        "AVIF", image, quality=70, speed=10, max_threads=1, exif=some_exif("words")
    )
    assert len(tagged) > len(plain)
    assert of(tagged) == of(plain)
    assert of(encoded("AVIF", picture(5), quality=70, speed=10)) != of(plain)


def test_heic_files_that_only_turn_the_picture_share_its_hash():
    turned = {picture_hash(p) for p in FIXTURES.glob("quadrants-*.heic")}
    others = [p for p in FIXTURES.glob("*.heic") if "quadrants" not in p.name]
    assert len(turned) == 1
    assert len({picture_hash(path) for path in others} | turned) == len(others) + 1


def test_heic_hash_does_not_see_its_free_space():
    data = (FIXTURES / "quadrants-6.heic").read_bytes()
    padded = data + struct.pack(">I4s", 24, b"free") + os.urandom(16)
    assert of(padded) == of(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xe1\xff\xff",
        b"\xff\xd8\xff" + bytes(50_000),
        b"\x89PNG\r\n\x1a\n",
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I4s", 2**32 - 1, b"tEXt"),
        b"RIFF\0\0\0\0WEBP",
        b"RIFF\0\0\0\0WEBPjunk\xff\xff\xff\xff",
        b"\0\0\0\x18ftypheic" + bytes(30),
        b"\0\0\0\x18ftypheic" + bytes(12) + b"\0\0\0\x10meta" + bytes(8),
        b"GIF89a" + bytes(40),
        b"no picture at all",
    ],
)
def test_odd_files_are_hashed_as_a_whole(data):
    assert of(data) == of(data)
    assert of(data + b"x") != of(data)


def test_damaged_files_never_raise():
    sources = [encoded(kind, picture()) for kind in ("JPEG", "PNG", "WEBP")]
    sources.append((FIXTURES / "quadrants-6.heic").read_bytes())
    for data in sources:
        for at in range(0, min(len(data), 900), 7):
            for value in (0, 1, 0x7F, 0xFF):
                of(data[:at] + bytes((value,)) + data[at + 1 :])
            of(data[:at])


def test_what_is_no_file_is_refused(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(PhotoUnreadableError):
        picture_hash(pipe)
    with pytest.raises(PhotoNotFoundError):
        picture_hash(tmp_path / "missing.jpg")
    with pytest.raises(PhotoUnreadableError):
        picture_hash(tmp_path)
