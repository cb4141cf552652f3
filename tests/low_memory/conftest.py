"""Photos that are large, and models that are too large for where they run."""

from pathlib import Path

from PIL import Image
import pytest

from edge_runtime.units import human_bytes


@pytest.fixture(scope="session")
def photo_of_48_mp(astronaut, tmp_path_factory) -> Path:
    """Return a JPEG as a phone's main camera makes it."""
    path = tmp_path_factory.mktemp("large") / "48-megapixels.jpg"
    with Image.open(astronaut) as image:
        image.resize((8000, 6000), Image.Resampling.BILINEAR).save(path, quality=88)
    return path


@pytest.fixture
def show(capsys):
    """Return a function that prints a measured amount past pytest's capture."""

    def write(what: str, **amounts: int) -> None:
        texts = (f"{name} {human_bytes(size)}" for name, size in amounts.items())
        with capsys.disabled():
            print(f"\n  {what}: {', '.join(texts)}", end="")  # noqa: T201

    return write
