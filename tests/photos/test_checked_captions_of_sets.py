"""What the embedded captioner and its scorer say about photos unlike any they know."""

import asyncio
from pathlib import Path
import re

import pytest
import yaml

from edge_runtime.config import Settings
from edge_runtime.const import EMBEDDED_MODEL
from edge_runtime.runtime import EdgeRuntime
from edge_runtime.schemas import CaptionRequest, CaptionResult, Verdict

PHOTOS = Path(__file__).parents[1] / "fixtures" / "photos"
LIVING = re.compile(
    r"\b(man|men|woman|women|boys?|girls?|people|person|child|children|kids?|crowd"
    r"|skateboarder|player|dogs?|cats?|birds?|horses?)\b"
)
pytestmark = pytest.mark.timeout(120)


def read(name: str) -> list[dict[str, str]]:
    return yaml.safe_load((PHOTOS / name).read_text("utf-8"))


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, CaptionResult]:
    async def caption_all() -> dict[str, CaptionResult]:
        settings = Settings(home=tmp_path_factory.mktemp("home"))
        async with EdgeRuntime(settings) as runtime:
            spec = runtime.model(EMBEDDED_MODEL)
            return {
                row["file"]: await runtime.caption(
                    CaptionRequest(path=str(PHOTOS / row["file"])), spec
                )
                for row in read("photos.yaml")
            }

    return asyncio.run(caption_all())


def plain(text: str) -> str:
    return (text[:1].lower() + text[1:]).rstrip(".")


@pytest.mark.parametrize("name", ["out_of_domain", "camera"])
def test_what_is_called_sure_is_mostly_right(name, results):
    judged = {
        (row["picture"], row["text"]): row["label"] for row in read("judgements.yaml")
    }
    sure = {
        (file, plain(result.caption))
        for file, result in results.items()
        if file.startswith(name) and result.verdict is Verdict.SURE
    }
    unknown = sorted(sure - judged.keys())
    assert not unknown, f"look at these pictures and add the texts: {unknown}"
    right = [judged[pair] == "right" for pair in sure]
    assert sum(right) >= 0.8 * len(right)
    if name == "out_of_domain":
        assert len(right) >= 8, "hardly anything is called sure: thresholds too strict"


def test_an_empty_scene_hardly_ever_gets_somebody(results):
    empty = [
        row["file"]
        for row in read("photos.yaml")
        if row["set"] == "camera" and row["people"] == row["animals"] == "no"
    ]
    peopled = [file for file in empty if LIVING.search(results[file].caption.lower())]
    raw = [file for file in empty if LIVING.search(results[file].raw_caption)]
    assert len(empty) >= 20
    assert len(peopled) <= 0.1 * len(empty), peopled
    assert len(raw) > 0.5 * len(empty), "the captioner alone no longer invents people"


def test_every_photo_is_checked(results):
    assert {result.verdict for result in results.values()} <= {
        Verdict.SURE,
        Verdict.UNSURE,
        Verdict.NONE,
    }
    assert all(result.raw_caption for result in results.values())
    assert all(result.image_text_score is not None for result in results.values())


def test_judgements_name_pictures_of_the_sets():
    files = {row["file"] for row in read("photos.yaml")}
    rows = read("judgements.yaml")
    assert {row["picture"] for row in rows} == files
    assert {row["label"] for row in rows} == {"right", "half", "wrong"}
    assert all(row["reason"] for row in rows)
