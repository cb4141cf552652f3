"""Fixtures of the tests of metadata."""

from pathlib import Path

from metadata_photos import encoded, exif_with
import pytest


@pytest.fixture
def jpeg(tmp_path: Path) -> Path:
    """Return a plain JPEG with a camera's EXIF."""
    path = tmp_path / "photo.jpg"
    path.write_bytes(encoded("JPEG", exif=exif_with(t271="Maker", t272="Model")))
    return path


@pytest.fixture(
    params=["jpeg", "jpeg-exif", "jpeg-progressive", "png", "png-exif", "webp",
            "webp-lossless", "webp-exif"]
)  # fmt: skip
def photo(request, tmp_path: Path) -> Path:
    """Return a photo of every kind that can be embedded into."""
    exif = exif_with(t271="Maker")
    made = {
        "jpeg": ("JPEG", {}),
        "jpeg-exif": ("JPEG", {"exif": exif}),
        "jpeg-progressive": ("JPEG", {"progressive": True}),
        "png": ("PNG", {}),
        "png-exif": ("PNG", {"exif": exif}),
        "webp": ("WEBP", {}),
        "webp-lossless": ("WEBP", {"lossless": True}),
        "webp-exif": ("WEBP", {"exif": exif}),
    }
    kind, options = made[request.param]
    path = tmp_path / f"photo.{kind.lower().replace('jpeg', 'jpg')}"
    path.write_bytes(encoded(kind, **options))
    return path
