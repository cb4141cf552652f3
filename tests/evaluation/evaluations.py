"""Data sets of the bundled photos, and small evaluations made by hand."""

import json
from pathlib import Path
import sys

from edge_runtime.evaluation import Dataset, Evaluation, PhotoResult, score_models
from edge_runtime.evaluation.dataset import ReferencePhoto
from edge_runtime.selftest import load_samples

HOSTILE = "</script><script>alert(1)</script><!--<b>'\"&\u2028"
NO_JAVA = "Java is not installed"


def photo(name: str, *references: str, folder: Path = Path("/photos")):
    return ReferencePhoto(name, folder / name, references, 3, 1)


def dataset(*photos: ReferencePhoto, skipped: tuple[str, ...] = ()) -> Dataset:
    place = Path("/photos")
    return Dataset("park", place / "captions.json", place, photos, "0" * 64, skipped)


def said(name: str, raw: str, caption: str | None = None, **more: object):
    shown = f"{raw}." if caption is None else caption
    return PhotoResult(
        name, raw, shown, **{"verdict": "unchecked", "seconds": 0.1, **more}
    )


def failed(name: str) -> PhotoResult:
    error = {"code": "photo_damaged", "message": f"{name}: is cut off"}
    return PhotoResult(name, error=error)


async def evaluation_of(photos: Dataset, **models: list[PhotoResult]) -> Evaluation:
    return await score_models(photos, models, no_meteor=NO_JAVA)


def make_dataset(folder: Path, copies: int) -> Path:
    """Write a data set in which every bundled photo comes `copies` times."""
    (folder / "park").mkdir(parents=True)
    captions = {}
    for copy in range(copies):
        for sample in load_samples():
            name = f"{copy}-{sample.path.name}"
            (folder / "park" / name).symlink_to(sample.path)
            captions[name] = [sample.title, " ".join(sample.expected)]
    write_captions(folder, captions)
    return folder


def write_captions(folder: Path, captions: object) -> None:
    """Replace the captions of a data set."""
    (folder / "captions_park.json").write_text(json.dumps(captions))


def read_captions(folder: Path) -> dict[str, list[str]]:
    """Return the captions of a data set."""
    return json.loads((folder / "captions_park.json").read_text())


def command(*arguments: object) -> list[str]:
    """Return the command line of an evaluation without METEOR."""
    program = [sys.executable, "-m", "edge_runtime", "evaluate", "--no-meteor"]
    return [*program, *map(str, arguments)]
