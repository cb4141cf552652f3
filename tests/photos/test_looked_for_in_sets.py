"""Things that are looked for in the two photo sets: how many answers are right.

`pytest -s` shows the numbers that docs/captions.md tells.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path
import re
import sys
from typing import Any

import pytest
import yaml

from edge_runtime.config import Settings
from edge_runtime.const import EMBEDDED_MODEL
from edge_runtime.runtime import EdgeRuntime
from edge_runtime.schemas import CaptionRequest, LookedFor

PHOTOS = Path(__file__).parents[1] / "fixtures" / "photos"
ROWS = yaml.safe_load((PHOTOS / "photos.yaml").read_text("utf-8"))
VEHICLES = ("car", "truck", "bus", "motorcycle", "bicycle", "boat", "train")
THINGS = (
    *("person", "animal", "vehicle", "man", "woman", "child", "dog", "cat", "bird"),
    *("horse", "cow", "car", "truck", "bus", "bicycle", "motorcycle", "boat", "train"),
    *("flower", "tree", "grass", "building", "house", "chair", "table", "bench", "bed"),
    *("street", "snow", "beach", "water", "mountain", "sky", "door", "fence", "pool"),
    *("ball", "bridge", "toy"),
)
Found = list[tuple[Mapping[str, Any], LookedFor]]
pytestmark = pytest.mark.timeout(120)


def is_there(thing: str, row: Mapping[str, Any]) -> bool:
    """Return what the row of a photo says, written before any scorer looked at it."""
    if thing in {"person", "animal"}:
        return bool(row[{"person": "people", "animal": "animals"}[thing]] == "yes")
    words = "; ".join([*row["things"], row["title"].lower()])
    names = VEHICLES if thing == "vehicle" else (thing,)
    return any(re.search(rf"\b{name}(s|es)?\b", words) for name in names)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    async def look() -> Found:
        answers: Found = []
        settings = Settings(home=tmp_path_factory.mktemp("home"))
        async with EdgeRuntime(settings) as runtime:
            spec = runtime.model(EMBEDDED_MODEL)
            for row in ROWS:
                path = str(PHOTOS / row["file"])
                request = CaptionRequest(path=path, look_for=THINGS)
                result = await runtime.caption(request, spec)
                answers += [(row, one) for one in result.looked_for]
        return answers

    return asyncio.run(look())


def share(pairs: list[tuple[bool, str]], what: str) -> float:
    right = sum(is_right for is_right, _ in pairs)
    wrong = [name for is_right, name in pairs if not is_right]
    names = ", ".join(wrong)
    sys.stdout.write(f"\n{what}: {right} of {len(pairs)} right; not: {names}\n")
    return right / len(pairs)


def answered(found: Found, *, present: bool) -> list[tuple[bool, str]]:
    return [
        (is_there(one.thing, row) is present, f"{one.thing} {row['file']}")
        for row, one in found
        if one.present is present
    ]


def test_yes_and_no_are_right_four_times_in_five(found):
    yes, no = answered(found, present=True), answered(found, present=False)
    assert len(found) == len(THINGS) * len(ROWS)
    assert share(yes, "yes") >= 0.8
    assert share(no, "no") >= 0.8
    assert len(yes) >= 25, "hardly anything is found"
    assert len(no) >= 500, "hardly anything is ruled out"


def test_what_is_there_is_hardly_ever_denied(found):
    """Most things are in no photo, so that the share above says little of a no."""
    there = [(row, one) for row, one in found if is_there(one.thing, row)]
    kept = [(one.present is not False, one.thing) for row, one in there]
    assert share(kept, "there and not denied") >= 0.97


def test_what_is_not_answered_has_a_reason(found):
    assert all((one.present is None) == bool(one.reason) for _, one in found)
    unsure = [one for _, one in found if one.present is None]
    sys.stdout.write(f"\nnull: {len(unsure)} of {len(found)}\n")
    assert {one.reason for one in unsure} == {"the scorer is not sure"}
