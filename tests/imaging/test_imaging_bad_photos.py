"""Whatever is handed in: a photo comes out, or one typed line that says why not."""

from contextlib import suppress
import os
from pathlib import Path
import random
import socket
import subprocess
import sys

from imaging_pictures import (
    EVERY_FORMAT,
    FIXTURES,
    encode,
    every_format,
    png_header,
    quadrants,
)
from PIL import Image
import pytest

from edge_runtime.errors import (
    PhotoDamagedError,
    PhotoEmptyError,
    PhotoError,
    PhotoFormatError,
    PhotoIsFolderError,
    PhotoNotFoundError,
    PhotoTooLargeError,
    PhotoTooLargeForMemoryError,
    PhotoUnreadableError,
)
from edge_runtime.imaging import open_photo, read_header

ROOT = Path(__file__).parents[2]
MUTATIONS = 300
BUDGET = 256 * 1024 * 1024

NOT_A_PHOTO = {
    "is text": "Dear diary, today I took no photo. Größe: 7 µm\n".encode() * 30,
    "is a PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj",
    "is a video": b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41",
    "is a sound file": b"ID3\x04\x00\x00\x00\x00\x00\x00",
    "is a web page": b"<!DOCTYPE html><html><body>404</body></html>",
    "is an SVG drawing": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
    "is a ZIP archive": b"PK\x03\x04\x14\x00\x00\x00",
    "is a JPEG XL picture": b"\xff\x0a\xfa\x1f\x01",
    "is a JPEG 2000 picture": b"\x00\x00\x00\x0cjP  \r\n\x87\n",
    "RAW photo (Fujifilm RAF)": b"FUJIFILMCCD-RAW 0201FF383501",
    "RAW photo (Canon CR3)": b"\x00\x00\x00\x18ftypcrx \x00\x00\x00\x01crx isom",
    "RAW photo (Canon CR2)": b"II*\x00\x10\x00\x00\x00CR\x02\x00" + bytes(20),
    "holds only zeros": bytes(4096),
    "is of no kind that is known": bytes(range(128, 256)) * 8,
}


@pytest.mark.parametrize("words", NOT_A_PHOTO)
def test_what_is_no_photo_is_named(words, tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(NOT_A_PHOTO[words])
    with pytest.raises(PhotoFormatError) as caught:
        open_photo(path, 224)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)
    assert "JPEG" in str(caught.value)


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ({254: 1, 330: 8}, "NEF, ARW or PEF"),
        ({50706: b"\x01\x04\x00\x00"}, "DNG"),
        ({262: 32803}, "sensor data"),
    ],
)
def test_raw_photos_built_like_tiffs_are_named(tags, words):
    assert read_header(_tiff_with({})).width == 8
    with pytest.raises(PhotoFormatError, match=f"RAW photo .{words}."):
        read_header(_tiff_with(tags))


def _tiff_with(tags) -> bytes:
    entries = {256: 8, 257: 8, **tags}
    body = b""
    for tag, value in sorted(entries.items()):
        raw = value if isinstance(value, bytes) else value.to_bytes(4, "little")
        kind = 1 if isinstance(value, bytes) else 4
        count = 4 if isinstance(value, bytes) else 1
        body += tag.to_bytes(2, "little") + kind.to_bytes(2, "little")
        body += count.to_bytes(4, "little") + raw
    head = b"II*\x00" + (8).to_bytes(4, "little")
    return head + len(entries).to_bytes(2, "little") + body + bytes(4)


def test_a_missing_file_is_not_found(tmp_path):
    with pytest.raises(PhotoNotFoundError, match=r"gone\.jpg: there is no such file"):
        open_photo(tmp_path / "gone.jpg", 224)
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(PhotoNotFoundError):
        open_photo(tmp_path / "file" / "photo.jpg", 224)
    with pytest.raises(PhotoNotFoundError):
        open_photo("nul\0byte.jpg", 224)


def test_a_name_that_is_too_long_is_unreadable(tmp_path):
    with pytest.raises(PhotoUnreadableError, match="name too long"):
        open_photo(tmp_path / ("x" * 300), 224)


def test_a_folder_is_a_folder(tmp_path):
    with pytest.raises(PhotoIsFolderError, match="is a folder"):
        open_photo(tmp_path, 224)


@pytest.mark.parametrize("data", [b"", None])
def test_nothing_is_empty(data, tmp_path):
    path = tmp_path / "empty.jpg"
    path.touch()
    with pytest.raises(PhotoEmptyError):
        open_photo(path if data is None else data, 224)


def test_a_pipe_that_nobody_writes_to_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(PhotoUnreadableError, match="is a named pipe"):
        open_photo(tmp_path / "pipe.jpg", 224)


def test_devices_and_sockets_are_refused(tmp_path, monkeypatch):
    with pytest.raises(PhotoUnreadableError, match="is a device"):
        open_photo("/dev/zero", 224)
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.jpg")
        with pytest.raises(PhotoUnreadableError, match="is a socket"):
            open_photo("socket.jpg", 224)


