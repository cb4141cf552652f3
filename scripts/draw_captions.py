"""Draw photos with what the embedded model says of them, for the front page.

.venv/bin/python scripts/draw_captions.py OUT.jpg PHOTO...
"""

import json
from pathlib import Path
import subprocess
import sys
import textwrap
from typing import Any

from PIL import Image, ImageDraw, ImageFont, ImageOps

TILE = (440, 300)
TEXT_HEIGHT = 72
GAP = 16
COLUMNS = 3
PAPER, INK = (250, 249, 246), (32, 33, 36)
WORDS = {
    "sure": ("looks right", (30, 110, 60)),
    "unsure": ("please check", (150, 95, 0)),
    "none": ("couldn't tell", (95, 99, 104)),
    "unchecked": ("not checked", (95, 99, 104)),
}
LETTERS_A_LINE = 46


def main() -> int:
    """Caption the photos with the real command and draw them."""
    out, *photos = sys.argv[1:]
    command = [sys.executable, "-m", "edge_runtime", "caption", "--json", *photos]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    captions = [json.loads(line) for line in done.stdout.splitlines()]
    rows = -(-len(photos) // COLUMNS)
    size = (
        COLUMNS * (TILE[0] + GAP) + GAP,
        rows * (TILE[1] + TEXT_HEIGHT + GAP) + GAP,
    )
    sheet = Image.new("RGB", size, PAPER)
    for number, (photo, caption) in enumerate(zip(photos, captions, strict=True)):
        row, column = divmod(number, COLUMNS)
        left = GAP + column * (TILE[0] + GAP)
        top = GAP + row * (TILE[1] + TEXT_HEIGHT + GAP)
        draw_tile(sheet, (left, top), Path(photo), caption)
    sheet.save(out, quality=88)
    return 0


def draw_tile(sheet: Image.Image, at: tuple[int, int], photo: Path, found: Any) -> None:
    """Put one photo and its caption on the sheet."""
    with Image.open(photo) as image:
        sheet.paste(ImageOps.fit(image.convert("RGB"), TILE), at)
    pen = ImageDraw.Draw(sheet)
    left, top = at[0] + 2, at[1] + TILE[1] + 8
    text = textwrap.shorten(found["caption"], LETTERS_A_LINE, placeholder="...")
    pen.text((left, top), text, fill=INK, font=ImageFont.load_default(19))
    words, colour = WORDS[found["verdict"]]
    doubted = [word for word in found["doubted"] if word in text.lower().split()]
    if found["verdict"] == "unsure" and doubted:
        words = f"{words}: {', '.join(doubted)}"
    pen.text((left, top + 30), words, fill=colour, font=ImageFont.load_default(16))


if __name__ == "__main__":
    sys.exit(main())
