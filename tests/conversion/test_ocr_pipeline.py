"""Text is read as the models' own package reads it, with its own files."""

from functools import partial
from pathlib import Path
import re

import numpy as np
from PIL import Image, ImageDraw, ImageFont
import pytest

from edge_runtime.families.base import FamilyConfig
from edge_runtime.families.ocr import PaddleTextReader
from edge_runtime.selftest import SIGN, load_samples
from edge_runtime.sessions.onnx import OnnxSession

package = pytest.importorskip(
    "rapidocr_onnxruntime", reason="rapidocr-onnxruntime is not installed"
)

TEXTS = (
    "CAFE CENTRAL", "Platform 9", "BAKERY", "Museum of Art", "Exit 24", "OPEN 7 DAYS",
    "Hotel Lisboa", "NO PARKING", "Fresh Fish", "Room 101", "Take the stairs",
    "Opening hours", "Please ring the bell", "Track 3", "Winter 2024", "Gate B",
    "North entrance", "Tea and cake",
)  # fmt: skip


def boards():
    """Return pictures of signs in several sizes, angles and colours."""
    for number, text in enumerate(TEXTS):
        size = 24 + number % 5 * 14
        font = ImageFont.load_default(size)
        box = font.getbbox(text)
        colours = [("white", "darkgreen"), ("black", "white"), ("navy", "khaki")]
        front, back = colours[number % 3]
        board = Image.new("RGB", (box[2] + 2 * size, box[3] + size), back)
        ImageDraw.Draw(board).text((size, size // 2), text, font=font, fill=front)
        turned = board.rotate(number % 4 * 5 - 5, expand=True, fillcolor="gray")
        street = Image.new("RGB", (1200, 900), "gray")
        street.paste(turned, (150 + number * 9, 200 + number * 11))
        yield street


def letters(text):
    return re.sub(r"\s", "", text)


@pytest.fixture(scope="module")
def reader():
    folder = Path(package.__file__).parent / "models"
    files = {
        "detection": str(folder / "ch_PP-OCRv4_det_infer.onnx"),
        "recognition": str(folder / "ch_PP-OCRv4_rec_infer.onnx"),
    }
    session = partial(OnnxSession, threads=1, options={})
    return PaddleTextReader(FamilyConfig(files, {}, {}, session))


@pytest.mark.timeout(180)
def test_signs_are_read_as_by_the_package(reader):
    theirs = package.RapidOCR(intra_op_num_threads=1)
    same = 0
    samples = {sample.path.name: sample.path for sample in load_samples()}
    pictures = [*boards(), Image.open(SIGN).convert("RGB")]
    pictures.append(Image.open(samples["astronaut.jpg"]).convert("RGB"))
    for picture in pictures:
        found, _ = theirs(np.asarray(picture)[:, :, ::-1])
        expected = [letters(text) for _, text, _ in found or ()]
        ours = [letters(line.text) for line in reader.read(picture).lines]
        same += ours == expected
    assert same >= len(pictures) - 1
