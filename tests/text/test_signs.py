"""Ten drawn signs, small and skewed ones among them, read by the real models."""

from dataclasses import dataclass
from functools import partial
import re

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont
import pytest

from edge_runtime.config import Settings
from edge_runtime.errors import ModelBrokenError, PhotoDamagedError
from edge_runtime.families.base import FamilyConfig
from edge_runtime.families.ocr import PaddleTextReader
from edge_runtime.families.text_regions import text_regions
from edge_runtime.inference.text_messages import ReadJob
from edge_runtime.runtime import EdgeRuntime
from edge_runtime.selftest import SIGN
from edge_runtime.sessions.onnx import OnnxSession


@dataclass(frozen=True)
class Sign:
    text: str
    size: int
    angle: float = 0
    front: str = "white"
    back: str = "darkgreen"
    blur: float = 0

    def draw(self, place: tuple[int, int] = (300, 250)) -> Image.Image:
        """Return a street with this sign, 1200 x 900 pixels."""
        font = ImageFont.load_default(self.size)
        box = font.getbbox(self.text)
        board = Image.new("RGBA", (box[2] + self.size, box[3] + self.size), self.back)
        at = (self.size // 2, self.size // 2 - box[1] // 2)
        ImageDraw.Draw(board).text(at, self.text, font=font, fill=self.front)
        board = board.rotate(self.angle, expand=True, resample=Image.Resampling.BICUBIC)
        street = _street()
        street.paste(board, place, board)
        return street.filter(ImageFilter.GaussianBlur(self.blur))


def _street() -> Image.Image:
    random = np.random.default_rng(5)
    noise = random.integers(60, 190, (45, 60, 3), np.uint8)
    return Image.fromarray(noise).resize((1200, 900), Image.Resampling.BICUBIC)


SIGNS = (
    Sign("CAFE CENTRAL", 60),
    Sign("Platform 9", 48, 12, "black", "white"),
    Sign("BAKERY", 80, -20, "brown", "khaki"),
    Sign("STOP", 90, 0, "white", "red", 1),
    Sign("Museum of Art", 22, 0, "black", "white"),
    Sign("Exit 24", 16, 0, "white", "blue"),
    Sign("OPEN 7 DAYS", 36, 25, "yellow", "black", 1),
    Sign("Hotel Lisboa", 40, -8, "navy", "white", 1.5),
    Sign("NO PARKING", 30, 35, "red", "white"),
    Sign("Fresh Fish", 14, 5, "black", "white"),
)


@pytest.fixture(scope="module")
def files(ocr_home) -> dict[str, str]:
    runtime = EdgeRuntime(Settings(home=ocr_home))
    paths = runtime.store.paths(runtime.model("pp-ocr-v4-en"))
    return {role: str(path) for role, path in paths.items()}


def config(files) -> FamilyConfig:
    return FamilyConfig(
        files=files,
        preprocess={},
        generate={},
        open_session=partial(OnnxSession, threads=1, options={}),
    )


@pytest.fixture(scope="module")
def reader(files) -> PaddleTextReader:
    return PaddleTextReader(config(files))


def letters(text: str) -> str:
    return re.sub(r"\W", "", text).lower()


@pytest.mark.timeout(120)
def test_nine_of_ten_signs_are_read_to_the_letter(reader):
    missed = []
    for sign in SIGNS:
        found = reader.read(sign.draw())
        if letters(sign.text) not in letters("".join(x.text for x in found.lines)):
            missed.append((sign.text, [line.text for line in found.lines]))
    assert len(missed) <= 1, missed


def test_a_picture_without_text_has_no_lines(reader):
    assert reader.read(_street()).lines == ()


def test_lines_come_in_the_order_of_reading(reader):
    picture = Image.new("RGB", (900, 600), "white")
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(40)
    for text, at in (("LEFT", (60, 60)), ("RIGHT", (600, 66)), ("BELOW", (200, 400))):
        draw.text(at, text, font=font, fill="black")
    assert [line.text for line in reader.read(picture).lines] == [
        "LEFT",
        "RIGHT",
        "BELOW",
    ]


def test_a_line_tells_how_large_it_is(reader):
    large = reader.read(Sign("STOP", 90).draw()).lines[0]
    small = reader.read(Sign("Exit 24", 16).draw()).lines[0]
    assert large.height > 0.06
    assert small.height < 0.045


@pytest.mark.parametrize("angle", [0, 15, -30, 40])
def test_a_turned_rectangle_is_found_with_its_angle(angle):
    board = Image.new("L", (200, 30), 255).rotate(angle, expand=True)
    canvas = Image.new("L", (320, 320), 0)
    canvas.paste(board, ((320 - board.width) // 2, (320 - board.height) // 2))
    (region,) = text_regions(np.asarray(canvas, np.float32) / 255)
    found = -np.degrees(np.arctan2(region.along[1], region.along[0]))
    assert found == pytest.approx(angle, abs=2)
    grown = 2 * 200 * 30 * 1.6 / (2 * 230)
    assert region.width == pytest.approx(200 + grown, abs=8)
    assert region.height == pytest.approx(30 + grown, abs=8)


def test_files_that_do_not_belong_together_are_a_typed_error(files, tmp_path):
    short = tmp_path / "characters.yml"
    short.write_text("PostProcess:\n  character_dict: [a, b]\n")
    wrong = PaddleTextReader(config({**files, "config": str(short)}))
    with pytest.raises(ModelBrokenError, match="don't belong together"):
        wrong.read(Sign("STOP", 90).draw())
    short.write_text("nothing: here\n")
    with pytest.raises(ModelBrokenError, match="character_dict"):
        PaddleTextReader(config({**files, "config": str(short)}))


async def test_a_worker_reads_a_photo_and_refuses_a_broken_one(ocr_home, tmp_path):
    broken = tmp_path / "broken.jpg"
    Sign("STOP", 90).draw().save(broken)
    broken.write_bytes(broken.read_bytes()[:3000])
    async with EdgeRuntime(Settings(home=ocr_home, threads=1)) as runtime:
        runner = runtime.runner(runtime.model("pp-ocr-v4-en"))
        answer = await runner.read(ReadJob(path=str(SIGN)))
        assert [line.text for line in answer.lines] == ["CAFE CENTRAL"]
        assert set(answer.seconds) == {"decode", "detect", "recognise"}
        assert answer.peak_rss_bytes > 50_000_000
        with pytest.raises(PhotoDamagedError):
            await runner.read(ReadJob(path=str(broken)))


async def test_the_self_test_is_a_sign(ocr_home, tmp_path):
    settings = Settings(home=ocr_home, threads=1)
    async with EdgeRuntime(settings) as runtime:
        result = await runtime.self_test(runtime.model("pp-ocr-v4-en"))
    assert result.passed
    assert result.captions == ("CAFE CENTRAL",)
