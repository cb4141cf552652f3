"""Pixel values are those of the usual training pipelines."""

from imaging_pictures import COLOURS, quadrants
import numpy as np
from PIL import Image
import pytest

from edge_runtime.imaging import each_look, smallest_side, to_pixel_values
from edge_runtime.imaging.preprocess import RESAMPLING

MEAN = [0.485, 0.456, 0.406]
STD = [0.229, 0.224, 0.225]


def spec(width=32, height=24, **more):
    return {"size": [width, height], "mean": MEAN, "std": STD, **more}


def noise(width, height) -> Image.Image:
    values = np.random.default_rng(7).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(values)


def normalised(image: Image.Image) -> np.ndarray:
    """ToTensor and Normalize, in double precision."""
    values = (np.asarray(image, dtype=np.float64) / 255 - MEAN) / STD
    return values.transpose(2, 0, 1)[None]


def shown(values: np.ndarray) -> np.ndarray:
    """Return pixel values as the 0 to 255 that they were."""
    planes = values[0].transpose(1, 2, 0).astype(np.float64)
    return np.rint((planes * STD + MEAN) * 255).astype(int)


@pytest.mark.parametrize("name", RESAMPLING)
def test_squash_is_resize_then_normalise(name):
    image = noise(100, 70)
    values = to_pixel_values(image, spec(resize="squash", resample=name))
    assert values.shape == (1, 3, 24, 32)
    assert values.dtype == np.float32
    assert values.flags.c_contiguous
    expected = normalised(image.resize((32, 24), RESAMPLING[name]))
    np.testing.assert_allclose(values, expected, atol=2e-6)


def test_squash_and_bilinear_are_the_defaults():
    image = noise(50, 90)
    asked = to_pixel_values(image, spec(resize="squash", resample="bilinear"))
    assert np.array_equal(to_pixel_values(image, spec()), asked)


def test_tensorflow_style_values_lie_between_minus_one_and_one():
    white = Image.new("RGB", (10, 10), "white")
    values = to_pixel_values(
        white, {"size": [4, 4], "mean": [127 / 255] * 3, "std": [128 / 255] * 3}
    )
    np.testing.assert_allclose(values, 1.0, atol=1e-6)


@pytest.mark.parametrize("size", [(100, 70), (70, 100), (33, 24), (61, 47), (20, 300)])
@pytest.mark.parametrize("target", [(24, 24), (32, 24), (24, 32)])
def test_crop_is_resize_to_cover_then_cut_the_middle(size, target):
    image, (width, height) = noise(*size), target
    scale = max(width / size[0], height / size[1])
    covering = tuple(
        side if round(full * scale, 6) == side else int(full * scale + 1e-9)
        for full, side in zip(size, target, strict=True)
    )
    left, top = (covering[0] - width) // 2, (covering[1] - height) // 2
    whole = image.resize(covering, Image.Resampling.BILINEAR)
    expected = whole.crop((left, top, left + width, top + height))
    values = to_pixel_values(image, spec(width, height, resize="crop"))
    difference = shown(values) - np.asarray(expected, dtype=int)
    assert np.abs(difference).max() <= 1


def test_crop_of_a_thread_of_pixels_stays_small():
    values = to_pixel_values(noise(1, 5000), spec(224, 224, resize="crop"))
    assert values.shape == (1, 3, 224, 224)


def test_pad_keeps_the_shape_in_the_middle():
    values = shown(to_pixel_values(quadrants(128, 64), spec(32, 32, resize="pad")))
    assert (values[:8] == 0).all()
    assert (values[24:] == 0).all()
    assert tuple(values[9, 1]) == COLOURS["R"]
    assert tuple(values[22, 30]) == COLOURS["W"]


def test_pad_in_the_corner_with_a_colour():
    wanted = spec(32, 32, resize="pad", pad_position="corner", pad_color=[7, 8, 9])
    values = shown(to_pixel_values(quadrants(64, 128), wanted))
    assert tuple(values[0, 0]) == COLOURS["R"]
    assert (values[:, 16:] == (7, 8, 9)).all()


@pytest.mark.parametrize(
    "wrong", [{"resize": "stretch"}, {"resample": "nearest"}, {"mean": [0.5]}]
)
def test_a_wrong_spec_is_an_error(wrong):
    with pytest.raises((ValueError, KeyError)):
        to_pixel_values(quadrants(), {**spec(), **wrong})


LOOKS = ((1.0, False), (1.0, True), (0.5, False), (0.5, True))


@pytest.mark.parametrize("resize", ["squash", "crop", "pad"])
def test_looks_are_the_photo_its_mirror_image_and_its_middle(resize):
    image = noise(80, 60)
    wanted = spec(resize=resize)
    whole, mirrored, middle, both = each_look(image, {**wanted, "looks": LOOKS})
    assert np.array_equal(whole, to_pixel_values(image, wanted))
    assert np.array_equal(mirrored, whole[..., ::-1])
    closer = to_pixel_values(image.crop((20, 15, 60, 45)), wanted)
    # the filter reaches over the edge of a part, but not into another picture
    inner = (..., slice(2, -2), slice(2, -2))
    np.testing.assert_allclose(middle[inner], closer[inner], atol=2e-6)
    assert np.array_equal(both, middle[..., ::-1])
    assert all(look.flags.c_contiguous for look in (whole, mirrored, middle, both))


def test_a_spec_without_looks_has_one():
    image = noise(80, 60)
    (only,) = each_look(image, spec())
    assert np.array_equal(only, to_pixel_values(image, spec()))


@pytest.mark.parametrize("resize", ["squash", "crop", "pad"])
def test_the_middle_of_a_tiny_picture_is_a_pixel_at_least(resize):
    looks = ((1.0, False), (0.01, False))
    _, middle = each_look(noise(2, 3), {**spec(resize=resize), "looks": looks})
    assert middle.shape == (1, 3, 24, 32)


def test_a_side_is_as_long_as_the_closest_look_needs():
    assert smallest_side(spec(32, 24)) == 32
    assert smallest_side({**spec(32, 24), "looks": LOOKS}) == 64
