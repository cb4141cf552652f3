"""Every format and every mode becomes the picture a person sees."""

import io
import struct

from imaging_pictures import (
    COLOURS,
    EVERY_FORMAT,
    FIXTURES,
    UPRIGHT,
    close_to,
    encode,
    every_format,
    jpeg_with_preview,
    quadrants,
    seen_quadrants,
)
import numpy as np
from PIL import Image, ImageCms
import pytest

from edge_runtime.errors import PhotoTooLargeForMemoryError
from edge_runtime.imaging import PhotoFormat, decode_need, open_photo, read_header
from edge_runtime.imaging.decode import MIN_PREVIEW_SIDE

WHITE = (255, 255, 255)


@pytest.mark.parametrize("orientation", UPRIGHT)
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("PNG", {}),
        ("WEBP", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("AVIF", {"speed": 10}),
    ],
)
def test_exif_orientation_is_applied_once(kind, options, orientation):
    photo = open_photo(encode(quadrants(), kind, orientation, **options), 64)
    turned = orientation >= 5
    assert seen_quadrants(photo.image) == UPRIGHT[orientation]
    assert (photo.width, photo.height) == ((64, 128) if turned else (128, 64))
    assert photo.image.size == (photo.width, photo.height)


@pytest.mark.parametrize("orientation", UPRIGHT)
def test_heic_that_is_turned_twice_in_its_data_is_turned_once(orientation):
    path = FIXTURES / f"quadrants-{orientation}.heic"
    photo = open_photo(path, 64)
    assert b"Exif" in path.read_bytes()
    assert photo.format is PhotoFormat.HEIC
    assert read_header(path).orientation == orientation
    assert seen_quadrants(photo.image) == UPRIGHT[orientation]
    assert (photo.width, photo.height) == photo.image.size


def test_heic_is_reduced_in_bands_without_a_seam():
    whole = open_photo(FIXTURES / "quadrants-6.heic", 64).image
    small = open_photo(FIXTURES / "quadrants-6.heic", 16).image
    assert small.size == (32, 64)
    assert np.array_equal(np.asarray(small), np.asarray(whole.reduce(2)))


def test_heic_with_opacity_lies_on_white():
    image = open_photo(FIXTURES / "alpha.heic", 64).image
    assert close_to(image.getpixel((10, 32)), COLOURS["R"])
    assert close_to(image.getpixel((120, 32)), WHITE)


def test_gray_heic_with_10_bits_keeps_its_grays():
    image = open_photo(FIXTURES / "gray-10-bit.heic", 64).image
    assert close_to(image.getpixel((10, 10)), (0, 0, 0))
    assert close_to(image.getpixel((10, 50)), (128, 128, 128))
    assert close_to(image.getpixel((120, 10)), WHITE)


def test_heic_is_as_large_as_its_shown_part():
    header = read_header(FIXTURES / "odd-size.heic")
    photo = open_photo(FIXTURES / "odd-size.heic", 64)
    assert (header.width, header.height) == (photo.width, photo.height) == (100, 50)
    assert photo.image.size == (100, 50)


@EVERY_FORMAT
def test_every_format_opens_as_rgb_from_bytes_and_from_a_path(kind, tmp_path):
    data = every_format()[kind]
    path = tmp_path / "photo.with-a-wrong-name.txt"
    path.write_bytes(data)
    from_path, from_bytes = open_photo(path, 48), open_photo(data, 48)
    assert from_path.image.mode == "RGB"
    assert from_path.image.tobytes() == from_bytes.image.tobytes()
    assert min(from_path.image.size) >= 48
    assert "?" not in seen_quadrants(from_path.image)


