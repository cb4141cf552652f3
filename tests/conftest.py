"""Fixtures that more than one part of the tests needs."""

from pathlib import Path

from PIL import Image
import pytest

from edge_runtime.config import Settings


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch, tmp_path_factory):
    """Keep the tests away from the person's own home, settings and models."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("EDGE_CAPTIONS_HOME", str(home / "edge-captions"))
    for name in ("XDG_DATA_HOME", "HF_ENDPOINT", "HF_TOKEN", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return default settings in an empty home."""
    return Settings(home=tmp_path / "home")


@pytest.fixture(scope="session")
def astronaut(tmp_path_factory) -> Path:
    """Return a real photo of a person (NASA, public domain), as JPEG."""
    data = pytest.importorskip("skimage.data", reason="scikit-image is not installed")
    path = tmp_path_factory.mktemp("photos") / "astronaut.jpg"
    Image.fromarray(data.astronaut()).save(path, quality=90)
    return path
