"""Text in a picture: a detector of lines and a recogniser of their characters (PP-OCR).

The detector gives a map of where text is, the recogniser a character (or none) for each
step along a line that was cut out, turned upright and brought to one height.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Final

import numpy as np
from PIL import Image
import yaml

from ..errors import ModelBrokenError
from ..schemas import TextLine
from ..sessions.base import Array, Session
from .base import FamilyConfig
from .text_regions import Region, text_regions

_DETECT_SIDE: Final = 960
_STRIDE: Final = 32
_LINE_HEIGHT: Final = 48
_MAX_LINE_WIDTH: Final = 2400
_UPRIGHT: Final = 1.5
"""Height over width from which a line is taken to run from top to bottom."""
_MIN_PROBABILITY: Final = 0.6
_CHARACTERS: Final = "character"


@dataclass(frozen=True, slots=True)
class Reading:
    """The lines of text of one picture, in the order of reading."""

    lines: tuple[TextLine, ...]
    seconds: dict[str, float]


class PaddleTextReader:
    """Text recogniser of the family `ocr`."""

    target_size = 1440

    def __init__(self, config: FamilyConfig) -> None:
        self._side = int(config.preprocess.get("detect_side", _DETECT_SIDE))
        opening = config.opening("detection", "recognition")
        self._detect, self._recognise = opening.opened()
        self._characters = _characters(config, self._recognise)

    def read(self, image: Image.Image) -> Reading:
        """Return the lines of text in an RGB picture."""
        started = perf_counter()
        regions, scale = self._regions(image)
        found = perf_counter()
        lines = [line for r in regions if (line := self._line(image, r, scale))]
        seconds = {"detect": found - started, "recognise": perf_counter() - found}
        return Reading(tuple(lines), seconds)

    def _regions(
        self, image: Image.Image
    ) -> tuple[Sequence[Region], tuple[float, float]]:
        """Return the regions of the detector, and what their pixels are worth."""
        factor = self._side / max(image.size)
        width, height = (
            max(round(side * factor / _STRIDE), 1) * _STRIDE for side in image.size
        )
        small = image.resize((width, height), Image.Resampling.BILINEAR)
        outputs = self._detect.run({self._detect.inputs[0]: _pixels(small)}, last=True)
        found = outputs[0]
        if found.shape != (1, 1, height, width):
            raise ModelBrokenError(
                f"the text detector answered with {found.shape} for a picture of "
                f"{width} x {height}"
            )
        scale = (image.width / width, image.height / height)
        return text_regions(found[0, 0]), scale

    def _line(
        self, image: Image.Image, region: Region, scale: tuple[float, float]
    ) -> TextLine | None:
        corners = region.corners(scale)
        width = float(np.hypot(*(corners[3] - corners[0])))
        height = float(np.hypot(*(corners[1] - corners[0])))
        if min(width, height) < 1:
            return None
        size = (max(round(width), 1), max(round(height), 1))
        strip = image.transform(
            size,
            Image.Transform.QUAD,
            tuple(corners.reshape(-1).tolist()),
            Image.Resampling.BICUBIC,
        )
        if height > _UPRIGHT * width:
            strip = strip.transpose(Image.Transpose.ROTATE_90)
        text, probability = self._text(strip)
        if not text.strip() or probability < _MIN_PROBABILITY:
            return None
        return TextLine(text.strip(), probability, min(width, height) / image.height)

    def _text(self, strip: Image.Image) -> tuple[str, float]:
        """Return the text of an upright line, and the mean probability of a character.

        The likeliest character of each step; a repeated one counts once, unless the
        blank (the first class) stands between.
        """
        width = round(strip.width * _LINE_HEIGHT / strip.height)
        width = min(max(width, _LINE_HEIGHT // 2), _MAX_LINE_WIDTH)
        line = strip.resize((width, _LINE_HEIGHT), Image.Resampling.BILINEAR)
        outputs = self._recognise.run(
            {self._recognise.inputs[0]: _pixels(line)}, last=True
        )
        steps = outputs[0][0]
        if steps.shape[1] != len(self._characters):
            raise ModelBrokenError(
                f"the text recogniser tells {steps.shape[1]} characters apart, its "
                f"list names {len(self._characters)}: the files don't belong together"
            )
        best = steps.argmax(axis=1)
        new = (best != 0) & (best != np.concatenate([[0], best[:-1]]))
        text = "".join(self._characters[index] for index in best[new])
        probability = float(steps.max(axis=1)[new].mean()) if new.any() else 0.0
        return text, probability


def _pixels(image: Image.Image) -> Array:
    """Return a picture as the models were trained: blue first, from -1 to 1."""
    pixels = np.asarray(image, np.float32)[:, :, ::-1] / 127.5 - 1
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)[None])


def _characters(config: FamilyConfig, recogniser: Session) -> list[str]:
    """Return the classes of the recogniser: the blank, its characters, the space."""
    if "config" in config.files:
        listed = _listed(config.file("config"))
    else:
        listed = recogniser.metadata.get(_CHARACTERS, "").split("\n")
        listed = listed[:-1] if listed[-1] == "" else listed
    if not listed:
        raise ModelBrokenError(
            "the text recogniser names no characters, neither in a file with the "
            f"role 'config' nor in its own '{_CHARACTERS}'"
        )
    return ["", *listed, " "]


def _listed(path: str) -> list[str]:
    try:
        document = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        return [str(c) for c in document["PostProcess"]["character_dict"]]
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError) as err:
        raise ModelBrokenError(
            f"{path}: names no PostProcess.character_dict ({type(err).__name__})"
        ) from None