@pytest.mark.parametrize(
    ("side", "target", "expected"),
    [(2000, 224, 250), (2000, 250, 250), (2000, 251, 500), (2000, 1001, 2000)],
)
def test_jpeg_is_drafted_to_the_smallest_size_that_is_large_enough(
    side, target, expected
):
    photo = open_photo(encode(quadrants(side, side), "JPEG"), target)
    assert photo.image.size == (expected, expected)
    assert (photo.width, photo.height) == (side, side)


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (7, 3)])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"])
def test_pictures_smaller_than_the_target_keep_their_size(kind, size):
    options = {"speed": 10} if kind == "AVIF" else {}
    photo = open_photo(encode(Image.new("RGB", size, "red"), kind, **options), 224)
    assert photo.image.size == size
    assert close_to(photo.image.getpixel((0, 0)), COLOURS["R"])


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_keeps_its_colours(kind):
    photo = open_photo(encode(quadrants().convert("CMYK"), kind), 64)
    assert seen_quadrants(photo.image) == UPRIGHT[1]


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_gray_is_scaled_and_not_cut_off(kind):
    values = np.array([[0, 255, 257, 32896, 65535]], dtype=np.uint16)
    photo = open_photo(encode(Image.fromarray(values), kind), 1)
    shown = [photo.image.getpixel((x, 0))[0] for x in range(5)]
    assert shown == [0, 1, 1, 128, 255]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[0.0, 0.5, 1.0]], np.float32), [0, 128, 255]),
        (np.array([[-10.0, 0.0, 10.0]], np.float32), [0, 128, 255]),
        (np.array([[5.0, 5.0, 5.0]], np.float32), [0, 0, 0]),
        (np.array([[0, 7, 255]], np.int32), [0, 7, 255]),
        (np.array([[0, 257, 65535]], np.int32), [0, 1, 255]),
        (np.array([[0, 50_000, 100_000]], np.int32), [0, 128, 255]),
    ],
)
def test_32_bit_tiff_is_stretched_to_what_it_holds(values, expected):
    photo = open_photo(encode(Image.fromarray(values), "TIFF"), 1)
    assert [photo.image.getpixel((x, 0))[0] for x in range(3)] == expected


def test_black_and_white_becomes_gray():
    photo = open_photo(encode(Image.new("1", (64, 64), 1), "PNG"), 16)
    assert photo.image.getpixel((5, 5)) == WHITE


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("target", [64, 8])
def test_clear_pixels_are_white_and_lend_no_colour_to_their_neighbours(kind, target):
    picture = Image.new("RGBA", (130, 130), (0, 0, 255, 0))
    picture.paste((255, 0, 0, 255), (0, 0, 65, 130))
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    image = open_photo(encode(picture, kind, **options), target).image
    colours = {colour for _, colour in image.getcolors()}
    assert COLOURS["R"] in colours
    assert WHITE in colours
    assert all(red == 255 and green == blue for red, green, blue in colours)


def test_gray_with_opacity_lies_on_white():
    picture = Image.new("LA", (64, 64), (0, 128))
    assert open_photo(encode(picture, "PNG"), 64).image.getpixel((5, 5)) == (127,) * 3


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_palette_with_a_clear_colour_lies_on_white(kind):
    picture = Image.new("P", (64, 64), 0)
    picture.putpalette([0, 0, 255, 255, 0, 0])
    picture.paste(1, (0, 0, 32, 64))
    image = open_photo(encode(picture, kind, transparency=0), 64).image
    assert image.getpixel((5, 5)) == COLOURS["R"]
    assert image.getpixel((60, 5)) == WHITE


def test_a_png_with_one_clear_colour_lies_on_white():
    data = encode(quadrants(), "PNG", transparency=COLOURS["B"])
    assert seen_quadrants(open_photo(data, 64).image) == "RGWW"


def test_an_opaque_palette_keeps_its_colours():
    data = encode(quadrants().quantize(8), "PNG")
    assert read_header(data).is_palette
    assert seen_quadrants(open_photo(data, 64).image) == UPRIGHT[1]


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "AVIF", "TIFF"])
def test_the_first_frame_is_taken(kind):
    frames = [Image.new("RGB", (128, 64), "black"), Image.new("RGB", (128, 64))]
    options = {"speed": 10} if kind == "AVIF" else {}
    data = encode(quadrants(), kind, save_all=True, append_images=frames, **options)
    assert seen_quadrants(open_photo(data, 64).image) == UPRIGHT[1]


