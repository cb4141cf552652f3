"""Pictures for the tests: made here, small, and known to the pixel."""

import io
from pathlib import Path
import struct

from PIL import Image
import pytest

FIXTURES = Path(__file__).parents[1] / "fixtures" / "images"
COLOURS = {"R": (255, 0, 0), "G": (0, 255, 0), "B": (0, 0, 255), "W": (255, 255, 255)}
# the quadrants in reading order, after the turn that each EXIF orientation asks for
UPRIGHT = {
    1: "RGBW",
    2: "GRWB",
    3: "WBGR",
    4: "BWRG",
    5: "RBGW",
    6: "BRWG",
    7: "WGBR",
    8: "GWRB",
}


def quadrants(width: int = 128, height: int = 64) -> Image.Image:
    """Red and green above blue and white: no two orientations look the same."""
    picture = Image.new("RGB", (width, height))
    half_width, half_height = width // 2, height // 2
    for index, colour in enumerate(COLOURS.values()):
        left, top = index % 2 * half_width, index // 2 * half_height
        picture.paste(colour, (left, top, left + half_width, top + half_height))
    return picture


def seen_quadrants(image: Image.Image) -> str:
    """Return the letters of the four quadrants' colours in reading order."""
    right, bottom = image.width - 9, image.height - 9
    places = ((8, 8), (right, 8), (8, bottom), (right, bottom))
    return "".join(_letter(image.getpixel(place)) for place in places)


def _letter(pixel) -> str:
    bright = tuple(255 if value > 127 else 0 for value in pixel)
    return next((k for k, v in COLOURS.items() if v == bright), "?")


def encode(image: Image.Image, kind: str, orientation: int = 1, **options) -> bytes:
    """Return the picture as a file of one kind, with an EXIF orientation."""
    if orientation != 1:
        exif = Image.Exif()
        exif[0x0112] = orientation
        options["exif"] = exif
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def close_to(pixel, expected, tolerance: int = 6) -> bool:
    """Return whether a colour survived a lossy format."""
    pairs = zip(pixel, expected, strict=True)
    return all(abs(one - other) <= tolerance for one, other in pairs)


def jpeg_with_preview(
    size: tuple[int, int], preview: Image.Image, cut: int = 0, **options
) -> bytes:
    """Return a JPEG whose EXIF data holds a small JPEG, as cameras write it."""
    small = encode(preview, "JPEG", quality=90)
    small = small[: len(small) - cut]
    # IFD0: orientation 1; IFD1: where the preview lies and how long it is
    first = struct.pack("<HHHIII", 1, 0x0112, 3, 1, 1, 26)
    second = struct.pack(
        "<HHHIIHHIII", 2, 0x0201, 4, 1, 56, 0x0202, 4, 1, len(small), 0
    )
    exif = b"Exif\0\0" + struct.pack("<2sHI", b"II", 42, 8) + first + second + small
    out = io.BytesIO()
    quadrants(*size).save(out, "JPEG", exif=exif, **options)
    return out.getvalue()


def png_header(width: int, height: int) -> bytes:
    """Return a PNG that promises a size and holds one byte of picture."""
    ihdr = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", ihdr), (b"IDAT", b"\x78"), (b"IEND", b""))
    body = b"".join(
        struct.pack(">I4s", len(data), kind) + data + bytes(4) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


def every_format() -> dict[str, bytes]:
    """Return one small file of each kind that is supported."""
    picture = quadrants(160, 96)
    moving = [picture, Image.new("RGB", picture.size, "black")]
    return {
        "jpeg": encode(picture, "JPEG", orientation=6),
        "progressive": encode(picture, "JPEG", progressive=True),
        "preview": jpeg_with_preview((320, 240), quadrants(160, 120)),
        "png": encode(picture, "PNG", orientation=6),
        "apng": encode(picture, "PNG", save_all=True, append_images=moving[1:]),
        "webp": encode(picture, "WEBP", orientation=6),
        "lossless": encode(picture, "WEBP", lossless=True),
        "gif": encode(picture, "GIF", save_all=True, append_images=moving[1:]),
        "tiff": encode(picture, "TIFF", orientation=6, compression="tiff_lzw"),
        "plain-tiff": encode(picture, "TIFF"),
        "bmp": encode(picture, "BMP"),
        "avif": encode(picture, "AVIF", orientation=6, speed=10),
        "heic": (FIXTURES / "quadrants-6.heic").read_bytes(),
        "heic-preview": (FIXTURES / "with-preview.heic").read_bytes(),
    }


EVERY_FORMAT = pytest.mark.parametrize("kind", sorted(every_format()))
