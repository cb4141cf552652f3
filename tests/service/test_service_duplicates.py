"""Which camera frames show nothing new."""

from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageEnhance
import pytest

from edge_runtime.imaging.fingerprint import brightness_grid, perceptual_hash
from edge_runtime.service.duplicates import Frame, RecentFrames, looks_same

CAMERA = Path(__file__).parents[1] / "fixtures" / "photos" / "camera"


@pytest.fixture(scope="module")
def scene(astronaut) -> Image.Image:
    with Image.open(astronaut) as image:
        return image.convert("RGB").resize((640, 360))


def grid(image: Image.Image, quality: int = 90) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return brightness_grid(Image.open(buffer))


def with_clock(image: Image.Image, words: str) -> Image.Image:
    stamped = image.copy()
    ImageDraw.Draw(stamped).text((8, 6), words, fill="white")
    return stamped


def noisy(image: Image.Image) -> Image.Image:
    noise = Image.effect_noise(image.size, 12).convert("RGB")
    return Image.blend(image, noise, 0.04)


def test_noise_coding_clock_and_clouds_are_nothing_new(scene):
    first = grid(with_clock(scene, "2026-11-23 10:00:00"))
    for other in (
        grid(with_clock(scene, "2026-11-23 10:00:59"), quality=55),
        grid(noisy(scene)),
        grid(scene.point(lambda value: min(value + 6, 255))),
    ):
        assert looks_same(first, other)


@pytest.mark.parametrize("at", [(20, 180), (320, 120), (560, 250)])
def test_a_far_person_is_something_new(scene, at):
    visited = scene.copy()
    draw = ImageDraw.Draw(visited)
    x, y = at
    shade = 0 if scene.convert("L").getpixel((x + 5, y + 15)) > 100 else 230
    draw.rectangle((x, y, x + 14, y + 40), fill=(shade, shade, shade))
    assert not looks_same(grid(scene), grid(visited))


def test_light_that_changes_in_one_place_is_something_new(scene):
    lit = scene.copy()
    part = ImageEnhance.Brightness(lit.crop((300, 100, 500, 300))).enhance(1.6)
    lit.paste(part, (300, 100))
    assert not looks_same(grid(scene), grid(lit))


def test_grids_of_another_size_are_never_the_same():
    assert not looks_same(b"", b"")
    assert not looks_same(bytes(32 * 24), bytes(32 * 23))


def test_different_camera_pictures_differ():
    files = sorted(CAMERA.glob("*.webp"))
    if not files:
        pytest.skip("the camera photos are not here")
    grids = {}
    for path in files:
        with Image.open(path) as image:
            grids[path.name] = brightness_grid(image)
    same = {
        (a, b) for a in grids for b in grids if a < b and looks_same(grids[a], grids[b])
    }
    assert not same


def test_the_hash_stays_through_coding_and_changes_with_the_picture(scene):
    first = perceptual_hash(scene)
    buffer = BytesIO()
    scene.save(buffer, "JPEG", quality=50)
    assert (first ^ perceptual_hash(Image.open(buffer))).bit_count() <= 3
    turned = perceptual_hash(scene.transpose(Image.Transpose.ROTATE_180))
    assert (first ^ turned).bit_count() > 12


def frame(at: int, shade: int = 100, language: str = "en") -> Frame:
    return Frame(bytes([shade]) * 32 * 24, language, f"caption {at}", at)


def test_frames_are_remembered_by_camera_language_and_for_a_while():
    recent = RecentFrames(window_s=10)
    picture = bytes(number * 7 % 256 for number in range(32 * 24))
    recent.add("door", Frame(picture, "en", "one", 1000))
    assert recent.find("door", picture, "en", 2000).caption_id == "one"
    assert recent.find("garden", picture, "en", 2000) is None
    assert recent.find("door", picture, "de", 2000) is None
    assert recent.find("door", picture, "en", 12_000) is None
    for number in range(8):
        recent.add("door", frame(3000 + number, language="fr"))
    assert recent.find("door", picture, "en", 4000) is None


def test_memory_is_bounded_by_cameras():
    recent = RecentFrames()
    for number in range(200):
        recent.add(f"camera {number}", frame(number))
    assert len(recent._cameras) == 64
    assert "camera 199" in recent._cameras
