"""Make the camera-like test pictures from the free photos that lie beside them.

.venv/bin/python scripts/make_camera_photos.py [--out DIR] [NAME...]

tests/fixtures/photos/camera.yaml says what goes into each picture. The same sources
and the same Pillow and numpy on the same kind of machine give the same bytes.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
import sys
from typing import Any
import zlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps
import yaml

PHOTOS = Path(__file__).resolve().parent.parent / "tests" / "fixtures" / "photos"
SOURCES = PHOTOS / "camera_sources"
SIZE = (480, 360)
STAMP_HEIGHT = 15
FISHEYE_DEGREES = 180.0
JPEG_QUALITY = 45  # what a cheap camera sends
WEBP_QUALITY = 80
DRAWN_SCALE = 8  # things are drawn large, so that their edges are soft once small

Pixels = NDArray[np.float64]  # height x width x RGB, 0 to 1
Recipe = Mapping[str, Any]
Look = Callable[["Frame", Any], None]


class Frame:
    """One picture on its way: its pixels, and random numbers of its own."""

    def __init__(self, pixels: Pixels, name: str) -> None:
        self.pixels = pixels
        self.random = np.random.default_rng(zlib.crc32(name.encode()))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.pixels.shape[1], self.pixels.shape[0]

    def image(self) -> Image.Image:
        """Return the pixels in eight bits."""
        return Image.fromarray((np.clip(self.pixels, 0, 1) * 255 + 0.5).astype("u1"))

    def blurred(self, radius: float) -> Pixels:
        """Return the pixels out of focus by this radius."""
        return as_pixels(self.image().filter(ImageFilter.GaussianBlur(radius)))

    def distance(self, x: float, y: float) -> Pixels:
        """Return how far each pixel is from a point: 1 is half the width."""
        width, height = self.size
        across = (np.arange(width) + 0.5 - x * width) / (width / 2)
        down = (np.arange(height) + 0.5 - y * height) / (width / 2)
        distance: Pixels = np.hypot(*np.meshgrid(across, down))[..., None]
        return distance

    def add_noise(self, sigma: float, *, grey: bool = False) -> None:
        """Add the noise of a small sensor."""
        height, width, channels = self.pixels.shape
        grain = self.random.normal(0, sigma, (height, width, 1 if grey else channels))
        self.pixels = self.pixels + (grain + np.roll(grain, 1, axis=1)) / 2**0.5


def as_pixels(image: Image.Image) -> Pixels:
    """Return an image as numbers from 0 to 1."""
    pixels: Pixels = np.asarray(image.convert("RGB"), dtype=np.float64) / 255
    return pixels


def open_source(name: str) -> Image.Image:
    """Return one of the photos and cut-outs that the pictures are made of."""
    with Image.open(SOURCES / f"{name}.webp") as image:
        return image.convert("RGBA")


# -- scenes ---------------------------------------------------------------------------


def open_scene(name: str, view: Mapping[str, float] | None) -> Pixels:
    """Return a photo, or what a camera inside a panorama sees."""
    pixels = as_pixels(open_source(name))
    if view is None:
        return pixels
    flat = "fov" in view
    directions, seen = flat_directions(view["fov"]) if flat else fisheye_directions()
    return look_around(pixels, directions, view["yaw"], view["pitch"]) * seen


def flat_directions(fov: float) -> tuple[Pixels, Pixels]:
    """Return where each pixel of an ordinary lens looks, with everything seen."""
    width, height = SIZE
    half = np.tan(np.radians(fov) / 2)
    across = ((np.arange(width) + 0.5) / width * 2 - 1) * half
    up = (1 - (np.arange(height) + 0.5) / height * 2) * half * height / width
    x, y = np.meshgrid(across, up)
    return np.stack([x, y, np.ones_like(x)], axis=-1), np.ones((height, width, 1))


def fisheye_directions() -> tuple[Pixels, Pixels]:
    """Return where each pixel of a fisheye looks, and the circle that it sees."""
    width, height = SIZE
    across = (np.arange(width) + 0.5 - width / 2) / (height / 2)
    up = -(np.arange(height) + 0.5 - height / 2) / (height / 2)
    x, y = np.meshgrid(across, up)
    radius = np.hypot(x, y)
    angle = radius * np.radians(FISHEYE_DEGREES) / 2
    stretch = np.sin(angle) / np.maximum(radius, 1e-9)
    seen = np.clip((1 - radius) * height / 3, 0, 1)[..., None]
    return np.stack([x * stretch, y * stretch, np.cos(angle)], axis=-1), seen


def look_around(
    panorama: Pixels, directions: Pixels, yaw: float, pitch: float
) -> Pixels:
    """Return what lies in these directions; yaw and pitch are in degrees."""
    x, y, z = np.moveaxis(directions, -1, 0)
    cosine, sine = np.cos(np.radians(pitch)), np.sin(np.radians(pitch))
    y, z = y * cosine + z * sine, z * cosine - y * sine
    height, width, _ = panorama.shape
    turn = (np.arctan2(x, z) + np.radians(yaw)) / (2 * np.pi)
    column = (turn + 0.5) * width - 0.5
    row = (0.5 - np.arctan2(y, np.hypot(x, z)) / np.pi) * height - 0.5
    row = np.clip(row, 0, height - 1)
    left, top = np.floor(column).astype(int), np.floor(row).astype(int)
    right, bottom = (left + 1) % width, np.minimum(top + 1, height - 1)
    left %= width
    east, south = (column - np.floor(column))[..., None], (row - top)[..., None]
    upper = panorama[top, left] * (1 - east) + panorama[top, right] * east
    lower = panorama[bottom, left] * (1 - east) + panorama[bottom, right] * east
    seen: Pixels = upper * (1 - south) + lower * south
    return seen


# -- things ---------------------------------------------------------------------------


def draw_parcel() -> Image.Image:
    """Draw a cardboard box with tape and a label."""
    side = 20 * DRAWN_SCALE
    image = Image.new("RGBA", (side, side))
    pen = ImageDraw.Draw(image)

    def area(colour: tuple[int, int, int], *points: tuple[float, float]) -> None:
        pen.polygon([(x * side, y * side) for x, y in points], fill=colour)

    area((182, 140, 96), (0.02, 0.35), (0.40, 0.18), (0.98, 0.30), (0.62, 0.50))
    area((150, 110, 72), (0.02, 0.35), (0.62, 0.50), (0.62, 0.98), (0.02, 0.80))
    area((112, 80, 52), (0.62, 0.50), (0.98, 0.30), (0.98, 0.74), (0.62, 0.98))
    area((206, 178, 136), (0.28, 0.42), (0.36, 0.44), (0.72, 0.25), (0.64, 0.23))
    area((206, 178, 136), (0.28, 0.42), (0.36, 0.44), (0.36, 0.62), (0.28, 0.60))
    area((228, 226, 220), (0.42, 0.62), (0.57, 0.66), (0.57, 0.84), (0.42, 0.80))
    return image


def draw_cat() -> Image.Image:
    """Draw a walking cat from the side, with its eye in the lamp of the camera."""
    unit = DRAWN_SCALE
    image = Image.new("RGBA", (44 * unit, 26 * unit))
    pen = ImageDraw.Draw(image)
    fur, dark = (118, 112, 106), (84, 80, 76)

    def line(colour: tuple[int, int, int], width: float, *points: float) -> None:
        scaled = [value * unit for value in points]
        pen.line(scaled, fill=colour, width=round(width * unit), joint="curve")

    line(dark, 2.2, 27, 16, 29, 21, 28, 25.5)
    line(dark, 2.2, 13, 16, 10, 21, 12, 25.5)
    line(fur, 2.0, 9, 12, 5, 12, 2.5, 8, 2.2, 3)
    pen.ellipse([v * unit for v in (7, 8.5, 20, 19.5)], fill=fur)
    pen.rectangle([v * unit for v in (13, 8.6, 27, 18)], fill=fur)
    pen.ellipse([v * unit for v in (21, 8, 32, 19)], fill=fur)
    line(fur, 2.4, 29, 15, 32, 20, 31, 25.5)
    line(fur, 2.6, 10, 16, 9, 20, 7, 25.5)
    line(fur, 5.5, 29, 12, 34, 8)
    pen.ellipse([v * unit for v in (31, 2.5, 40.5, 11.5)], fill=fur)
    for ear in ((31.8, 5, 32, 0, 35.4, 3.4), (36, 3, 39.4, 0.2, 39.8, 5)):
        pen.polygon([v * unit for v in ear], fill=fur)
    pen.ellipse([v * unit for v in (37.2, 5.4, 38.8, 7)], fill=(255, 255, 250))
    return image


DRAWN = {"parcel": draw_parcel, "cat": draw_cat}


def paste(frame: Frame, thing: Mapping[str, Any]) -> None:
    """Stand a thing on a point of the picture, with a shadow under it."""
    name, (x, y), height = thing["thing"], thing["at"], thing["height"]
    cutout = DRAWN[name]() if name in DRAWN else open_source(f"cutout-{name}")
    if thing.get("flip"):
        cutout = ImageOps.mirror(cutout)
    width = max(1, round(cutout.width * height / cutout.height))
    cutout = cutout.resize((width, height), Image.Resampling.LANCZOS)
    shade_ground(frame, (x, y), width, thing.get("shadow", 0.5))
    layer = Image.new("RGBA", frame.size)
    layer.paste(cutout, (x - width // 2, y - height))
    # premultiplied first: else the blur would draw a dark rim
    soft = layer.convert("RGBa").filter(ImageFilter.GaussianBlur(0.6))
    colour, opacity = np.split(np.asarray(soft, dtype=np.float64) / 255, [3], axis=2)
    light = np.array(thing.get("light", [1, 1, 1]))
    frame.pixels = frame.pixels * (1 - opacity) + colour * light


def shade_ground(frame: Frame, foot: Sequence[int], width: int, dark: float) -> None:
    """Darken the ground under a thing."""
    (x, y), across, down = foot, width * 0.55, max(2.0, width * 0.09)
    mask = Image.new("L", frame.size)
    ellipse = (x - across, y - down * 1.4, x + across, y + down * 0.6)
    ImageDraw.Draw(mask).ellipse(ellipse, fill=255)
    mask = mask.filter(ImageFilter.GaussianBlur(max(1.0, down * 0.7)))
    shadow = np.asarray(mask, dtype=np.float64)[..., None] / 255
    frame.pixels = frame.pixels * (1 - dark * shadow)


# -- looks ----------------------------------------------------------------------------


def infrared(frame: Frame, light: float) -> None:
    """Grey, lit by the lamp of the camera: bright in the middle, dark at the edge."""
    grey = frame.pixels @ np.array([0.45, 0.45, 0.10])
    lit = grey[..., None] ** 0.8 * light / (1 + 1.6 * frame.distance(0.5, 0.6) ** 2.4)
    frame.pixels = np.repeat(lit, 3, axis=2)
    glow = np.clip(frame.blurred(9) - 0.45, 0, 1)
    frame.pixels = frame.pixels * 1.05 + 0.5 * glow + 0.02
    frame.add_noise(0.028, grey=True)


def night(frame: Frame, light: float) -> None:
    """Little light, cold colours, much noise."""
    grey = frame.pixels.mean(axis=2, keepdims=True)
    dim = (0.55 * frame.pixels + 0.45 * grey) ** 1.25 * light
    frame.pixels = dim * np.array([0.88, 0.97, 1.12])
    frame.add_noise(0.03)


def lamp(frame: Frame, at: Sequence[float]) -> None:
    """Light a part of the picture with a warm lamp: x, y, strength, reach."""
    x, y, strength, reach = at
    fall = strength * np.exp(-((frame.distance(x, y) / reach) ** 2))
    warm = np.array([1.0, 0.82, 0.52])
    frame.pixels = frame.pixels * (1 + 2.2 * fall * warm) + 0.10 * fall * warm


def rain(frame: Frame, drops: int) -> None:
    """Grey weather, streaks of rain, a wet lens."""
    width, height = frame.size
    veil = Image.new("L", frame.size)
    pen = ImageDraw.Draw(veil)
    for _ in range(drops):
        x, y = frame.random.uniform(0, width), frame.random.uniform(-20, height)
        length = frame.random.uniform(9, 30)
        tone = int(frame.random.uniform(70, 190))
        pen.line((x, y, x - 0.22 * length, y + length), fill=tone, width=1)
    streaks = veil.filter(ImageFilter.GaussianBlur(0.7))
    grey = frame.pixels.mean(axis=2, keepdims=True)
    frame.pixels = (0.5 * frame.pixels + 0.5 * grey) * 0.78 + 0.08
    frame.pixels = frame.pixels + 0.5 * np.asarray(streaks)[..., None] / 255
    frame.add_noise(0.012)


def fog(frame: Frame, density: float) -> None:
    """Hide what is far: the upper part more than the lower."""
    height = frame.size[1]
    far = np.clip(1.25 - np.arange(height) / height, 0, 1)[:, None, None]
    thick = density * far
    frame.pixels = frame.blurred(0.8) * (1 - thick) + 0.72 * thick


def bulge(frame: Frame, strength: float) -> None:
    """Bend straight lines as a wide lens does."""
    width, height = frame.size
    across = (np.arange(width) + 0.5) / width * 2 - 1
    x, y = np.meshgrid(across, (np.arange(height) + 0.5) / height * 2 - 1)
    pull = (1 + strength * (x**2 + y**2)) / (1 + 2 * strength)
    column = np.clip(((x * pull + 1) / 2 * width).astype(int), 0, width - 1)
    row = np.clip(((y * pull + 1) / 2 * height).astype(int), 0, height - 1)
    frame.pixels = frame.pixels[row, column]


def vignette(frame: Frame, strength: float) -> None:
    """Darken the corners."""
    frame.pixels = frame.pixels * (1 - strength * frame.distance(0.5, 0.5) ** 2)


def haze(frame: Frame, contrast: float) -> None:
    """Wash the picture out, as a cheap sensor in daylight does."""
    frame.pixels = 0.5 + (frame.blurred(0.7) - 0.48) * contrast
    frame.add_noise(0.012)


LOOKS: Mapping[str, Look] = {
    look.__name__: look
    for look in (infrared, night, lamp, rain, fog, bulge, vignette, haze)
}


# -- pictures -------------------------------------------------------------------------


def make(recipe: Recipe) -> bytes:
    """Return the picture of a recipe, as WebP."""
    frame = Frame(open_scene(recipe["scene"], recipe.get("view")), recipe["name"])
    for thing in recipe.get("things", ()):
        paste(frame, thing)
    for look in recipe.get("looks", ()):
        ((name, value),) = look.items()
        LOOKS[name](frame, value)
    return record(frame.image(), recipe["stamp"])


def record(image: Image.Image, stamp: str) -> bytes:
    """Return the image as it is kept: stamped, squeezed into a JPEG, as WebP."""
    font = ImageFont.load_default(STAMP_HEIGHT)
    ImageDraw.Draw(image).text(
        (8, 6), stamp, fill="white", font=font, stroke_width=1, stroke_fill="black"
    )
    squeezed, out = BytesIO(), BytesIO()
    image.save(squeezed, "JPEG", quality=JPEG_QUALITY)
    with Image.open(squeezed) as jpeg:
        jpeg.save(out, "WEBP", quality=WEBP_QUALITY, method=6)
    return out.getvalue()


def main() -> int:
    """Make all pictures, or the named ones."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these")
    parser.add_argument("--out", type=Path, default=PHOTOS / "camera", metavar="DIR")
    options = parser.parse_args()
    text = (PHOTOS / "camera.yaml").read_text(encoding="utf-8")
    recipes = yaml.safe_load(text)["pictures"]
    known = [recipe["name"] for recipe in recipes]
    if unknown := sorted(set(options.names) - set(known)):
        print(f"no such picture in camera.yaml: {', '.join(unknown)}", file=sys.stderr)
        return 2
    options.out.mkdir(parents=True, exist_ok=True)
    for recipe in recipes:
        if not options.names or recipe["name"] in options.names:
            (options.out / f"{recipe['name']}.webp").write_bytes(make(recipe))
    return 0


if __name__ == "__main__":
    sys.exit(main())