def wide_gamut_profile() -> bytes:
    """Return a profile like Display P3: sRGB with red and green swapped."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = bytearray(profile.replace(b"sRGB", b"test"))
    data = data.replace("sRGB".encode("utf-16-be"), "test".encode("utf-16-be"))
    for index in range(struct.unpack_from(">I", data, 128)[0]):
        place = 132 + 12 * index
        swapped = {b"rXYZ": b"gXYZ", b"gXYZ": b"rXYZ"}.get(
            bytes(data[place : place + 4])
        )
        if swapped:
            data[place : place + 4] = swapped
    return bytes(data)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_a_colour_profile_is_applied(kind):
    options = {"speed": 10} if kind == "AVIF" else {}
    data = encode(quadrants(), kind, icc_profile=wide_gamut_profile(), **options)
    photo = open_photo(data, 64)
    assert seen_quadrants(photo.image) == "GRBW"
    assert photo.notes == ()


def test_an_srgb_profile_leaves_the_pixels_alone():
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    with_profile = open_photo(encode(quadrants(), "PNG", icc_profile=srgb), 64)
    assert with_profile.image.tobytes() == quadrants().tobytes()


@pytest.mark.parametrize(
    "profile", [b"no profile", wide_gamut_profile()[:200], bytes(16) + b"RGB " * 40]
)
def test_a_broken_profile_costs_nothing(profile):
    photo = open_photo(encode(quadrants(), "PNG", icc_profile=profile), 64)
    assert photo.image.tobytes() == quadrants().tobytes()


def test_a_profile_that_can_not_be_used_is_told():
    broken = wide_gamut_profile()[:200]
    photo = open_photo(encode(quadrants(), "PNG", icc_profile=broken), 64)
    assert photo.notes == ("its colour profile is broken and was not used",)


def test_a_preview_stands_in_when_memory_is_short():
    data = jpeg_with_preview((1600, 1200), quadrants(160, 120), progressive=True)
    photo = open_photo(data, 224, memory_budget=9_000_000)
    assert photo.used_preview
    assert photo.image.size == (160, 120)
    assert (photo.width, photo.height) == (1600, 1200)
    assert "160 x 120" in photo.notes[0]
    assert seen_quadrants(photo.image) == UPRIGHT[1]


def test_the_whole_photo_is_read_when_memory_suffices():
    data = jpeg_with_preview((1600, 1200), quadrants(160, 120), progressive=True)
    photo = open_photo(data, 224, memory_budget=100_000_000)
    assert not photo.used_preview
    assert photo.image.size == (400, 300)


def test_a_tiny_preview_does_not_stand_in():
    preview = quadrants(160, MIN_PREVIEW_SIDE - 1)
    data = jpeg_with_preview((1600, 1200), preview, progressive=True)
    with pytest.raises(PhotoTooLargeForMemoryError, match=r"needs 1\d MiB and 8 MiB"):
        open_photo(data, 224, memory_budget=9_000_000)


def test_a_broken_preview_does_not_make_the_photo_a_damaged_one():
    preview = quadrants(160, 120)
    data = jpeg_with_preview((1600, 1200), preview, cut=500, progressive=True)
    assert read_header(data).preview
    with pytest.raises(PhotoTooLargeForMemoryError, match="make a smaller copy"):
        open_photo(data, 224, memory_budget=9_000_000)


def test_the_thumbnail_of_a_heic_stands_in_when_memory_is_short():
    path = FIXTURES / "with-preview.heic"
    header = read_header(path)
    need = decode_need(header, 224)
    photo = open_photo(path, 224, memory_budget=need - 1)
    assert photo.used_preview
    assert (header.preview.width, header.preview.height) == (256, 128)
    assert photo.image.size == (128, 256)
    assert (photo.width, photo.height) == (256, 512)
    assert seen_quadrants(photo.image) == UPRIGHT[6]
    assert open_photo(path, 224, memory_budget=need).image.size == (256, 512)


def test_the_preview_is_found_where_it_lies():
    data = jpeg_with_preview((320, 240), quadrants(160, 120))
    preview = read_header(data).preview
    small = data[preview.offset : preview.offset + preview.bytes]
    assert Image.open(io.BytesIO(small)).size == (preview.width, preview.height)