def test_a_file_without_permission_is_unreadable(tmp_path):
    path = tmp_path / "private.jpg"
    path.write_bytes(encode(quadrants(), "JPEG"))
    path.chmod(0)
    for folder in (tmp_path, *list(tmp_path.parents)[:2]):
        folder.chmod(0o755)
    # root may read everything, so a child gives that right away first
    code = (
        "import os, sys\n"
        "from edge_runtime.errors import PhotoUnreadableError\n"
        "from edge_runtime.imaging import open_photo\n"
        "if os.geteuid() == 0: os.setuid(65534)\n"
        "try: open_photo(sys.argv[1], 224)\n"
        "except PhotoUnreadableError as err: print(err)\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert "no permission to read it" in found.stdout


def test_a_message_is_one_line_whatever_the_name_holds(tmp_path):
    name = os.fsdecode(b"a\nb\xff\x1b[31m.jpg")
    (tmp_path / name).write_bytes(b"no photo at all")
    with pytest.raises(PhotoFormatError) as caught:
        open_photo(tmp_path / name, 224)
    assert str(caught.value).isprintable()
    str(caught.value).encode("utf-8")


@pytest.mark.parametrize(("width", "height"), [(60_000, 60_000), (65_501, 1)])
def test_a_decompression_bomb_is_too_large(width, height):
    with pytest.raises(PhotoTooLargeError, match=f"{width} x {height} pixels"):
        open_photo(png_header(width, height), 224)


def test_a_size_of_nothing_is_damage():
    with pytest.raises(PhotoDamagedError, match="names no size"):
        open_photo(png_header(0, 5), 224)


def test_a_bomb_inside_a_second_header_is_seen_before_it_is_decoded():
    frame = encode(Image.new("P", (4, 4)), "GIF")
    place = frame.index(b"\x2c") + 5
    wide = frame[:place] + b"\xff\xff\xff\xff" + frame[place + 4 :]
    with pytest.raises(PhotoTooLargeError):
        open_photo(wide, 224)
    narrow = frame[:place] + b"\x00\x30\x00\x30" + frame[place + 4 :]
    with pytest.raises(PhotoTooLargeForMemoryError):
        open_photo(narrow, 224, memory_budget=64 * 1024 * 1024)


@EVERY_FORMAT
@pytest.mark.parametrize("kept", [0.02, 0.1, 0.3, 0.5, 0.7, 0.9])
def test_a_file_that_is_cut_off_is_damaged(kind, kept, tmp_path):
    data = every_format()[kind]
    path = tmp_path / "cut"
    path.write_bytes(data[: max(12, int(len(data) * kept))])
    outcome, text = _outcome(path)
    # what comes after the first picture may be missing: later frames, metadata
    assert outcome == "PhotoDamagedError" or kind in {
        "apng",
        "gif",
        "heic",
        "heic-preview",
    }
    assert text.startswith(str(path)) or outcome == "opened"


def _outcome(photo, budget: int = BUDGET) -> tuple[str, str]:
    try:
        return "opened", open_photo(photo, 96, budget).image.mode
    except PhotoError as err:
        return type(err).__name__, str(err)


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_that_misses_only_its_last_rows_is_damaged(progressive):
    noise = Image.effect_noise((400, 400), 80).convert("RGB")
    data = encode(noise, "JPEG", progressive=progressive)
    assert open_photo(data, 224).image.size == (400, 400)
    with pytest.raises(PhotoDamagedError, match="cut off or broken"):
        open_photo(data[:-200], 224)


def test_a_heic_with_a_nameless_item_is_damaged_and_ends_no_process():
    data = (FIXTURES / "quadrants-6.heic").read_bytes()
    with pytest.raises(PhotoDamagedError, match="no readable picture"):
        open_photo(data.replace(b"Exif\0\0", b"\xffxif\0\0", 1), 224)


def test_a_jpeg_with_12_bits_is_not_supported():
    data = bytearray(encode(quadrants(), "JPEG"))
    data[data.index(b"\xff\xc0") + 4] = 12
    with pytest.raises(PhotoFormatError, match="12 bits"):
        open_photo(bytes(data), 224)


@EVERY_FORMAT
def test_broken_bytes_raise_typed_errors_only(kind):
    data = every_format()[kind]
    chance = random.Random(f"edge captions {kind}")  # noqa: S311
    outcomes = set()
    for _ in range(MUTATIONS):
        broken = _mutated(data, chance)
        outcome, text = _outcome(broken)
        assert text.isprintable()
        outcomes.add(outcome)
        with suppress(PhotoError):
            read_header(broken)
    assert len(outcomes) > 1


def _mutated(data: bytes, chance: random.Random) -> bytes:
    broken = bytearray(data)
    # most of what a decoder trusts stands in the first bytes
    reach = len(broken) if chance.random() < 0.5 else min(len(broken), 200)
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(reach)
        match chance.randrange(4):
            case 0:
                broken[place] = chance.choice((0, 1, 0x7F, 0x80, 0xFE, 0xFF))
            case 1:
                broken[place] ^= 1 << chance.randrange(8)
            case 2:
                del broken[place : place + chance.randint(1, 8)]
                reach = max(1, min(reach, len(broken)))
            case _:
                broken[place:place] = chance.randbytes(chance.randint(1, 8))
    return bytes(broken) or b"\0"
